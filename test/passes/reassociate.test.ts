import { expect, test } from "vitest";
import { growContractions } from "../../passes/graph/growContractions.js";
import { parameterOnly } from "../../passes/graph/hoistWeights.js";
import { reassociate } from "../../passes/graph/reassociate.js";
import { emptyPlan } from "../../src/cost/plan.js";
import { constDim, type Dim, symbolDim } from "../../src/ir/dim.js";
import { interpret } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { argument, call, constant, indexValue } from "../../src/ir/graph/scalars.js";
import { randomFrom } from "../support/random.js";
import { randomValues } from "../support/random-graph.js";
import { leastCost } from "./bruteForce.js";
import { expectSameMeaning, expectSoundOnRandomGraphs, multiplyAdds } from "./meaning.js";
import { build, countOps, flopsTarget, ix, type TestContext, testContext } from "./support.js";

test("nothing to do: products of two keep their order", () => {
  const t = build();
  const [x, w] = [t.input("x", 8, 4), t.param("w", 4, 6)];
  const graph = t.finish({
    y: t.contract("nc", { n: 8, d: 4, c: 6 }, [
      [x, "nd"],
      [w, "dc"],
    ]),
  });
  expect(reassociate.run(graph, testContext())).toBe(graph);
});

type Sharing = "all" | "heads" | "none";

/** The two five-factor products of a Linformer layer, and the product round the softmax left out (it has no choice). */
function layer(n: number, k: number, sharing: Sharing): Graph {
  const [d, h] = [512, 8];
  const c = d / h;
  const sizes = { n, m: n, k, d, p: d, c, h, o: d };
  const t = build();
  const [x, p] = [t.input("x", n, d), t.input("p", h, n, k)];
  const shape = sharing === "none" ? [h, k, n] : [k, n];
  const at = sharing === "none" ? "hkm" : "km";
  const e = t.param("e", ...shape);
  const f = sharing === "all" ? e : t.param("f", ...shape);
  const [wq, wk, wv] = ["wq", "wk", "wv"].map((w) => t.param(w, h, d, c)) as [number, number, number];
  const wo = t.param("wo", h, c, d);
  const scores = t.contract("hnk", sizes, [
    [x, "nd"],
    [wq, "hdc"],
    [e, at],
    [x, "mp"],
    [wk, "hpc"],
  ]);
  const y = t.contract("no", sizes, [
    [p, "hnk"],
    [f, at],
    [x, "mp"],
    [wv, "hpc"],
    [wo, "hco"],
  ]);
  return t.finish({ scores, y });
}

/** Textbook order: q = x·wq, keys = e·(x·wk), scores = q·keys, vals = f·(x·wv), (p·vals)·wo. */
const textbook = (n: number, k: number): number => {
  const d = 512;
  return n * d * d + 2 * (n * d * d + k * n * d) + n * k * d + n * k * d + n * d * d;
};

test.each([
  { n: 4096, k: 256, sharing: "all", gain: 1.66, gmac: 3.89 },
  { n: 4096, k: 256, sharing: "heads", gain: 1.45, gmac: 4.43 },
  { n: 4096, k: 256, sharing: "none", gain: 1.0, gmac: 6.44 },
  { n: 4096, k: 32, sharing: "all", gain: 3.89, gmac: 1.17 },
  { n: 256, k: 256, sharing: "all", gain: 1.09, gmac: 0.37 },
] as const)("a layer of n $n, k $k, E shared by $sharing gains $gain×", ({ n, k, sharing, gain, gmac }) => {
  const graph = layer(n, k, sharing);
  const after = reassociate.run(graph, testContext());
  for (const node of after.nodes) if (node.op === "contract") expect(node.factors.length).toBeLessThanOrEqual(2);
  expect(multiplyAdds(after) / 1e9).toBeCloseTo(gmac, 2);
  expect(textbook(n, k) / multiplyAdds(after)).toBeCloseTo(gain, 2);
});

/** The same layer as a textbook writes it, one product at a time, for a batch. */
function textbookLayer(n: number, k: number): Graph {
  const [d, h] = [512, 8];
  const c = d / h;
  const sizes = { b: 2, n, m: n, k, d, c, h, o: d };
  const t = build();
  const x = t.input("x", 2, n, d);
  const e = t.param("e", k, n);
  const [wq, wk, wv] = ["wq", "wk", "wv"].map((w) => t.param(w, h, d, c)) as [number, number, number];
  const wo = t.param("wo", h, c, d);
  const project = (w: number): number =>
    t.contract("bhnc", sizes, [
      [x, "bnd"],
      [w, "hdc"],
    ]);
  const q = project(wq);
  const keys = t.contract("bhkc", sizes, [
    [e, "km"],
    [project(wk), "bhmc"],
  ]);
  const vals = t.contract("bhkc", sizes, [
    [e, "km"],
    [project(wv), "bhmc"],
  ]);
  const scores = t.contract("bhnk", sizes, [
    [q, "bhnc"],
    [keys, "bhkc"],
  ]);
  const extents = t.b.type(scores).shape;
  const p = t.add({ op: "softmax", arg: { value: scores, at: [0, 1, 2, 3].map(ix) }, axis: 3, extents });
  const head = t.contract("bhnc", sizes, [
    [p, "bhnk"],
    [vals, "bhkc"],
  ]);
  return t.finish({
    y: t.contract("bno", sizes, [
      [head, "bhnc"],
      [wo, "hco"],
    ]),
  });
}

test.each([
  { n: 4096, k: 256, gmac: 3.89 },
  { n: 4096, k: 32, gmac: 1.17 },
  { n: 256, k: 256, gmac: 0.37 },
])("the textbook's products, grown, come to the same: n $n, k $k", ({ n, k, gmac }) => {
  const graph = textbookLayer(n, k);
  expect(multiplyAdds(graph)).toBe(2 * textbook(n, k));
  const context = testContext();
  const after = reassociate.run(growContractions.run(graph, context), context);
  expect(multiplyAdds(after) / 2e9).toBeCloseTo(gmac, 2);
  // what the remark compares with is the textbook's order
  expect(context.remarks.map((r) => r.data?.written)).toEqual(["(x·wq)·(e·(x·wk))", "(%12·(e·(x·wv)))·wo"]);
});

test("a remark a product of three or more: both orders and their flops", () => {
  const context = testContext();
  const after = reassociate.run(layer(4096, 256, "all"), context);
  expect(countOps(after).contract).toBe(7);
  expect(context.remarks.map((r) => r.pass)).toEqual(["reassociate", "reassociate"]);
  const [scores] = context.remarks;
  expect(scores?.data?.order).toBe("(x·wq)·((e·x)·wk)");
  expect(scores?.data?.written).toBe("((((x·wq)·e)·x)·wk)".slice(1, -1));
  // 2 a multiply-add: q, e·x, its projection, the scores
  const [n, k, d] = [4096, 256, 512];
  expect(scores?.data?.flops).toBe(2 * (n * d * d + k * n * d + k * d * d + n * k * d));
  expect(scores?.message).toContain("as written");
});

test("strict keeps the order from left to right", () => {
  const context = testContext("strict");
  reassociate.run(layer(4096, 256, "all"), context);
  expect(context.remarks.map((r) => r.data?.order)).toEqual(["(((x·wq)·e)·x)·wk", "(((p·e)·x)·wv)·wo"]);
});

test("intermediates that two products share are one value", () => {
  const t = build();
  const sizes = { k: 4, m: 64, d: 8, p: 8, c: 8 };
  const x = t.input("x", 64, 8);
  const [e, wk, wv] = [t.param("e", 4, 64), t.param("wk", 8, 8), t.param("wv", 8, 8)];
  // the factors of one product stand in another order, under other indices
  const keys = t.contract("kc", sizes, [
    [e, "km"],
    [x, "md"],
    [wk, "dc"],
  ]);
  const vals = t.contract("ck", sizes, [
    [wv, "pc"],
    [x, "mp"],
    [e, "km"],
  ]);
  const after = reassociate.run(t.finish({ keys, vals }), testContext());
  expect(countOps(after)).toEqual({ contract: 3 });
});

test("what parameters alone give costs nothing at run time, and the remark says so", () => {
  const t = build();
  const sizes = { n: 64, d: 16, c: 16, o: 16 };
  const [x, a, b] = [t.input("x", 64, 16), t.param("a", 16, 16), t.param("b", 16, 16)];
  const graph = t.finish({
    y: t.contract("no", sizes, [
      [x, "nd"],
      [a, "dc"],
      [b, "co"],
    ]),
  });
  const context = testContext();
  const after = reassociate.run(graph, context);
  expect(multiplyAdds(after)).toBe(64 * 16 * 16);
  expect(context.remarks[0]?.message).toContain("made once at load: a·b");
});

test("a product of parameters that would be huge is not prepared", () => {
  const t = build();
  const sizes = { k: 64, m: 64, d: 64, c: 64 };
  const [x, e, w] = [t.input("x", 64, 64), t.param("e", 64, 64), t.param("w", 64, 64)];
  const after = reassociate.run(
    t.finish({
      y: t.contract("kc", sizes, [
        [e, "km"],
        [x, "md"],
        [w, "dc"],
      ]),
    }),
    testContext(),
  );
  for (const node of after.nodes) expect(node.type.shape.length).toBeLessThanOrEqual(2);
});

test("run-time sizes count at the top of their range, and prepare nothing", () => {
  const t = build();
  const long = symbolDim("Seq", 1024, 8192);
  const short = symbolDim("Seq", 1, 16);
  const order = (seq: Dim): unknown => {
    const u = build();
    const sizes = { n: seq, m: seq, d: 64, c: 64 };
    const [q, k, v] = [u.input("q", seq, 64), u.input("k", seq, 64), u.input("v", seq, 64)];
    const context = testContext();
    reassociate.run(
      u.finish({
        y: u.contract("nc", sizes, [
          [q, "nd"],
          [k, "md"],
          [v, "mc"],
        ]),
      }),
      context,
    );
    return context.remarks[0]?.data?.order;
  };
  // linear attention: the order turns with the length
  expect(order(long)).toBe("q·(k·v)");
  expect(order(short)).toBe("(q·k)·v");
  const [x, e, w] = [t.input("x", 8, long), t.param("e", 8, long), t.param("w", long, 8)];
  const graph = t.finish({
    y: t.contract("k", { k: 8, m: long, d: 8 }, [
      [e, "km"],
      [w, "md"],
      [x, "dm"],
    ]),
  });
  const context = testContext();
  reassociate.run(graph, context);
  expect(context.remarks[0]?.message).not.toContain("made once");
});

test("a condition goes with the product that sums its index, whatever the order", () => {
  const t = build();
  const sizes = { k: 2, m: 32, d: 8, c: 8 };
  const [x, keep, e, w] = [t.input("x", 32, 8), t.ints("keep", 32), t.param("e", 2, 32), t.param("w", 8, 8)];
  const graph = t.finish({
    y: t.contract(
      "kc",
      sizes,
      [
        [e, "km"],
        [x, "md"],
        [w, "dc"],
      ],
      (i) => ({
        args: [{ value: keep, at: [ix(i("m"))] }],
        body: call("gt", argument(0), constant(0, "i32")),
      }),
    ),
  });
  const after = reassociate.run(graph, testContext());
  const contracts = after.nodes.filter((n) => n.op === "contract");
  expect(contracts.map((n) => n.op === "contract" && n.where !== undefined)).toEqual([true, false]);
  const { inputs, params } = randomValues(graph, 5);
  expectSameMeaning(graph, after, inputs, params);
});

test("a condition that joins two indices stays where both are", () => {
  const t = build();
  const sizes = { n: 16, m: 16, k: 2, d: 4, c: 4 };
  const [x, e, w] = [t.input("x", 16, 4), t.param("e", 2, 16), t.param("w", 4, 4)];
  const graph = t.finish({
    y: t.contract(
      "nkc",
      sizes,
      [
        [e, "km"],
        [x, "md"],
        [w, "dc"],
      ],
      (i) => ({
        args: [],
        body: call("le", indexValue(i("m")), indexValue(i("n"))),
      }),
    ),
  });
  const after = reassociate.run(graph, testContext());
  const { inputs, params } = randomValues(graph, 5);
  expectSameMeaning(graph, after, inputs, params);
  const conditions = after.nodes.flatMap((n) => (n.op === "contract" && n.where ? [n] : []));
  expect(conditions).toHaveLength(1);
  // x·w first: the joined product is the dearest and has the smallest operands that way or the other
  expect(conditions[0]?.out).toHaveLength(3);
});

test("gathers, strides and scalars are factors like others", () => {
  const t = build();
  const [tokens, s, table, w] = [t.ints("tokens", 6), t.input("s"), t.param("table", 50, 8), t.param("w", 8, 4)];
  const graph = t.finish({
    y: t.add({
      op: "contract",
      factors: [
        { value: table, at: [{ i: "value", of: { value: tokens, at: [ix(0)] } }, ix(1)] },
        { value: w, at: [ix(1), ix(2)] },
        { value: s, at: [] },
      ],
      out: [0, 2],
      extents: [6, 8, 4].map((n) => constDim(n)),
      accum: "f32",
    }),
  });
  const after = reassociate.run(graph, testContext());
  const { inputs, params } = randomValues(graph, 5);
  expectSameMeaning(graph, after, inputs, params);
  expect(countOps(after)).toEqual({ contract: 2 });
});

/** Σ over m, d of a[m, d] · b[m, k]: d is summed before the product, or with it. */
function privateSum(m: number, d: number, k: number): Graph {
  const t = build();
  const [a, b] = [t.input("a", m, d), t.input("b", m, k)];
  return t.finish({
    y: t.contract("k", { m, d, k }, [
      [a, "md"],
      [b, "mk"],
    ]),
  });
}

test("a sum over an index of one factor alone is done first where that pays for its dispatch", () => {
  const long = reassociate.run(privateSum(4096, 64, 64), testContext());
  expect(multiplyAdds(long)).toBe((4096 * 64) / 2 + 4096 * 64);
  const short = privateSum(8, 4, 2);
  expect(reassociate.run(short, testContext())).toBe(short);
  expect(multiplyAdds(reassociate.run(short, testContext("relaxed", { target: flopsTarget })))).toBe(8 * 2 + 8 * 2);
});

test("time decides, not flops: a large intermediate costs more than the arithmetic that it saves", () => {
  const t = build();
  const sizes = { a: 4096, b: 4096, c: 2, d: 3, e: 4 };
  const [x, y, z] = [t.input("x", 4096, 2), t.input("y", 2, 4096), t.input("z", 4096, 3)];
  const graph = t.finish({
    r: t.contract("ad", sizes, [
      [x, "ac"],
      [y, "cb"],
      [z, "bd"],
    ]),
  });
  const context = testContext();
  reassociate.run(graph, context);
  expect(context.remarks[0]?.data?.order).toBe("x·(y·z)");
});

/** A chain of three, q·(k·v) or (q·k)·v. */
function chain(rows: number, width: number): Graph {
  const t = build();
  const [q, k, v] = [t.input("q", rows, width), t.input("k", rows, width), t.input("v", rows, width)];
  return t.finish({
    y: t.contract("nc", { n: rows, m: rows, d: width, c: width }, [
      [q, "nd"],
      [k, "md"],
      [v, "mc"],
    ]),
  });
}

const planned = (orders: Readonly<Record<string, string>>): TestContext =>
  testContext("relaxed", { plan: { ...emptyPlan, orders } });

test("a plan's order is kept, dearer or not, and said to be one", () => {
  for (const [text, order] of [
    ["(q·k)·v", "(q·k)·v"],
    ["q*k*v", "(q·k)·v"],
    [" q · (v·k) ", "q·(k·v)"],
    ["(q·v)·k", "(q·v)·k"],
  ] as const) {
    const context = planned({ y: text });
    reassociate.run(chain(64, 8), context);
    const [only] = context.remarks;
    expect(only?.data?.order, text).toBe(order);
    expect(only?.decision?.pinned).toBe(true);
    expect(only?.message).toContain("by the plan");
  }
});

test.each([
  ["(q·k)·w", "it has no factor w"],
  ["q·k", "v is one factor of it, not 0"],
  ["q·(k·v", "a ) is missing"],
  ["q·k·v·v", "v is one factor of it, not 2"],
  ["q k v", "k stands where · belongs"],
  ["", "it ends where a factor belongs"],
  ["q·(k·)·v", ") stands where a factor belongs"],
])("a plan's order that is none, %s, is ignored and said", (text, why) => {
  const context = planned({ y: text, other: "a·b" });
  reassociate.run(chain(64, 8), context);
  expect(context.remarks.map((r) => r.data?.order)).toEqual([undefined, "q·(k·v)"]);
  expect(context.remarks[0]?.message).toBe(`the plan's order of y, ${text}, is ignored: ${why}`);
  expect(context.remarks[1]?.decision?.pinned).toBe(false);
});

test("strict keeps the written order whatever the plan says", () => {
  const context = testContext("strict", { plan: { ...emptyPlan, orders: { y: "q·(k·v)" } } });
  reassociate.run(chain(64, 8), context);
  expect(context.remarks.map((r) => [r.data?.order, r.decision?.pinned])).toEqual([["(q·k)·v", false]]);
});

test("a decision has the numbers of both orders and the best others", () => {
  const context = testContext();
  reassociate.run(chain(1024, 64), context);
  const decision = context.remarks[0]?.decision;
  const [n, d] = [1024, 64];
  expect(decision).toEqual({
    kind: "order",
    subject: "y",
    chosen: {
      name: "q·(k·v)",
      flops: 4 * n * d * d,
      bytes: 4 * (2 * n * d + d * d + n * d + d * d + n * d),
      dispatches: 2,
      // both steps wait for arithmetic
      seconds: expect.closeTo((4 * n * d * d) / 1e12 + 2e-5, 12),
    },
    written: {
      name: "(q·k)·v",
      flops: 4 * n * n * d,
      bytes: 4 * (2 * n * d + n * n + n * n + 2 * n * d),
      dispatches: 2,
      seconds: expect.any(Number),
    },
    others: [expect.objectContaining({ name: "(q·k)·v" }), expect.objectContaining({ name: "(q·v)·k" })],
    pinned: false,
  });
});

test("the decisions' flops are those that the reference counts, an intermediate of several products once", () => {
  const t = build();
  const sizes = { n: 6, m: 12, k: 4, d: 5, c: 3 };
  const [x, e, wk, wv] = [t.input("x", 12, 5), t.param("e", 4, 12), t.param("wk", 5, 3), t.param("wv", 5, 3)];
  const [w1, w2] = [t.param("w1", 5, 6), t.param("w2", 6, 3)];
  const ex = (w: number): number =>
    t.contract("kc", sizes, [
      [e, "km"],
      [x, "md"],
      [w, "dc"],
    ]);
  const atLoad = t.contract("mc", sizes, [
    [x, "md"],
    [w1, "dn"],
    [w2, "nc"],
  ]);
  const graph = t.finish({ keys: ex(wk), vals: ex(wv), atLoad });
  const context = testContext("relaxed", { target: flopsTarget });
  const after = reassociate.run(graph, context);
  const { inputs, params } = randomValues(graph, 1);
  const once = parameterOnly(after);
  const counted = interpret(after, inputs, params).counts.flops.reduce((sum, n, v) => sum + (once.has(v) ? 0 : n), 0);
  const decisions = context.remarks.flatMap((r) => r.decision?.chosen ?? []);
  expect(decisions.map((c) => c.name)).toEqual(["x·(w1·w2)", "(e·x)·wk", "(e·x)·wv"]);
  expect(decisions.reduce((sum, c) => sum + c.flops - (c.shared?.flops ?? 0), 0)).toBe(counted);
  expect(decisions[2]?.shared?.flops).toBe(2 * 4 * 12 * 5);
});

test("as cheap as the cheapest of all trees, up to six factors", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const r = randomFrom(seed);
    const sizes: Record<string, number> = {};
    for (const letter of "abcdefg") sizes[letter] = r.pick([2, 3, 5, 8, 13]);
    const factors = Array.from({ length: r.int(3, 6) }, () =>
      r
        .shuffle([..."abcdefg"])
        .slice(0, r.int(1, 3))
        .join(""),
    );
    const out = r
      .shuffle([...new Set(factors.join(""))])
      .slice(0, 2)
      .join("");
    const t = build();
    const uses = factors.map((f, i) => [t.input(`x${i}`, ...[...f].map((l) => sizes[l] ?? 1)), f] as const);
    const context = testContext("relaxed", { target: flopsTarget });
    const after = reassociate.run(t.finish({ y: t.contract(out, sizes, uses) }), context);
    const tensors = factors.map((at, i) => ({ name: `x${i}`, at }));
    const expected = leastCost([{ factors: tensors, out }], sizes, flopsTarget.peak).flops;
    expect(2 * multiplyAdds(after), `${factors.join("·")} → ${out}`).toBe(expected);
    expect(context.remarks[0]?.data?.flops).toBe(expected);
  }
});

test("random graphs keep their meaning, and every product of two or fewer factors", () => {
  expectSoundOnRandomGraphs(reassociate.run, { phase: "reassociated" });
});

test("strict: random graphs keep their meaning", () => {
  expectSoundOnRandomGraphs(reassociate.run, { phase: "reassociated", context: () => testContext("strict"), runs: 60 });
});
