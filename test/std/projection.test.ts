import { describe, test } from "vitest";
import { type At, range, softmax, sum } from "../elaborate/support.js";
import { type Given, gelu, holds, layerNorm, set, spoilt } from "./support.js";

/** Projections, heads and the forms of Linformer attention of the standard library, against plain loops. */
const [M, N, D, C, K, H] = [4, 6, 5, 3, 2, 4];
const R = N / K;

type Formula = (given: Given) => (...at: readonly number[]) => number;

const keep = set({ keep: [1, 0, 1, 1, 0, 1] });
/** Two windows of three rows: the second is padding throughout. */
const halfPadded = set({ keep: [1, 0, 1, 0, 0, 0] });
const dirty =
  (first: typeof keep): typeof keep =>
  (inputs) =>
    spoilt("x", "keep")(first(inputs));
const real = (input: Given["input"], n: number): boolean => input("keep")(n) !== 0;

/** The rows of x that are real: padded ones are nothing, whatever they hold. */
const rowsOf =
  (input: Given["input"]): At =>
  (n, c) =>
    real(input, n ?? 0) ? input("x")(n ?? 0, c ?? 0) : 0;

const projection = (call: string, name: string, formals = ""): string => `lf 1
import "std/projection.lf" (${name})
dim N = ${N}
dim C = ${C}
dim K = ${K}
model Test(x: f32[N, C], keep: bool[N]${formals}) -> f32[K, C] { ${call} }`;

describe("projections", () => {
  const linear =
    (extra: (given: Given, k: number) => { readonly scale: number; readonly bias: number }): Formula =>
    (given) =>
    (k = 0, c = 0) => {
      const { scale, bias } = extra(given, k);
      return bias + scale * sum(N, (n) => given.input("e")(k, n) * rowsOf(given.input)(n, c));
    };
  const plain = { scale: 1, bias: 0 };

  test("project", () =>
    holds(
      projection("project(e, x, keep)", "project", ", e: f32[K, N]"),
      linear(() => plain),
      dirty(keep),
    ));

  test("project_biased", () =>
    holds(
      projection("project_biased(e, b, x, keep)", "project_biased", ", e: f32[K, N], b: f32[K]"),
      linear(({ input }, k) => ({ scale: 1, bias: input("b")(k) })),
      dirty(keep),
    ));

  test("project_renormalised", () =>
    holds(
      projection("project_renormalised(e, x, keep)", "project_renormalised", ", e: f32[K, N]"),
      linear(({ input }, k) => {
        const length = (taken: (n: number) => boolean): number =>
          Math.sqrt(sum(N, (n) => (taken(n) ? input("e")(k, n) ** 2 : 0)));
        return { scale: length(() => true) / length((n) => real(input, n)), bias: 0 };
      }),
      dirty(keep),
    ));

  test("project_renormalised over padding alone gives zeros", () =>
    holds(
      projection("project_renormalised(e, x, keep)", "project_renormalised", ", e: f32[K, N]"),
      () => () => 0,
      dirty(set({ keep: Array(N).fill(0) })),
    ));

  const block = (name: string): string =>
    projection("p(x, keep, K)", name).replace("{ p(", `{ param p: ${name} return p(`);

  test("RandomProjection", () =>
    holds(
      block("RandomProjection"),
      ({ input, param }) =>
        (k = 0, c = 0) =>
          sum(N, (n) => param("p.matrix")(k, n) * rowsOf(input)(n, c)),
      dirty(keep),
    ));

  test.each([
    [
      "ConvTaps",
      ({ param }: Given, r: number) =>
        (c: number, i: number) =>
          c === i ? param("p.taps")(r) : 0,
    ],
    [
      "ConvDepthwise",
      ({ param }: Given, r: number) =>
        (c: number, i: number) =>
          c === i ? param("p.taps")(c, r) : 0,
    ],
    [
      "ConvFull",
      ({ param }: Given, r: number) =>
        (c: number, i: number) =>
          param("p.taps")(c, i, r),
    ],
  ] as const)("%s: padded rows take no part, a window of padding gives the bias", (name, tap) =>
    holds(
      block(name),
      (given) =>
        (k = 0, c = 0) =>
          (name === "ConvTaps" ? 0 : given.param("p.bias")(c)) +
          sum(R, (r) => sum(C, (i) => tap(given, r)(c, i) * rowsOf(given.input)(k * R + r, i))),
      dirty(halfPadded),
    ),
  );

  test("conv_pool_full", () =>
    holds(
      `lf 1
import "std/pooling.lf" (conv_pool_full)
model Test(x: f32[${N}, ${C}], w: f32[${D}, ${C}, ${R}], b: f32[${D}], keep: bool[${N}]) -> f32[${K}, ${D}] {
  conv_pool_full(x, w, b, keep)
}`,
      ({ input }) =>
        (k = 0, o = 0) =>
          input("b")(o) + sum(R, (r) => sum(C, (i) => input("w")(o, i, r) * rowsOf(input)(k * R + r, i))),
      dirty(keep),
    ));
});

/** One head over keys and values: softmax(q k / √width) v. */
function attend(
  q: (c: number) => number,
  rows: number,
  width: number,
  k: (n: number, c: number) => number,
  v: (n: number) => number,
  live: (n: number) => boolean = () => true,
): number {
  const scores = range(rows).map((n) => sum(width, (c) => q(c) * k(n, c)) / Math.sqrt(width));
  return softmax(scores, live).reduce((total, w, n) => (w === 0 ? total : total + w * v(n)), 0);
}

describe("forms of attention", () => {
  const S = R;
  const B = K;

  test("linformer_block_head: exact in its block, a slot for each block before it, one softmax", () =>
    holds(
      `lf 1
import "std/attention.lf" (linformer_block_head)
model Test(e, f: f32[${B}, ${S}], q, k, v: f32[${B * S}, ${C}]) -> f32[${B * S}, ${C}] { linformer_block_head(e, f, q, k, v) }`,
      ({ input }) =>
        (n = 0, c = 0) => {
          const block = Math.floor(n / S);
          const slot = (m: string, x: string, j: number, i: number): number =>
            sum(S, (t) => input(m)(j, t) * input(x)(j * S + t, i));
          // what the row sees: the slots before its block, then the rows of its block
          const seen = [
            ...range(block).map((j) => ({ k: (i: number) => slot("e", "k", j, i), v: slot("f", "v", j, c) })),
            ...range((n % S) + 1).map((t) => ({
              k: (i: number) => input("k")(block * S + t, i),
              v: input("v")(block * S + t, c),
            })),
          ];
          return attend(
            (i) => input("q")(n, i),
            seen.length,
            C,
            (j, i) => seen[j]?.k(i) ?? Number.NaN,
            (j) => seen[j]?.v ?? Number.NaN,
          );
        },
    ));

  test.each([1, 2, 4])("LinformerGroups with %d key heads, other length and width", (groups) =>
    holds(
      `lf 1
import "std/attention.lf" (LinformerGroups)
dim M = ${M}
dim N = ${N}
dim D = ${D}
dim K = ${K}
model Test(y: f32[M, D], x: f32[N, D], e, f: f32[K, N], keep: bool[N]) -> f32[M, D] {
  param b: LinformerGroups
  return b(y, x, e, f, keep, ${H}, ${groups}, ${C})
}`,
      ({ input, param }) =>
        (m = 0, o = 0) => {
          const projected = (e: string, w: string, g: number) => (k: number, c: number) =>
            sum(N, (n) => input(e)(k, n) * sum(D, (d) => rowsOf(input)(n, d) * param(w)(g, d, c)));
          return sum(H, (h) => {
            const g = Math.floor(h / (H / groups));
            const q = (c: number): number => sum(D, (d) => input("y")(m, d) * param("b.wq")(h, d, c));
            return sum(
              C,
              (c) =>
                param("b.wo")(h, c, o) *
                attend(q, K, C, projected("e", "b.wk", g), (k) => projected("f", "b.wv", g)(k, c)),
            );
          });
        },
      dirty(keep),
    ),
  );

  test("LinformerOwn: a matrix for each head", () => {
    const [heads, model] = [2, 6];
    const width = model / heads;
    return holds(
      `lf 1
import "std/attention.lf" (LinformerOwn)
model Test(x: f32[${N}, ${model}], e, f: f32[${heads}, ${K}, ${N}], keep: bool[${N}]) -> f32[${N}, ${model}] {
  param b: LinformerOwn
  return b(x, e, f, keep)
}`,
      ({ input, param }) =>
        (n = 0, o = 0) => {
          const projected = (e: string, w: string, h: number) => (k: number, c: number) =>
            sum(N, (m) => input(e)(h, k, m) * sum(model, (d) => rowsOf(input)(m, d) * param(w)(h, d, c)));
          return sum(heads, (h) => {
            const q = (c: number): number => sum(model, (d) => input("x")(n, d) * param("b.wq")(h, d, c));
            return sum(
              width,
              (c) =>
                param("b.wo")(h, c, o) *
                attend(q, K, width, projected("e", "b.wk", h), (k) => projected("f", "b.wv", h)(k, c)),
            );
          });
        },
      keep,
    );
  });
});

describe("head.lf", () => {
  const row = (x: At, n: number): readonly number[] => range(D).map((d) => x(n, d));
  const linear = (x: readonly number[], param: Given["param"], path: string, o: number): number =>
    param(`${path}.b`)(o) + sum(x.length, (i) => (x[i] ?? 0) * param(`${path}.w`)(o, i));

  test("MlmHead, tied to the embedding", () =>
    holds(
      `lf 1
import "std/head.lf" (MlmHead)
model Test(x: f32[${N}, ${D}], table: f32[${M}, ${D}]) -> f32[${N}, ${M}] { param b: MlmHead return b(x, table) }`,
      ({ input, param }) =>
        (n = 0, v = 0) => {
          const hidden = range(D).map((o) => gelu(linear(row(input("x"), n), param, "b.dense", o)));
          const t = layerNorm(hidden, param("b.norm.gain"), param("b.norm.bias"));
          return param("b.bias")(v) + sum(D, (d) => (t[d] ?? 0) * input("table")(v, d));
        },
    ));

  test("ClassHead, of the first row", () =>
    holds(
      `lf 1
import "std/head.lf" (ClassHead)
model Test(x: f32[${N}, ${D}]) -> f32[${C}] { param b: ClassHead return b(x, ${C}) }`,
      ({ input, param }) =>
        (o = 0) => {
          const t = range(D).map((i) => Math.tanh(linear(row(input("x"), 0), param, "b.pool", i)));
          return linear(t, param, "b.out", o);
        },
    ));
});

/** Rows of numbers. */
type Matrix = readonly (readonly number[])[];

test("LinformerDecoder: causal, then Linformer over a context of another length, then feed-forward", () => {
  const [heads, model, inner] = [2, 4, 6];
  const width = model / heads;
  const matrix = (rows: number, at: (i: number, j: number) => number): Matrix =>
    range(rows).map((i) => range(model).map((j) => at(i, j)));
  const at = (m: Matrix, i: number, j: number): number => m[i]?.[j] ?? Number.NaN;
  return holds(
    `lf 1
import "std/encoder.lf" (LinformerDecoder)
dim M = ${M}
dim N = ${N}
dim D = ${model}
dim K = ${K}
model Test(y: f32[M, D], x: f32[N, D], e, f: f32[K, N], keep: bool[N]) -> f32[M, D] {
  param b: LinformerDecoder
  return b(y, x, e, f, keep, ${heads}, ${inner})
}`,
    ({ input, param }) => {
      const normed = (x: Matrix, path: string): Matrix =>
        x.map((r) => layerNorm(r, param(`${path}.gain`), param(`${path}.bias`)));
      const by = (x: (n: number, d: number) => number, w: string, h: number) => (n: number, c: number) =>
        sum(model, (d) => x(n, d) * param(w)(h, d, c));
      const heading = (x: Matrix, path: string, one: (m: number, h: number, c: number) => number): Matrix =>
        matrix(
          M,
          (m, o) => at(x, m, o) + sum(heads, (h) => sum(width, (c) => one(m, h, c) * param(`${path}.wo`)(h, c, o))),
        );
      const y = matrix(M, (m, d) => input("y")(m, d));
      const u = normed(y, "b.norm1");
      const a = heading(y, "b.own", (m, h, c) => {
        const rows = (w: string) => by((n, d) => at(u, n, d), `b.own.${w}`, h);
        return attend(
          (i) => rows("wq")(m, i),
          M,
          width,
          rows("wk"),
          (n) => rows("wv")(n, c),
          (n) => n <= m,
        );
      });
      const v = normed(a, "b.norm2");
      const b = heading(a, "b.cross", (m, h, c) => {
        const slots = (e: string, w: string) => (k: number, i: number) =>
          sum(N, (n) => input(e)(k, n) * by((r, d) => rowsOf(input)(r, d), `b.cross.${w}`, h)(n, i));
        const q = by((n, d) => at(v, n, d), "b.cross.wq", h);
        return attend(
          (i) => q(m, i),
          K,
          width,
          slots("e", "wk"),
          (k) => slots("f", "wv")(k, c),
        );
      });
      const w = normed(b, "b.norm3");
      const out = matrix(M, (m, o) => {
        const hidden = range(inner).map((j) =>
          gelu(param("b.ffn.inner.b")(j) + sum(model, (d) => at(w, m, d) * param("b.ffn.inner.w")(j, d))),
        );
        return (
          at(b, m, o) + param("b.ffn.outer.b")(o) + sum(inner, (j) => (hidden[j] ?? 0) * param("b.ffn.outer.w")(o, j))
        );
      });
      return (m = 0, o = 0) => at(out, m, o);
    },
    dirty(keep),
  );
});
