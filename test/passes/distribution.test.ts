import { expect, test } from "vitest";
import { growContractions } from "../../passes/graph/growContractions.js";
import { reassociate } from "../../passes/graph/reassociate.js";
import { simplify } from "../../passes/graph/simplify.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph, Scalar } from "../../src/ir/graph/ops.js";
import { call, constant, indexValue } from "../../src/ir/graph/scalars.js";
import { randomFrom } from "../support/random.js";
import { randomValues } from "../support/random-graph.js";
import { expectSameMeaning, multiplyAdds } from "./meaning.js";
import { x as arg, build, flopsTarget, ix, type TestContext, testContext } from "./support.js";

interface Layer {
  readonly n: number;
  readonly k: number;
  readonly d: number;
  /** Columns of the result; d if left out. */
  readonly c?: number;
  /** A bias that is an input is no parameter. */
  readonly bias?: "parameter" | "input";
  readonly mask?: "keep" | "prefix";
  readonly body?: Scalar;
}

/** keys = Σ_m e[k, m] · (Σ_d x[m, d] · w[d, c] + b[c]), the sum written `body`: $0 is the product, $1 the bias. */
function keys({ n, k, d, c = d, bias = "parameter", mask, body = call("add", arg(0), arg(1)) }: Layer): Graph {
  const t = build();
  const sizes = { k, m: n, d, c };
  const x = t.input("x", n, d);
  const keep = t.bools("keep", n);
  const given = bias === "input" ? t.input("b", c) : undefined;
  const [e, w] = [t.param("e", k, n), t.param("w", d, c)];
  const b = given ?? t.param("b", c);
  const xw = t.contract("mc", sizes, [
    [x, "md"],
    [w, "dc"],
  ]);
  const sum = t.map(
    "mc",
    sizes,
    [
      [xw, "mc"],
      [b, "c"],
    ],
    body,
  );
  const result = t.contract(
    mask === "prefix" ? "kcn" : "kc",
    { ...sizes, n },
    [
      [e, "km"],
      [sum, "mc"],
    ],
    mask === undefined
      ? undefined
      : (i) =>
          mask === "keep"
            ? { args: [{ value: keep, at: [ix(i("m"))] }], body: arg(0) }
            : { args: [], body: call("le", indexValue(i("m")), indexValue(i("n"))) },
  );
  return t.finish({ keys: result });
}

const cheap = (): TestContext => testContext("relaxed", { target: flopsTarget });

const ordered = (graph: Graph, cx: TestContext = cheap()): Graph =>
  reassociate.run(growContractions.run(graph, cx), cx);

test("a bias moves out of the product where that is less work", () => {
  const [n, k, d] = [32, 4, 8];
  const graph = keys({ n, k, d });
  const cx = cheap();
  const after = ordered(graph, cx);
  // e·x, its product with w; Σe and its product with b are made at load
  expect(multiplyAdds(after)).toBe(k * n * d + k * d * d);
  expect(cx.remarks.map((r) => r.pass)).toEqual(["growContractions", "reassociate"]);
  expect(cx.remarks[0]?.data).toMatchObject({ flops: 2 * (k * n * d + k * d * d) + k * d });
  const { inputs, params } = randomValues(graph, 2);
  expectSameMeaning(graph, after, inputs, params);
});

test("it stays where that is not less work, and under strict", () => {
  const dear = keys({ n: 4, k: 32, d: 8 });
  expect(growContractions.run(dear, cheap())).toBe(dear);
  const graph = keys({ n: 32, k: 4, d: 8 });
  expect(growContractions.run(graph, testContext("strict", { target: flopsTarget }))).toBe(graph);
});

test.each(["keep", "prefix"] as const)("under a condition the sum of e has it too: %s", (mask) => {
  const graph = keys({ n: 12, k: 2, d: 6, c: 18, mask });
  const after = ordered(graph);
  expect(multiplyAdds(after)).toBeLessThan(multiplyAdds(graph));
  const conditions = after.nodes.filter((node) => node.op === "contract" && node.where !== undefined);
  expect(conditions).toHaveLength(2);
  const { inputs, params } = randomValues(graph, 3);
  expectSameMeaning(graph, after, inputs, params);
  // what is left out may hold anything, and nothing selected gives 0
  const x = inputs.x as TensorData;
  const poisoned = { ...inputs, x: { ...x, data: x.data.map((v, i) => (i < 6 ? Number.NaN : v)) as Float32Array } };
  for (const kept of mask === "keep" ? [0, 1] : []) {
    const keep = { dtype: "bool", shape: [12], data: new Uint32Array(12).fill(kept).fill(0, 0, 1) } as const;
    const { keys: result } = interpret(after, { ...poisoned, keep }, params).outputs;
    expect(result?.undecided.every((u) => u === 0)).toBe(true);
    expect(result?.value.every((v) => (kept === 0 ? v === 0 : Number.isFinite(v)))).toBe(true);
    expectSameMeaning(graph, after, { ...poisoned, keep }, params);
  }
});

test("a bias that may be anything stays with the rows that a condition leaves out", () => {
  const graph = keys({ n: 32, k: 4, d: 8, bias: "input", mask: "keep" });
  expect(growContractions.run(graph, cheap())).toBe(graph);
  // without a condition it moves
  const free = keys({ n: 32, k: 4, d: 8, bias: "input" });
  expect(growContractions.run(free, cheap())).not.toBe(free);
});

test.each([
  ["a scale", call("mul", arg(0), constant(0.125)), 0],
  ["a divisor", call("div", arg(0), constant(3)), 0],
  ["a difference", call("sub", arg(1), arg(0)), 1],
  ["an affine map", call("add", call("mul", constant(2), arg(0)), call("neg", arg(1))), 1],
  ["a factor beside a term", call("add", call("mul", arg(0), arg(1)), arg(1)), 1],
])("%s moves out", (_, body) => {
  const graph = keys({ n: 32, k: 4, d: 8, body });
  const after = ordered(graph);
  expect(multiplyAdds(after)).toBeLessThan(multiplyAdds(graph));
  const { inputs, params } = randomValues(graph, 4);
  expectSameMeaning(graph, simplify.run(after, cheap()), inputs, params);
});

test.each([
  ["a function", call("relu", arg(0))],
  ["a divisor that differs", call("div", arg(1), arg(0))],
  ["a constant", call("add", arg(0), constant(1))],
  ["a largest", call("max", arg(0), arg(1))],
])("%s does not", (_, body) => {
  const graph = keys({ n: 32, k: 4, d: 8, body });
  expect(growContractions.run(graph, cheap())).toBe(graph);
});

/** Keys and values of heads, each with a projection of its own that both share; biases everywhere, or nowhere. */
function heads(n: number, k: number, biased: boolean): Graph {
  const [d, h] = [64, 8];
  const t = build();
  const sizes = { h, k, m: n, n, d, c: d / h, o: d };
  const x = t.input("x", n, d);
  const e = t.param("e", h, k, n);
  const project = (name: string): number => {
    const w = t.param(`w${name}`, h, d, d / h);
    const b = t.param(`b${name}`, h, d / h);
    const xw = t.contract("hmc", sizes, [
      [x, "md"],
      [w, "hdc"],
    ]);
    if (!biased) return xw;
    return t.map(
      "hmc",
      sizes,
      [
        [xw, "hmc"],
        [b, "hc"],
      ],
      call("add", arg(0), arg(1)),
    );
  };
  const slots = (name: string): number =>
    t.contract("hkc", sizes, [
      [e, "hkm"],
      [project(name), "hmc"],
    ]);
  const [keys, vals] = [slots("k"), slots("v")];
  const scores = t.contract("hnk", sizes, [
    [project("q"), "hnc"],
    [keys, "hkc"],
  ]);
  return t.finish({ scores, vals });
}

test.each([
  { n: 512, k: 4 },
  { n: 512, k: 8 },
  { n: 512, k: 16 },
  { n: 512, k: 24 },
  { n: 512, k: 64 },
  { n: 16, k: 32 },
])("biases cost no order: n $n, k $k", ({ n, k }) => {
  const run = (biased: boolean): number => multiplyAdds(ordered(heads(n, k, biased)));
  const [plain, biased] = [run(false), run(true)];
  // at most the products of the biases themselves: bq·keys
  expect(biased).toBeGreaterThanOrEqual(plain);
  expect(biased - plain).toBeLessThanOrEqual(8 * k * 8);
});

test("on random sums, the same meaning and never more work", () => {
  let split = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const r = randomFrom(seed);
    const term = (i: number): Scalar => r.pick([arg(i), call("mul", arg(i), constant(0.5)), call("neg", arg(i))]);
    const bodies = [
      call(r.pick(["add", "sub"] as const), term(0), term(1)),
      call("mul", call("add", term(0), arg(1)), constant(3)),
      call("mul", arg(0), arg(1)),
    ];
    const mask = r.pick(["none", "keep", "prefix"] as const);
    const graph = keys({
      n: r.int(1, 12),
      k: r.int(1, 6),
      d: r.int(1, 6),
      c: r.int(1, 12),
      bias: r.pick(["parameter", "input"] as const),
      ...(mask !== "none" && { mask }),
      body: r.pick(bodies),
    });
    const { inputs, params } = randomValues(graph, seed);
    const after = ordered(graph);
    expectSameMeaning(graph, after, inputs, params);
    const plain = multiplyAdds(reassociate.run(graph, cheap()));
    expect(multiplyAdds(after), `seed ${seed}`).toBeLessThanOrEqual(plain);
    if (multiplyAdds(after) < plain) split++;
  }
  expect(split).toBeGreaterThan(8);
});
