import { describe, test } from "vitest";
import { type At, range, softmax, sum } from "../elaborate/support.js";
import { type Given, gelu, holds, layerNorm, set, spoilt } from "./support.js";

const [M, N, D, C, K, H, F] = [4, 9, 6, 5, 3, 2, 8];

/** Rows of numbers; a matrix product in plain loops. */
type Matrix = readonly (readonly number[])[];
const matrix = (rows: number, columns: number, at: (i: number, j: number) => number): Matrix =>
  range(rows).map((i) => range(columns).map((j) => at(i, j)));
const read = (m: Matrix, i: number, j: number): number => m[i]?.[j] ?? Number.NaN;
const times = (a: Matrix, b: Matrix): Matrix =>
  matrix(a.length, b[0]?.length ?? 0, (i, j) => sum(b.length, (k) => read(a, i, k) * read(b, k, j)));
const transposed = (m: Matrix): Matrix => matrix(m[0]?.length ?? 0, m.length, (i, j) => read(m, j, i));
const of = (t: At, rows: number, columns: number): Matrix => matrix(rows, columns, (i, j) => t(i, j));
const add = (a: Matrix, b: Matrix): Matrix => a.map((r, i) => r.map((v, j) => v + read(b, i, j)));

/** softmax(q kᵀ / √width) v over the rows of k that are selected for a row of q. */
function attend(q: Matrix, k: Matrix, v: Matrix, selected: (row: number, of: number) => boolean = () => true): Matrix {
  const scores = times(q, transposed(k));
  const width = k[0]?.length ?? 1;
  return scores.map((s, i) => {
    const p = softmax(
      s.map((x) => x / Math.sqrt(width)),
      (j) => selected(i, j),
    );
    return range(v[0]?.length ?? 0).map((c) =>
      p.reduce((total, w, j) => (w === 0 ? total : total + w * read(v, j, c)), 0),
    );
  });
}

const element =
  (make: (given: Given) => Matrix) =>
  (given: Given): ((...at: readonly number[]) => number) => {
    const m = make(given);
    return (i = 0, j = 0) => read(m, i, j);
  };

const head = (name: string, formals: string, args: string, rows: number): string => `lf 1
import "std/attention.lf" (${name})
dim M = ${M}
dim N = ${N}
dim D = ${D}
dim C = ${C}
dim K = ${K}
model Test(${formals}) -> f32[${rows === M ? "M" : "N"}, C] { ${name}(${args}) }`;

const keep = set({ keep: [1, 1, 0, 1, 1, 1, 0, 0, 1] });

describe("one head", () => {
  test("attention_head", () =>
    holds(
      head("attention_head", "q: f32[M, C], k, v: f32[N, C], keep: bool[N]", "q, k, v, keep", M),
      element(({ input }) =>
        attend(of(input("q"), M, C), of(input("k"), N, C), of(input("v"), N, C), (_, n) => input("keep")(n) !== 0),
      ),
      (inputs) => spoilt("k", "keep")(spoilt("v", "keep")(keep(inputs))),
    ));

  test("attention_head over padding alone gives zeros", () =>
    holds(
      head("attention_head", "q: f32[M, C], k, v: f32[N, C], keep: bool[N]", "q, k, v, keep", M),
      () => () => 0,
      set({ keep: Array(N).fill(0) }),
    ));

  test("causal_head", () =>
    holds(
      head("causal_head", "q, k, v: f32[N, C]", "q, k, v", N),
      element(({ input }) =>
        attend(of(input("q"), N, C), of(input("k"), N, C), of(input("v"), N, C), (n, m) => m <= n),
      ),
    ));

  test("slot_attention", () =>
    holds(
      head("slot_attention", "q: f32[M, C], keys, vals: f32[K, C], live: bool[K]", "q, keys, vals, live", M),
      element(({ input }) =>
        attend(
          of(input("q"), M, C),
          of(input("keys"), K, C),
          of(input("vals"), K, C),
          (_, k) => input("live")(k) !== 0,
        ),
      ),
      (inputs) => spoilt("vals", "live")(spoilt("keys", "live")(set({ live: [1, 0, 1] })(inputs))),
    ));

  test("linformer_head", () =>
    holds(
      head(
        "linformer_head",
        "x: f32[M, D], context: f32[N, D], wq, wk, wv: f32[D, C], e, f: f32[K, N], keep: bool[N]",
        "x, context, wq, wk, wv, e, f, keep",
        M,
      ),
      element(({ input }) => {
        const context = matrix(N, D, (n, d) => (input("keep")(n) ? input("context")(n, d) : 0));
        const project = (e: string, w: string): Matrix => times(of(input(e), K, N), times(context, of(input(w), D, C)));
        return attend(times(of(input("x"), M, D), of(input("wq"), D, C)), project("e", "wk"), project("f", "wv"));
      }),
      (inputs) => spoilt("context", "keep")(keep(inputs)),
    ));

  test("linformer_prefix_head", () =>
    holds(
      head("linformer_prefix_head", "q, k, v: f32[N, C], e, f: f32[K, N]", "q, k, v, e, f", N),
      element(({ input }) => {
        const until = (n: number, e: string, x: string): Matrix =>
          matrix(K, C, (j, c) => sum(n + 1, (m) => input(e)(j, m) * input(x)(m, c)));
        return range(N).map(
          (n) => attend([range(C).map((c) => input("q")(n, c))], until(n, "e", "k"), until(n, "f", "v"))[0] ?? [],
        );
      }),
    ));
});

/** One head of a block: its weights by the path of the instance. */
type Head = (x: Matrix, weights: (name: "wq" | "wk" | "wv") => Matrix) => Matrix;

const width = D / H;
const standard =
  (selected: (row: number, of: number) => boolean): Head =>
  (x, w) =>
    attend(times(x, w("wq")), times(x, w("wk")), times(x, w("wv")), selected);
const linformer =
  (e: Matrix, f: Matrix): Head =>
  (x, w) =>
    attend(times(x, w("wq")), times(e, times(x, w("wk"))), times(f, times(x, w("wv"))));

function multiHead(x: Matrix, path: string, param: Given["param"], one: Head): Matrix {
  const heads = range(H).map((h) => one(x, (name) => matrix(D, width, (d, c) => param(`${path}.${name}`)(h, d, c))));
  const wo = param(`${path}.wo`);
  return matrix(N, D, (n, o) => sum(H, (h) => sum(width, (c) => read(heads[h] ?? [], n, c) * wo(h, c, o))));
}

const norm = (x: Matrix, path: string, param: Given["param"]): Matrix =>
  x.map((row) => layerNorm(row, param(`${path}.gain`), param(`${path}.bias`)));

function ffn(x: Matrix, path: string, param: Given["param"]): Matrix {
  const dense = (rows: Matrix, at: string, from: number, to: number): Matrix =>
    times(rows, transposed(of(param(`${at}.w`), to, from))).map((r) => r.map((v, o) => v + param(`${at}.b`)(o)));
  const hidden = dense(x, `${path}.inner`, D, F).map((r) => r.map(gelu));
  return dense(hidden, `${path}.outer`, F, D);
}

const block = (file: string, name: string, formals: string, args: string): string => `lf 1
import "std/${file}.lf" (${name})
dim N = ${N}
dim D = ${D}
dim K = ${K}
model Test(x: f32[N, D], ${formals}) -> f32[N, D] { param b: ${name} return b(${args}) }`;

const real = (input: Given["input"]) => (_: number, n: number) => input("keep")(n) !== 0;
const all = (input: Given["input"]): Matrix => of(input("x"), N, D);
/** Padded rows take no part in a projection: their column of it is zero. */
const projection = (input: Given["input"], name: string): Matrix =>
  matrix(K, N, (k, n) => (input("keep")(n) ? input(name)(k, n) : 0));

describe("several heads", () => {
  test("MultiHead", () =>
    holds(
      block("attention", "MultiHead", "keep: bool[N]", `x, keep, ${H}`),
      element(({ input, param }) => multiHead(all(input), "b", param, standard(real(input)))),
      keep,
    ));

  test("CausalMultiHead", () =>
    holds(
      `lf 1
import "std/attention.lf" (CausalMultiHead)
model Test(x: f32[${N}, ${D}]) -> f32[${N}, ${D}] { param b: CausalMultiHead return b(x, ${H}) }`,
      element(({ input, param }) =>
        multiHead(
          all(input),
          "b",
          param,
          standard((n, m) => m <= n),
        ),
      ),
    ));

  test("LinformerMultiHead", () =>
    holds(
      block("attention", "LinformerMultiHead", "e, f: f32[K, N], keep: bool[N]", `x, e, f, keep, ${H}`),
      element(({ input, param }) =>
        multiHead(all(input), "b", param, linformer(projection(input, "e"), projection(input, "f"))),
      ),
      keep,
    ));
});

describe("encoder.lf", () => {
  const pre = ({ input, param }: Given, one: Head): Matrix => {
    const x = all(input);
    const a = add(x, multiHead(norm(x, "b.norm1", param), "b.attention", param, one));
    return add(a, ffn(norm(a, "b.norm2", param), "b.ffn", param));
  };
  const post = ({ input, param }: Given, one: Head): Matrix => {
    const x = all(input);
    const a = norm(add(x, multiHead(x, "b.attention", param, one)), "b.norm1", param);
    return norm(add(a, ffn(a, "b.ffn", param)), "b.norm2", param);
  };

  test.each([
    ["StandardEncoder", pre],
    ["StandardEncoderPostNorm", post],
  ] as const)("%s", (name, formula) =>
    holds(
      block("encoder", name, "keep: bool[N]", `x, keep, ${H}, ${F}`),
      element((given) => formula(given, standard(real(given.input)))),
      keep,
    ),
  );

  test.each([
    ["LinformerEncoder", pre],
    ["LinformerEncoderPostNorm", post],
  ] as const)("%s", (name, formula) =>
    holds(
      block("encoder", name, "e, f: f32[K, N], keep: bool[N]", `x, e, f, keep, ${H}, ${F}`),
      element((given) => formula(given, linformer(projection(given.input, "e"), projection(given.input, "f")))),
      keep,
    ),
  );
});
