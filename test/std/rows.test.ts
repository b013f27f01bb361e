import { describe, test } from "vitest";
import { type At, range, sum } from "../elaborate/support.js";
import { type Given, gelu, holds, layerNorm, mean, set, silu, spoilt, unit } from "./support.js";

const [N, D, F] = [5, 6, 10];
const rows = (names: string, body: string): string => `lf 1\nimport ${names}\nmodel M(x: f32[${N}, ${D}]) -> ${body}`;
const row = (x: At, n: number, width = D): readonly number[] => range(width).map((d) => x(n, d));

describe("norm.lf", () => {
  const withParams = (fn: string, params: string): string =>
    `lf 1
import "std/norm.lf" (${fn})
model M(x: f32[${N}, ${D}]${params === "" ? "" : `, ${params}: f32[${D}]`}) -> f32[${N}, ${D}] {
  let y[n] = ${fn}(x[n]${params === "" ? "" : `, ${params}`})
  return y
}`;

  test("layer_norm", () =>
    holds(
      withParams("layer_norm", "gain, bias"),
      ({ input }) =>
        (n = 0, d = 0) =>
          layerNorm(row(input("x"), n), input("gain"), input("bias"))[d] ?? Number.NaN,
    ));

  test("rms_norm", () =>
    holds(withParams("rms_norm", "gain"), ({ input }) => {
      const x = input("x");
      return (n = 0, d = 0) => (x(n, d) / Math.sqrt(mean(row(x, n).map((v) => v * v)) + 1e-6)) * input("gain")(d);
    }));

  test("unit_length, a row of zeros included", () =>
    holds(
      withParams("unit_length", ""),
      ({ input }) =>
        (n = 0, d = 0) =>
          unit(row(input("x"), n))[d] ?? Number.NaN,
      set({ x: Array(D).fill(0) }),
    ));

  test("LayerNorm", () =>
    holds(
      rows('"std/norm.lf" (LayerNorm)', `f32[${N}, ${D}] { param norm: LayerNorm let y[n] = norm(x[n]) return y }`),
      ({ input, param }) =>
        (n = 0, d = 0) =>
          layerNorm(row(input("x"), n), param("norm.gain"), param("norm.bias"))[d] ?? Number.NaN,
    ));

  test("RmsNorm", () =>
    holds(
      rows('"std/norm.lf" (RmsNorm)', `f32[${N}, ${D}] { param norm: RmsNorm let y[n] = norm(x[n]) return y }`),
      ({ input, param }) => {
        const x = input("x");
        return (n = 0, d = 0) =>
          (x(n, d) / Math.sqrt(mean(row(x, n).map((v) => v * v)) + 1e-6)) * param("norm.gain")(d);
      },
    ));
});

describe("linear.lf", () => {
  const dense = (x: readonly number[], w: At, b: At, outputs: number): readonly number[] =>
    range(outputs).map((o) => b(o) + sum(x.length, (i) => (x[i] ?? 0) * w(o, i)));
  const ffn =
    (path: string, activation: (x: number) => number) =>
    ({ input, param }: Given) =>
    (n = 0, d = 0) => {
      const hidden = dense(row(input("x"), n), param(`${path}.inner.w`), param(`${path}.inner.b`), F).map(activation);
      return dense(hidden, param(`${path}.outer.w`), param(`${path}.outer.b`), D)[d] ?? Number.NaN;
    };

  test("linear", () =>
    holds(
      `lf 1
import "std/linear.lf" (linear)
model M(x: f32[${N}, ${D}], w: f32[${F}, ${D}], b: f32[${F}]) -> f32[${N}, ${F}] {
  let y[n] = linear(x[n], w, b)
  return y
}`,
      ({ input }) =>
        (n = 0, o = 0) =>
          dense(row(input("x"), n), input("w"), input("b"), F)[o] ?? Number.NaN,
    ));

  test("Linear", () =>
    holds(
      rows('"std/linear.lf" (Linear)', `f32[${N}, ${F}] { param l: Linear let y[n] = l(x[n], ${F}) return y }`),
      ({ input, param }) =>
        (n = 0, o = 0) =>
          dense(row(input("x"), n), param("l.w"), param("l.b"), F)[o] ?? Number.NaN,
    ));

  test.each([
    ["ReluFfn", (x: number) => Math.max(x, 0)],
    ["GeluFfn", gelu],
  ] as const)("%s", (name, activation) =>
    holds(
      rows(`"std/linear.lf" (${name})`, `f32[${N}, ${D}] { param ffn: ${name} let y[n] = ffn(x[n], ${F}) return y }`),
      ffn("ffn", activation),
    ),
  );

  test("SwiGlu", () =>
    holds(
      rows('"std/linear.lf" (SwiGlu)', `f32[${N}, ${D}] { param ffn: SwiGlu let y[n] = ffn(x[n], ${F}) return y }`),
      ({ input, param }) => {
        const x = input("x");
        const [gate, value, out] = [param("ffn.gate"), param("ffn.value"), param("ffn.out")];
        const hidden = (n: number, j: number): number =>
          silu(sum(D, (d) => gate(j, d) * x(n, d))) * sum(D, (d) => value(j, d) * x(n, d));
        return (n = 0, o = 0) => sum(F, (j) => out(o, j) * hidden(n, j));
      },
    ));
});

describe("loss.lf", () => {
  const lse = (values: readonly number[]): number => {
    const top = Math.max(...values);
    return top + Math.log(values.reduce((s, v) => s + Math.exp(v - top), 0));
  };
  const crossEntropy = (logits: readonly (readonly number[])[], labels: readonly number[]): number =>
    mean(
      logits.flatMap((r, n) => {
        const label = labels[n] ?? -1;
        return label < 0 ? [] : [lse(r) - (r[label] ?? Number.NaN)];
      }),
    );

  test("logsumexp, of large numbers too", () =>
    holds(
      rows('"std/loss.lf" (logsumexp)', `f32[${N}] { let y[n] = logsumexp(x[n]) return y }`),
      ({ input }) =>
        (n = 0) =>
          lse(row(input("x"), n)),
      set({ x: [1e30, 0, 1e30, -1e30, 5, 2, 90, 91, 92, 93, 94, 95] }),
    ));

  const ce = `lf 1
import "std/loss.lf" (cross_entropy)
model M(x: f32[${N}, ${D}], labels: i32[${N}]) -> f32 { cross_entropy(x, labels) }`;

  test("cross_entropy leaves out rows without a label", () =>
    holds(
      ce,
      ({ input }) =>
        () =>
          crossEntropy(
            range(N).map((n) => row(input("x"), n)),
            range(N).map((n) => input("labels")(n)),
          ),
      set({ labels: [0, 5, -100, 2, -1] }),
    ));

  test("cross_entropy of no labels is 0", () =>
    holds(ce, () => () => 0, set({ labels: [-100, -100, -100, -100, -100] })));

  const two = (fn: string, result: string): string => `lf 1
import "std/loss.lf" (${fn})
model M(x, y: f32[${N}, ${D}]) -> ${result}`;

  test("mean_squared_error", () =>
    holds(
      two("mean_squared_error", `f32[${N}] { let m[n] = mean_squared_error(x[n], y[n]) return m }`),
      ({ input }) => {
        const [x, y] = [input("x"), input("y")];
        return (n = 0) => mean(range(D).map((d) => (x(n, d) - y(n, d)) ** 2));
      },
    ));

  const dot = (a: readonly number[], b: readonly number[]): number => sum(a.length, (i) => (a[i] ?? 0) * (b[i] ?? 0));

  test("cosine, of zero too", () =>
    holds(
      two("cosine", `f32[${N}] { let c[n] = cosine(x[n], y[n]) return c }`),
      ({ input }) =>
        (n = 0) =>
          dot(unit(row(input("x"), n)), unit(row(input("y"), n))),
      set({ y: Array(D).fill(0) }),
    ));

  test("contrastive", () =>
    holds(two("contrastive", "f32 { contrastive(x, y, 0.5) }"), ({ input }) => {
      const [q, p] = [input("x"), input("y")].map((t) => range(N).map((n) => unit(row(t, n))));
      const logits = (q ?? []).map((a) => (p ?? []).map((b) => dot(a, b) / 0.5));
      return () => crossEntropy(logits, range(N));
    }));
});

describe("position.lf", () => {
  const angle = (n: number, i: number, width: number): number => n / 10_000 ** ((2 * i) / width);

  test("Embedding", () =>
    holds(
      `lf 1
import "std/position.lf" (Embedding)
model M(tokens: i32[${N}]) -> f32[${N}, 4] { param e: Embedding return e(tokens, 9, 4) }`,
      ({ input, param }) =>
        (n = 0, d = 0) =>
          param("e.table")(input("tokens")(n), d),
      set({ tokens: [8, 0, 3, 3, 7] }),
    ));

  test("LearnedPositions: the first N of Max", () =>
    holds(
      rows('"std/position.lf" (LearnedPositions)', `f32[${N}, ${D}] { param pos: LearnedPositions return pos(x, 12) }`),
      ({ input, param }) =>
        (n = 0, d = 0) =>
          input("x")(n, d) + param("pos.table")(n, d),
    ));

  test.each([6, 7])("sinusoids of width %i", (width) =>
    holds(
      `lf 1
import "std/position.lf" (sinusoids)
model M(x: f32[20, ${width}]) -> f32[20, ${width}] { x + sinusoids(20, ${width}) }`,
      ({ input }) =>
        (n = 0, d = 0) => {
          const a = angle(n, Math.floor(d / 2), width);
          return input("x")(n, d) + (d % 2 === 0 ? Math.sin(a) : Math.cos(a));
        },
    ),
  );

  test("rotary_pairs turns neighbours", () =>
    holds(rows('"std/position.lf" (rotary_pairs)', `f32[${N}, ${D}] { rotary_pairs(x) }`), ({ input }) => {
      const x = input("x");
      return (n = 0, c = 0) => {
        const a = angle(n, Math.floor(c / 2), D);
        return c % 2 === 0
          ? x(n, c) * Math.cos(a) - x(n, c + 1) * Math.sin(a)
          : x(n, c - 1) * Math.sin(a) + x(n, c) * Math.cos(a);
      };
    }));

  test("rotary_halves turns element i with element i + C / 2", () =>
    holds(rows('"std/position.lf" (rotary_halves)', `f32[${N}, ${D}] { rotary_halves(x) }`), ({ input }) => {
      const x = input("x");
      const half = D / 2;
      return (n = 0, c = 0) => {
        const a = angle(n, c % half, D);
        return c < half
          ? x(n, c) * Math.cos(a) - x(n, c + half) * Math.sin(a)
          : x(n, c - half) * Math.sin(a) + x(n, c) * Math.cos(a);
      };
    }));
});

describe("pooling.lf", () => {
  const [P, C, K] = [12, 3, 4];
  const R = P / K;
  const masked = (names: string, args: string, result: string, more = ""): string => `lf 1
import "std/pooling.lf" (${names})
model M(x: f32[${P}, ${C}], keep: bool[${P}]${more}) -> ${result} { ${names}(${args}) }`;
  // the second window has no real row
  const keep = set({ keep: [1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1] });
  const bad = (inputs: Parameters<ReturnType<typeof spoilt>>[0]) => spoilt("x", "keep")(keep(inputs));
  const kept = (input: Given["input"], j: number): readonly number[] =>
    range(R).flatMap((r) => (input("keep")(j * R + r) ? [j * R + r] : []));

  test("mean_pool", () =>
    holds(
      masked("mean_pool", `x, keep, ${K}`, `f32[${K}, ${C}]`),
      ({ input }) =>
        (j = 0, c = 0) =>
          mean(kept(input, j).map((n) => input("x")(n, c))),
      bad,
    ));

  test("mean_pool_zero", () =>
    holds(
      masked("mean_pool_zero", `x, keep, ${K}`, `f32[${K}, ${C}]`),
      ({ input }) =>
        (j = 0, c = 0) =>
          kept(input, j).reduce((s, n) => s + input("x")(n, c), 0) / R,
      bad,
    ));

  test("max_pool; an empty window has the lowest finite number", () =>
    holds(
      masked("max_pool", `x, keep, ${K}`, `f32[${K}, ${C}]`),
      ({ input }) =>
        (j = 0, c = 0) =>
          kept(input, j).reduce((m, n) => Math.max(m, input("x")(n, c)), -3.4028234663852886e38),
      bad,
    ));

  test("live_slots", () =>
    holds(
      masked("live_slots", `keep, ${K}`, `bool[${K}]`),
      ({ input }) =>
        (j = 0) =>
          kept(input, j).length > 0 ? 1 : 0,
      keep,
    ));

  test("conv_pool", () =>
    holds(
      masked("conv_pool", "x, w, keep", `f32[${K}, ${C}]`, `, w: f32[${R}]`),
      ({ input }) =>
        (j = 0, c = 0) =>
          kept(input, j).reduce((s, n) => s + input("w")(n - j * R) * input("x")(n, c), 0),
      bad,
    ));

  test("conv_pool_depthwise", () =>
    holds(
      masked("conv_pool_depthwise", "x, w, b, keep", `f32[${K}, ${C}]`, `, w: f32[${C}, ${R}], b: f32[${C}]`),
      ({ input }) =>
        (j = 0, c = 0) =>
          input("b")(c) + kept(input, j).reduce((s, n) => s + input("w")(c, n - j * R) * input("x")(n, c), 0),
      bad,
    ));

  test("mean_rows", () =>
    holds(
      masked("mean_rows", "x, keep", `f32[${C}]`),
      ({ input }) =>
        (c = 0) =>
          mean(range(P).flatMap((n) => (input("keep")(n) ? [input("x")(n, c)] : []))),
      bad,
    ));

  test("mean_rows of padding is 0", () =>
    holds(masked("mean_rows", "x, keep", `f32[${C}]`), () => () => 0, set({ keep: Array(P).fill(0) })));
});
