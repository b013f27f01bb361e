import { expect, test } from "vitest";
import { growContractions } from "../../passes/graph/growContractions.js";
import { reassociate } from "../../passes/graph/reassociate.js";
import { constDim, type Dim, symbolDim } from "../../src/ir/dim.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { argument, call, constant, indexValue } from "../../src/ir/graph/scalars.js";
import { randomFrom } from "../support/random.js";
import { randomValues } from "../support/random-graph.js";
import { expectSameMeaning, expectSoundOnRandomGraphs, multiplyAdds } from "./meaning.js";
import { build, countOps, ix, testContext } from "./support.js";

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

test("run-time sizes count as the middle of their range, and prepare nothing", () => {
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

test("a sum over an index of one factor alone is done first", () => {
  const t = build();
  const sizes = { m: 32, d: 16, k: 8 };
  const [a, b] = [t.input("a", 32, 16), t.input("b", 32, 8)];
  const after = reassociate.run(
    t.finish({
      y: t.contract("k", sizes, [
        [a, "md"],
        [b, "mk"],
      ]),
    }),
    testContext(),
  );
  expect(multiplyAdds(after)).toBe((32 * 16) / 2 + 32 * 8);
});

/** Every binary tree over the factors, costed by the definition. */
function bruteForce(factors: readonly string[], out: string, sizes: Readonly<Record<string, number>>): number {
  const volume = (letters: Iterable<string>): number => [...letters].reduce((n, l) => n * (sizes[l] ?? 1), 1);
  const kept = (inside: string, outside: readonly string[]): string =>
    [...new Set(inside)].filter((l) => out.includes(l) || outside.some((f) => f.includes(l))).join("");
  let best = Number.POSITIVE_INFINITY;
  const visit = (parts: readonly string[], cost: number): void => {
    if (cost >= best) return;
    if (parts.length === 1) {
      best = cost;
      return;
    }
    for (let i = 0; i < parts.length; i++)
      for (let j = i + 1; j < parts.length; j++) {
        const rest = parts.filter((_, at) => at !== i && at !== j);
        const both = new Set(`${parts[i]}${parts[j]}`);
        visit([...rest, kept([...both].join(""), rest)], cost + 2 * volume(both));
      }
  };
  // private indices first, as a sum
  let start = 0;
  const alone = factors.map((f, i) => {
    const k = kept(
      f,
      factors.filter((_, j) => j !== i),
    );
    if (k.length !== new Set(f).size) start += volume(new Set(f));
    return k;
  });
  visit(alone, start);
  return best;
}

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
    const context = testContext();
    const after = reassociate.run(t.finish({ y: t.contract(out, sizes, uses) }), context);
    const expected = bruteForce(factors, out, sizes);
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
