import { invariant } from "../../util/invariant.js";
import {
  addDim,
  constDim,
  constValue,
  type Dim,
  dimKey,
  dimRange,
  divDim,
  floorDivDim,
  isWhole,
  type Range,
  scaleDim,
  subDim,
  symbolDim,
} from "../dim.js";
import {
  type Affine,
  type AffineTerm,
  addAffine,
  atomAffine,
  constantAffine,
  divideAffine,
  magnitude,
  magnitudeOf,
  rejoinQuotients,
  replaceTerm,
  scaleAffine,
  shiftAffine,
  signOf,
  subAffine,
} from "./affine.js";
import { consequences } from "./conditions.js";
import { decideCondition } from "./decide.js";
import { sub, typeOf, variable } from "./expr.js";
import { everyInt, operationRange } from "./intervals.js";
import { sameExpr, toLinear } from "./linear.js";
import type { KExpr, KStmt, VarId } from "./ops.js";
import { quotientOf, ratios, sizeAtLeastZero } from "./sizeProof.js";

/**
 * What is known about i32 values at a place in a kernel: the bounds of the loops round it, the conditions under which
 * it runs, the values of its names and the ranges of its run-time sizes.
 *
 * Two methods. Intervals of numbers answer most questions. Where sizes, conditions or bounds such as `min(64, n - base)`
 * matter, a sum is shown to be non-negative by replacing its variables, innermost first, by the bound that makes it
 * least, and by subtracting multiples of conditions that hold. "Not proved" is always a possible answer.
 *
 * One kernel serves several dispatches; what is proved holds for the sizes of each of them.
 */
export interface Bounds {
  /** The least and greatest value that an i32 may have. */
  range(e: KExpr): Range;
  /** Whether a >= b, proved. */
  atLeast(a: KExpr, b: KExpr): boolean;
  /** Whether 0 <= at, proved. */
  atLeastZero(at: KExpr): boolean;
  /** Whether at < length, proved. */
  below(at: KExpr, length: Dim): boolean;
  /** The value of a condition where it is the same each time. */
  decide(cond: KExpr): boolean | undefined;
  /** Enters a loop: its variable is known from here on. */
  loop(s: KStmt & { readonly s: "for" }): void;
  /** Names a value. */
  let(name: VarId, value: KExpr): void;
  /** What `body` finds where `cond` has the value `truth`. */
  assuming<T>(cond: KExpr, truth: boolean, body: () => T): T;
}

/** The values of a kernel's size slots in one dispatch. */
export type World = readonly Dim[];

interface LoopFact {
  readonly from: KExpr;
  readonly to: KExpr;
  readonly step: number;
  readonly order: number;
  range: Range;
}

/** Whether a product would leave the whole numbers that a size can hold exactly. */
const tooLarge = (by: Dim, of: Affine): boolean => magnitudeOf(by) * magnitude(of) > 2 ** 50;

/** Sizes of a kernel about which nothing is known but that they are sizes. */
export const unknownWorld = (slots: number): World =>
  Array.from({ length: slots }, (_, i) => symbolDim(`dim${i}`, 0, 2147483647));

/**
 * `worlds`: one for each dispatch of the kernel (equal ones count once); at least one. `positive`: lengths that are at
 * least 1 because they are those of buffers, whatever the ranges of their sizes say term by term.
 */
export function createBounds(worlds: readonly World[], positive: readonly Dim[] = []): Bounds {
  invariant(worlds.length > 0, () => "bounds need the sizes of at least one dispatch");
  const distinct = [...new Map(worlds.map((w) => [w.map(dimKey).join(), w] as const)).values()];
  const lengths = positive.filter((d) => dimRange(d).lo < 1).map((d) => shiftAffine(constantAffine(d), -1));
  const loops = new Map<VarId, LoopFact>();
  const lets = new Map<VarId, KExpr>();
  /** Conditions that hold, as sums that are at least 0. */
  let facts: readonly KExpr[] = [];
  let narrowed: ReadonlyMap<VarId, Range> = new Map();
  let ranges = new Map<KExpr, Range>();
  let affineFacts = new Map<World, readonly Affine[]>();
  let sums = new Map<World, Map<KExpr, Affine>>();
  /** What is proved of sizes alone, by their keys. */
  const sizes = new Map<string, boolean>();
  /** Steps that the running proof may still take, and how deep it is. */
  let budget = 0;
  let depth = 0;
  /** Whether the running proof makes do without conditions. */
  let quiet = false;

  const slotRange = (slot: number): Range => {
    const all = distinct.map((w) => {
      const d = w[slot];
      return d ? dimRange(d) : { lo: 0, hi: everyInt.hi };
    });
    return { lo: Math.floor(Math.min(...all.map((r) => r.lo))), hi: Math.ceil(Math.max(...all.map((r) => r.hi))) };
  };

  const range = (e: KExpr): Range => {
    const known = ranges.get(e);
    if (known) return known;
    const found = computeRange(e);
    ranges.set(e, found);
    return found;
  };

  const atomRange = (e: KExpr): Range => {
    if (e.k === "lit") return { lo: e.value, hi: e.value };
    if (e.k === "dim") return slotRange(e.slot);
    if (e.k === "var") {
      const value = lets.get(e.var);
      const own = loops.get(e.var)?.range ?? (value ? range(value) : everyInt);
      const narrow = narrowed.get(e.var);
      return narrow ? { lo: Math.max(own.lo, narrow.lo), hi: Math.min(own.hi, narrow.hi) } : own;
    }
    return operationRange(e, range);
  };

  const computeRange = (e: KExpr): Range => {
    if (e.k !== "op" || !["add", "sub", "mul", "neg"].includes(e.op)) return atomRange(e);
    const { terms, constant } = toLinear(e);
    let lo = constant;
    let hi = constant;
    for (const t of terms) {
      const r = t.of === e ? atomRange(e) : range(t.of);
      lo += t.by > 0 ? t.by * r.lo : t.by * r.hi;
      hi += t.by > 0 ? t.by * r.hi : t.by * r.lo;
    }
    return { lo, hi };
  };

  const toAffine = (e: KExpr, world: World): Affine => {
    let known = sums.get(world);
    if (!known) {
      known = new Map();
      sums.set(world, known);
    }
    let result = known.get(e);
    if (result) return result;
    const { terms, constant } = toLinear(e);
    result = constantAffine(constDim(constant));
    for (const t of terms) result = addAffine(result, scaleAffine(affineAtom(t.of, world), constDim(t.by)));
    result = rejoinQuotients(result, (x) => toAffine(x, world));
    known.set(e, result);
    return result;
  };

  const affineAtom = (e: KExpr, world: World): Affine => {
    if (e.k === "dim") return constantAffine(world[e.slot] ?? symbolDim(`dim${e.slot}`, 0, everyInt.hi));
    if (e.k === "var") {
      const value = lets.get(e.var);
      if (value && typeOf(value).dtype === "i32") return toAffine(value, world);
      const l = loops.get(e.var);
      // A loop that steps by s is from + s · turn.
      if (l && l.step > 1) {
        const turns = scaleAffine(atomAffine(variable(turnOf(e.var))), constDim(l.step));
        return addAffine(toAffine(l.from, world), turns);
      }
      return atomAffine(e);
    }
    if (e.k === "op") {
      const [a, b] = e.args;
      if (a && b && e.op === "mul") {
        const [x, y] = [toAffine(a, world), toAffine(b, world)];
        if (x.terms.length === 0) return scaleAffine(y, x.constant);
        if (y.terms.length === 0) return scaleAffine(x, y.constant);
      }
      if (a && b?.k === "lit" && b.value > 0 && (e.op === "floordiv" || e.op === "mod")) {
        return affineQuotient(e, a, b.value, world);
      }
    }
    return atomAffine(e);
  };

  /** x / c and x % c where x is a multiple of c and a rest that is proved in 0 … c-1; else an atom. */
  const affineQuotient = (e: KExpr & { readonly k: "op" }, a: KExpr, c: number, world: World): Affine => {
    const x = toAffine(a, world);
    const divisible = (d: Dim): boolean => isWhole(scaleDim(d, 1, c));
    const constant = divisible(x.constant) ? x.constant : constDim(0);
    const whole: Affine = { terms: x.terms.filter((t) => divisible(t.by) && isWhole(t.by)), constant };
    const rest: Affine = {
      terms: x.terms.filter((t) => !whole.terms.includes(t)),
      constant: subDim(x.constant, constant),
    };
    const small =
      (rest.terms.length === 0 && dimRange(rest.constant).lo >= 0 && dimRange(rest.constant).hi < c) ||
      apart(() => prove(rest, world) && prove(shiftAffine(scaleAffine(rest, constDim(-1)), c - 1), world));
    if (!small) return atomAffine(e);
    return e.op === "floordiv" ? divideAffine(whole, c) : rest;
  };

  /**
   * A proof inside another, with effort of its own and without conditions: an expression becomes the same sum wherever
   * it is met, so that a condition on it and a question about it fit together.
   */
  const apart = (proof: () => boolean): boolean => {
    const outer = { budget, depth, quiet };
    budget = 0;
    depth = 0;
    quiet = true;
    const result = proof();
    ({ budget, depth, quiet } = outer);
    return result;
  };

  const turnOf = (v: VarId): VarId => `${v}'`;
  const loopOfTurn = (v: VarId): LoopFact | undefined => (v.endsWith("'") ? loops.get(v.slice(0, -1)) : undefined);

  interface Candidates {
    /** The atom is bounded by each of these (`any`), or by the worst of them (`all`). */
    readonly how: "any" | "all";
    readonly of: readonly Affine[];
  }

  const constants = (r: Range, side: "lower" | "upper"): readonly Affine[] => {
    const end = side === "lower" ? r.lo : r.hi;
    const infinite = side === "lower" ? end <= everyInt.lo : end >= everyInt.hi;
    return infinite ? [] : [constantAffine(constDim(end))];
  };

  const bound = (e: KExpr, side: "lower" | "upper", world: World): Candidates => {
    const any = (of: readonly Affine[]): Candidates => ({ how: "any", of });
    if (e.k === "var") {
      const turn = loopOfTurn(e.var);
      if (turn) {
        if (side === "lower") return any([constantAffine(constDim(0))]);
        const length = subAffine(toAffine(turn.to, world), toAffine(turn.from, world));
        const exact = divideAffine(length, turn.step);
        const whole = [exact.constant, ...exact.terms.map((t) => t.by)].every(isWhole);
        return any([whole ? shiftAffine(exact, -1) : divideAffine(shiftAffine(length, -1), turn.step)]);
      }
      const l = loops.get(e.var);
      const numbers = constants(range(e), side);
      if (!l) return any(numbers);
      const end = side === "lower" ? toAffine(l.from, world) : shiftAffine(toAffine(l.to, world), -1);
      return any([end, ...numbers]);
    }
    if (e.k !== "op") return any(constants(range(e), side));
    const numbers = typeOf(e).dtype === "i32" ? constants(range(e), side) : [];
    const [a, b, c] = e.args;
    if (!a || !b) return any(numbers);
    switch (e.op) {
      case "min":
      case "max": {
        const both = [toAffine(a, world), toAffine(b, world)];
        return (e.op === "min") === (side === "upper") ? any([...both, ...numbers]) : { how: "all", of: both };
      }
      case "select":
        return c ? { how: "all", of: [toAffine(b, world), toAffine(c, world)] } : any(numbers);
      case "floordiv": {
        const x = toAffine(a, world);
        if (b.k === "lit" && b.value > 0) {
          return any([divideAffine(side === "upper" ? x : shiftAffine(x, 1 - b.value), b.value), ...numbers]);
        }
        const inverse = reciprocal(toAffine(b, world));
        if (side === "lower" || !inverse) return any(numbers);
        const most = quotientTops(x, toAffine(b, world).constant, world).map(constantAffine);
        return any([...most, scaleAffine(x, inverse), ...numbers]);
      }
      case "mod": {
        if (side === "lower" || range(b).lo < 1) return any(numbers);
        return any([shiftAffine(toAffine(b, world), -1), ...numbers]);
      }
      default:
        return any(numbers);
    }
  };

  /** Sizes that ⌊x / d⌋ does not exceed: exact for x < c · d, where the bound of a fraction is not. */
  const quotientTops = (x: Affine, d: Dim, world: World): readonly Dim[] =>
    topsOf(x, world).map((top) => {
      const turns = divDim(addDim(top, constDim(1)), d);
      return turns && isWhole(turns) ? subDim(turns, constDim(1)) : floorDivDim(top, d);
    });

  /** Sizes that a sum does not exceed by a condition, the end of its loop, or as a quotient itself. */
  const topsOf = (x: Affine, world: World): readonly Dim[] => {
    if (x.terms.length === 0) return [x.constant];
    const tops = factsIn(world).flatMap((f) => {
      const sum = addAffine(f, x);
      return sum.terms.length === 0 ? [sum.constant] : [];
    });
    const [t, another] = x.terms;
    if (!t || another || constValue(t.by) !== 1) return tops;
    if (t.of.k === "var") {
      const end = loops.get(t.of.var);
      const to = end && toAffine(end.to, world);
      if (to?.terms.length === 0) return [...tops, addDim(x.constant, subDim(to.constant, constDim(1)))];
    }
    if (t.of.k !== "op" || t.of.op !== "floordiv") return tops;
    const [a, b] = t.of.args;
    const d = b && toAffine(b, world);
    if (!a || !d || d.terms.length > 0 || dimRange(d.constant).lo < 1) return tops;
    return [...tops, ...quotientTops(toAffine(a, world), d.constant, world).map((q) => addDim(x.constant, q))];
  };

  /** 1 / d of a positive size of one term. */
  const reciprocal = (d: Affine): Dim | undefined =>
    d.terms.length === 0 && dimRange(d.constant).lo >= 1 ? divDim(constDim(1), d.constant) : undefined;

  /**
   * R - ⌊x / d⌋ >= 0 as d · R + d - 1 - x >= 0, and R + ⌊x / d⌋ >= 0 as d · R + x >= 0: exact, where the bounds of a
   * quotient as a fraction are not. R must be whole.
   */
  const wholeQuotient = (a: Affine, t: AffineTerm, world: World): Affine | undefined => {
    const by = constValue(t.by);
    if ((by !== 1 && by !== -1) || t.of.k !== "op" || t.of.op !== "floordiv") return undefined;
    const [x, y] = t.of.args;
    const d = y && toAffine(y, world);
    if (!x || !d || d.terms.length > 0 || dimRange(d.constant).lo < 1) return undefined;
    const rest: Affine = { terms: a.terms.filter((u) => u !== t), constant: a.constant };
    if (![rest.constant, ...rest.terms.map((u) => u.by)].every(isWhole) || tooLarge(d.constant, rest)) return undefined;
    const scaled = scaleAffine(rest, d.constant);
    const numerator = toAffine(x, world);
    if (by === 1) return addAffine(scaled, numerator);
    return subAffine(addAffine(scaled, constantAffine(subDim(d.constant, constDim(1)))), numerator);
  };

  /** Composite atoms before variables, inner variables before outer ones. */
  const innermost = (terms: readonly AffineTerm[]): AffineTerm | undefined => {
    const order = (t: AffineTerm): number =>
      t.of.k === "var" ? (loops.get(t.of.var)?.order ?? loopOfTurn(t.of.var)?.order ?? -1) : Number.POSITIVE_INFINITY;
    return terms.reduce<AffineTerm | undefined>((best, t) => (!best || order(t) > order(best) ? t : best), undefined);
  };

  /** Whether a sum is at least 0, in one world. */
  const prove = (a: Affine, world: World): boolean => {
    if (depth === 0) budget = 400;
    if (budget-- <= 0 || depth > 30) return false;
    depth++;
    const result = proved(a, world);
    depth--;
    return result;
  };

  const knownSize = (d: Dim): boolean => {
    const key = dimKey(d);
    const known = sizes.get(key) ?? sizeAtLeastZero(d);
    sizes.set(key, known);
    return known;
  };

  /** A sum of sizes alone: a multiple of a condition on sizes (`3 < dim.0`) may be taken off. */
  const sizeProved = (d: Dim, world: World): boolean =>
    knownSize(d) ||
    factsIn(world).some(
      (f) =>
        f.terms.length === 0 &&
        [1, ...ratios(d, f.constant)].some((times) => dimRange(subDim(d, scaleDim(f.constant, times, 1))).lo >= 0),
    );

  /** The least that a sum can be by the ranges of its parts. */
  const leastOf = (a: Affine): number =>
    a.terms.reduce((least, t) => {
      const of = t.of.k === "var" && loopOfTurn(t.of.var) ? { lo: 0, hi: everyInt.hi } : range(t.of);
      const by = dimRange(t.by);
      return least + Math.min(by.lo * of.lo, by.lo * of.hi, by.hi * of.lo, by.hi * of.hi);
    }, dimRange(a.constant).lo);

  const proved = (a: Affine, world: World): boolean => {
    if (a.terms.length === 0) return sizeProved(a.constant, world);
    if (magnitude(a) > 2 ** 50) return false;
    if (!quiet && leastOf(a) >= 0) return true;
    const reduced: Affine[] = [];
    for (const fact of factsIn(world)) {
      for (const t of a.terms) {
        const same = fact.terms.find((f) => sameExpr(f.of, t.of));
        const times = same && quotientOf(t.by, same.by);
        if (!times || dimRange(times).lo < 0 || tooLarge(times, fact)) continue;
        const rest = subAffine(a, scaleAffine(fact, times));
        // What a condition says outright needs no search.
        if (rest.terms.length === 0 && dimRange(rest.constant).lo >= 0) return true;
        if (rest.terms.length < a.terms.length + fact.terms.length - 1) reduced.push(rest);
      }
    }
    if (reduced.some((rest) => prove(rest, world))) return true;
    const t = innermost(a.terms);
    if (!t) return false;
    const sign = signOf(t.by);
    if (sign === "unknown") return false;
    const whole = wholeQuotient(a, t, world);
    if (whole && prove(whole, world)) return true;
    const candidates = bound(t.of, sign === "positive" ? "lower" : "upper", world);
    const holds = (to: Affine): boolean => !tooLarge(t.by, to) && prove(replaceTerm(a, t, to), world);
    if (candidates.how === "all") return candidates.of.every(holds);
    // Short ones first: they settle most, and long ones may use up the effort.
    return [...candidates.of].sort((x, y) => x.terms.length - y.terms.length).some(holds);
  };

  const factsIn = (world: World): readonly Affine[] => {
    if (quiet) return [];
    let known = affineFacts.get(world);
    if (!known) {
      known = [...lengths, ...facts.map((f) => toAffine(f, world))];
      affineFacts.set(world, known);
    }
    return known;
  };

  const nonNegative = (e: KExpr): boolean =>
    range(e).lo >= 0 || distinct.every((world) => prove(toAffine(e, world), world));
  const atLeast = (a: KExpr, b: KExpr): boolean => nonNegative(sub(a, b));

  /** What a fact says about each of its variables, given the ranges of the others. */
  const narrow = (fact: KExpr, into: Map<VarId, Range>): void => {
    const { terms, constant } = toLinear(fact);
    for (const t of terms) {
      if (t.of.k !== "var") continue;
      let rest = constant;
      for (const u of terms) if (u !== t) rest += u.by > 0 ? u.by * range(u.of).hi : u.by * range(u.of).lo;
      const old = into.get(t.of.var) ?? everyInt;
      // t.by · v + rest >= 0
      into.set(
        t.of.var,
        t.by > 0
          ? { lo: Math.max(old.lo, Math.ceil(-rest / t.by)), hi: old.hi }
          : { lo: old.lo, hi: Math.min(old.hi, Math.floor(rest / -t.by)) },
      );
    }
  };

  const decide = (cond: KExpr): boolean | undefined => decideCondition(cond, { atLeast, valueOf: (v) => lets.get(v) });

  return {
    range,
    atLeast,
    decide,
    atLeastZero: (at) => nonNegative(at),
    below(at, length) {
      const { lo } = dimRange(length);
      if (range(at).hi < lo) return true;
      return distinct.every((world) =>
        prove(shiftAffine(subAffine(constantAffine(length), toAffine(at, world)), -1), world),
      );
    },
    loop(s) {
      const [from, to] = [range(s.from), range(s.to)];
      const last =
        from.lo === from.hi && to.lo === to.hi
          ? from.lo + Math.floor((to.lo - 1 - from.lo) / s.step) * s.step
          : to.hi - 1;
      loops.set(s.var, { from: s.from, to: s.to, step: s.step, order: loops.size, range: { lo: from.lo, hi: last } });
    },
    let(name, value) {
      const { dtype, width } = typeOf(value);
      if (width === 1 && (dtype === "i32" || dtype === "bool")) lets.set(name, value);
    },
    assuming(cond, truth, body) {
      const outer = { facts, narrowed, ranges, affineFacts, sums };
      const added = consequences(cond, truth, (name) => lets.get(name));
      const closer = new Map(narrowed);
      for (const f of added) narrow(f, closer);
      facts = [...facts, ...added];
      narrowed = closer;
      ranges = new Map();
      affineFacts = new Map();
      sums = new Map();
      const result = body();
      ({ facts, narrowed, ranges, affineFacts, sums } = outer);
      return result;
    },
  };
}
