import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDim, ceilDivDim, constDim, mulDim, symbolDim } from "../../src/ir/dim.js";
import { type Bounds, createBounds } from "../../src/ir/kernel/bounds.js";
import {
  add,
  and,
  call,
  eq,
  floordiv,
  ge,
  gt,
  int,
  kType,
  load,
  lt,
  min,
  mod,
  mul,
  not,
  select,
  slot,
  sub,
  variable,
} from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { environment, sample, variableRanges } from "./arbitrary.js";
import { evaluate } from "./evaluate.js";

const [i, j, k] = [variable("i"), variable("j"), variable("k")];
const loop = (b: Bounds, v: string, from: KExpr | number, to: KExpr | number, step = 1): void =>
  b.loop({
    s: "for",
    var: v,
    from: typeof from === "number" ? int(from) : from,
    to: typeof to === "number" ? int(to) : to,
    step,
    bind: { to: "serial" },
    body: [],
  });

test("what the ranges say holds, for random expressions", () => {
  fc.assert(
    fc.property(sample, environment, ({ expr }, env) => {
      const b = createBounds([[]]);
      for (const [v, [lo, hi]] of Object.entries(variableRanges)) loop(b, v, lo, hi + 1);
      const { lo, hi } = b.range(expr);
      const [value = Number.NaN] = evaluate(expr, env);
      expect(value).toBeGreaterThanOrEqual(lo);
      expect(value).toBeLessThanOrEqual(hi);
      if (b.atLeastZero(expr)) expect(value).toBeGreaterThanOrEqual(0);
      if (b.below(expr, constDim(10))) expect(value).toBeLessThan(10);
    }),
    { numRuns: 2000 },
  );
});

test("what is decided under a condition holds there", () => {
  fc.assert(
    fc.property(sample, sample, sample, environment, (a, c, e, env) => {
      const b = createBounds([[]]);
      for (const [v, [lo, hi]] of Object.entries(variableRanges)) loop(b, v, lo, hi + 1);
      const cond = lt(a.expr, c.expr);
      const truth = a.meaning(env) < c.meaning(env);
      b.assuming(cond, truth, () => {
        const value = e.meaning(env);
        const { lo, hi } = b.range(e.expr);
        expect(value).toBeGreaterThanOrEqual(lo);
        expect(value).toBeLessThanOrEqual(hi);
        const decided = b.decide(lt(e.expr, 4));
        if (decided !== undefined) expect(decided).toBe(value < 4);
        const against = b.decide(call("le", e.expr, c.expr));
        if (against !== undefined) expect(against).toBe(value <= c.meaning(env));
      });
    }),
    { numRuns: 2000 },
  );
});

describe("numbers", () => {
  test("loops with steps end at their last turn", () => {
    const b = createBounds([[]]);
    loop(b, "i", 0, 10, 4);
    expect(b.range(i)).toEqual({ lo: 0, hi: 8 });
    loop(b, "j", i, 20, 4);
    expect(b.range(j)).toEqual({ lo: 0, hi: 19 });
  });

  test("remainders and quotients of a tile", () => {
    const b = createBounds([[]]);
    loop(b, "i", 0, 100);
    expect(b.range(add(mul(floordiv(i, 8), 4), mod(i, 4)))).toEqual({ lo: 0, hi: 51 });
    expect(b.range(mod(min(i, 3), 8))).toEqual({ lo: 0, hi: 3 });
  });

  test("a value from memory may be anything", () => {
    const b = createBounds([[]]);
    const token = load("tokens", kType("i32"), i);
    expect(b.atLeastZero(token)).toBe(false);
    expect(b.atLeastZero(call("max", token, 0))).toBe(true);
    b.let("t", call("max", min(token, 9), 0));
    expect(b.below(variable("t"), constDim(10))).toBe(true);
    expect(b.below(variable("t"), constDim(9))).toBe(false);
  });
});

describe("conditions", () => {
  test("narrow a variable, and are undone after", () => {
    const b = createBounds([[]]);
    loop(b, "i", 0, 100);
    b.assuming(lt(i, 10), true, () => {
      expect(b.range(i)).toEqual({ lo: 0, hi: 9 });
      expect(b.decide(lt(i, 10))).toBe(true);
    });
    b.assuming(lt(i, 10), false, () => expect(b.range(i)).toEqual({ lo: 10, hi: 99 }));
    b.assuming(not(and(lt(i, 10), gt(i, 3))), true, () => expect(b.range(i)).toEqual({ lo: 0, hi: 99 }));
    b.assuming(eq(mul(i, 2), 8), true, () => expect(b.range(i)).toEqual({ lo: 4, hi: 4 }));
    expect(b.range(i)).toEqual({ lo: 0, hi: 99 });
  });

  test("speak of sums", () => {
    const b = createBounds([[]]);
    loop(b, "i", 0, 13);
    loop(b, "j", 0, 8);
    const at = add(mul(i, 8), j);
    expect(b.below(at, constDim(100))).toBe(false);
    b.assuming(lt(at, 100), true, () => {
      expect(b.below(at, constDim(100))).toBe(true);
      // 4 elements for each one that the condition speaks of.
      loop(b, "k", 0, 4);
      expect(b.below(add(mul(at, 4), k), constDim(400))).toBe(true);
      expect(b.below(add(mul(at, 4), k), constDim(399))).toBe(false);
    });
  });

  test("through a name", () => {
    const b = createBounds([[]]);
    loop(b, "i", 0, 100);
    b.let("inside", and(lt(i, 7), ge(i, 2)));
    b.assuming(variable("inside", kType("bool")), true, () => expect(b.range(i)).toEqual({ lo: 2, hi: 6 }));
  });
});

describe("run-time sizes", () => {
  const n = symbolDim("N", 1, 1000);
  const rows = mulDim(n, constDim(512));

  test("a loop to a size stays inside a buffer of that size", () => {
    const b = createBounds([[n]]);
    loop(b, "i", 0, slot(0));
    loop(b, "j", 0, 512);
    expect(b.below(add(mul(i, 512), j), rows)).toBe(true);
    expect(b.below(add(mul(i, 512), add(j, 1)), rows)).toBe(false);
    expect(b.below(add(mul(j, slot(0)), i), rows)).toBe(true);
    expect(b.below(i, constDim(1))).toBe(false);
  });

  test("blocks with an edge: the inner bound or a condition", () => {
    const b = createBounds([[ceilDivDim(n, constDim(64)), n]]);
    loop(b, "i", 0, slot(0));
    loop(b, "j", 0, min(64, sub(slot(1), mul(i, 64))));
    expect(b.below(add(mul(i, 64), j), n)).toBe(true);
    loop(b, "k", 0, 64);
    const row = add(mul(i, 64), k);
    expect(b.below(row, n)).toBe(false);
    b.assuming(lt(row, slot(1)), true, () => expect(b.below(row, n)).toBe(true));
    expect(b.below(min(row, sub(slot(1), 1)), n)).toBe(true);
    expect(b.below(select(lt(row, slot(1)), 0, k), constDim(64))).toBe(true);
  });

  test("vectors of a size that is a multiple", () => {
    const m = symbolDim("M", 64, 8192, 64);
    const b = createBounds([[m]]);
    loop(b, "i", 0, slot(0), 4);
    const quarter = mulDim(m, { op: "poly", terms: [[1, 4, []]] });
    expect(b.below(floordiv(i, 4), quarter)).toBe(true);
    expect(b.below(add(floordiv(i, 4), 1), quarter)).toBe(false);
  });

  test("rows of several axes, taken apart by run-time sizes", () => {
    const m = symbolDim("M", 1, 100);
    const all = mulDim(mulDim(constDim(8), m), n);
    // Slots: N, 8 · M · N, N².
    const b = createBounds([[n, all, mulDim(n, n)]]);
    loop(b, "i", 0, 4096);
    loop(b, "j", 0, slot(0));
    b.let("rest", mod(i, slot(0)));
    b.let("head", floordiv(i, slot(0)));
    const [rest, head] = [variable("rest"), variable("head")];
    const at = add(mul(mod(head, 8), slot(2)), add(mul(rest, slot(0)), j));
    expect(b.below(rest, n)).toBe(true);
    expect(b.below(at, mulDim(constDim(8), mulDim(n, n)))).toBe(true);
    expect(b.below(at, mulDim(constDim(7), mulDim(n, n)))).toBe(false);
    expect(b.below(head, mulDim(constDim(8), m))).toBe(false);
    b.assuming(lt(i, slot(1)), true, () => {
      expect(b.below(head, mulDim(constDim(8), m))).toBe(true);
      expect(b.below(floordiv(head, 8), m)).toBe(true);
    });
  });

  test("a condition settles the very question that it asks, whatever else holds", () => {
    const b = createBounds([[n, rows]]);
    loop(b, "i", 0, 4096);
    loop(b, "j", 0, 64);
    const at = add(mul(mod(floordiv(i, slot(0)), 8), slot(0)), add(mul(mod(i, slot(0)), 64), j));
    b.assuming(and(lt(add(i, j), slot(0)), lt(mod(i, 8), 5)), true, () => {
      expect(b.below(at, n)).toBe(false);
      b.assuming(lt(at, slot(0)), true, () => expect(b.below(at, n)).toBe(true));
    });
  });

  test("what is proved holds for every dispatch", () => {
    const one = createBounds([[n]]);
    const two = createBounds([[n], [addDim(n, constDim(1))]]);
    for (const b of [one, two]) loop(b, "i", 0, slot(0));
    expect(one.below(i, n)).toBe(true);
    expect(two.below(i, n)).toBe(false);
    expect(two.below(i, addDim(n, constDim(1)))).toBe(true);
  });
});
