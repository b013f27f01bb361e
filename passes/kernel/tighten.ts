import { type Bounds, createBounds, type World } from "../../src/ir/kernel/bounds.js";
import { bool, floordiv, int, mod, mul, sum, typeOf } from "../../src/ir/kernel/builder.js";
import { fromLinear, sameExpr, toLinear } from "../../src/ir/kernel/linear.js";
import type { KExpr, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import { expressionsOf, flatMapSame, ifStmt, mapExpr, walkExpr, withExpressions } from "../../src/ir/kernel/visit.js";

/**
 * Removes what the ranges of loop variables, conditions and sizes decide: clamps, conditions, selects, divisions whose
 * dividend is small, loops of one turn or none, and names of what is a name already.
 */
export function tighten(body: readonly KStmt[], worlds: readonly World[]): readonly KStmt[] {
  const bounds = createBounds(worlds);
  const values = new Map<VarId, KExpr>();
  let memo = new Map<KExpr, KExpr>();
  let level = 0;
  /** How deep a variable is bound: names count like what they are made of. */
  const depths = new Map<VarId, number>();
  const depthOf = (e: KExpr): number => {
    let depth = 0;
    walkExpr(e, (x) => {
      if (x.k === "var") depth = Math.max(depth, depths.get(x.var) ?? 0);
    });
    return depth;
  };
  /** A sum with what changes least first: outer loops then compute that part. */
  const ordered = (e: KExpr & { readonly k: "op" }): KExpr => {
    if (e.type.dtype !== "i32" || e.type.width !== 1 || (e.op !== "add" && e.op !== "sub")) return e;
    const { terms, constant } = toLinear(e);
    if (terms.length < 2) return e;
    const sorted = terms.map((t) => ({ t, depth: depthOf(t.of) })).sort((a, b) => a.depth - b.depth);
    if (sorted.every((x, i) => x.t === terms[i])) return e;
    const made = fromLinear({ terms: sorted.map((x) => x.t), constant });
    return sameExpr(made, e) ? e : made;
  };
  const change = (e: KExpr): KExpr => {
    if (e.k === "var") return values.get(e.var) ?? e;
    if (e.k !== "op") return e;
    const better = tightened(e, bounds);
    return better.k === "op" ? ordered(better) : better;
  };
  const expr = (e: KExpr): KExpr => mapExpr(e, change, memo);

  const list = (stmts: readonly KStmt[]): readonly KStmt[] => flatMapSame(joinConditions(stmts), statement);

  const under = (cond: KExpr, truth: boolean, stmts: readonly KStmt[]): readonly KStmt[] => {
    const outer = memo;
    memo = new Map();
    const result = bounds.assuming(cond, truth, () => list(stmts));
    memo = outer;
    return result;
  };

  const statement = (old: KStmt): readonly KStmt[] | KStmt => {
    const s = withExpressions(old, expressionsOf(old).map(expr));
    switch (s.s) {
      case "let":
        if (s.value.k === "lit" || s.value.k === "var" || s.value.k === "dim") {
          values.set(s.var, s.value);
          return [];
        }
        bounds.let(s.var, s.value);
        depths.set(s.var, depthOf(s.value));
        return s;
      case "if": {
        const known = bounds.decide(s.cond);
        if (known !== undefined) return list(known ? s.then : s.else);
        const yes = under(s.cond, true, s.then);
        const no = under(s.cond, false, s.else);
        if (yes.length === 0 && no.length === 0) return [];
        return yes === s.then && no === s.else ? s : ifStmt(s.cond, yes, no);
      }
      case "for": {
        const own = s.bind.to === "serial" || s.bind.to === "unroll";
        if (own && bounds.atLeast(s.from, s.to)) return [];
        if (own && bounds.atLeast(sum([s.from, s.step]), s.to) && bounds.atLeast(s.to, sum([s.from, 1]))) {
          values.set(s.var, s.from);
          return list(s.body);
        }
        bounds.loop(s);
        depths.set(s.var, ++level);
        const inner = list(s.body);
        level--;
        if (inner.length === 0 && own) return [];
        return inner === s.body ? s : { ...s, body: inner };
      }
      case "store":
      case "pin":
      case "barrier":
        return s;
    }
  };
  return list(body);
}

/** Neighbours under one condition become one statement, as long as nothing that they store decides it. */
function joinConditions(stmts: readonly KStmt[]): readonly KStmt[] {
  const out: KStmt[] = [];
  for (const s of stmts) {
    const last = out.at(-1);
    if (s.s === "if" && last?.s === "if" && sameExpr(s.cond, last.cond) && !hasLoad(s.cond)) {
      out[out.length - 1] = ifStmt(s.cond, [...last.then, ...s.then], [...last.else, ...s.else]);
    } else out.push(s);
  }
  return out.length === stmts.length ? stmts : out;
}

function hasLoad(e: KExpr): boolean {
  let found = false;
  walkExpr(e, (x) => {
    if (x.k === "load" || x.k === "subgroup") found = true;
  });
  return found;
}

/** An operation whose operands are tightened already. */
function tightened(e: KExpr & { readonly k: "op" }, bounds: Bounds): KExpr {
  const [a, b, c] = e.args;
  if (!a) return e;
  if (e.op === "select" && b && c && typeOf(a).width === 1) {
    const known = bounds.decide(a);
    return known === undefined ? e : known ? b : c;
  }
  if (!b || typeOf(a).width !== 1) return e;
  if (e.type.dtype === "bool") {
    const known = bounds.decide(e);
    if (known !== undefined) return bool(known);
    // One side of a conjunction may be settled.
    if (e.op === "and" || e.op === "or") {
      const neutral = e.op === "and";
      if (bounds.decide(a) === neutral) return b;
      if (bounds.decide(b) === neutral) return a;
    }
    return e;
  }
  if (e.type.dtype !== "i32") return e;
  switch (e.op) {
    case "min":
      return bounds.atLeast(b, a) ? a : bounds.atLeast(a, b) ? b : e;
    case "max":
      return bounds.atLeast(a, b) ? a : bounds.atLeast(b, a) ? b : e;
    case "floordiv":
    case "mod":
      return b.k === "lit" && b.value > 0 ? quotient(e, e.op, a, b.value, bounds) : e;
    default:
      return e;
  }
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** a // c or a % c, where a = g · q + r with 0 <= r < g proved and g a divisor of c. */
function quotient(e: KExpr, op: "floordiv" | "mod", a: KExpr, c: number, bounds: Bounds): KExpr {
  const small = (x: KExpr, n: number): boolean => {
    const { lo, hi } = bounds.range(x);
    return (lo >= 0 && hi < n) || (bounds.atLeastZero(x) && bounds.atLeast(int(n - 1), x));
  };
  if (small(a, c)) return op === "floordiv" ? int(0) : a;
  const { terms, constant } = toLinear(a);
  const divisors = [...new Set(terms.map((t) => gcd(t.by, c)))].filter((g) => g > 1).sort((x, y) => y - x);
  for (const g of divisors) {
    const restConstant = constant - Math.floor(constant / g) * g;
    const rest = fromLinear({ terms: terms.filter((t) => t.by % g !== 0), constant: restConstant });
    if (rest.k === "lit" && rest.value === 0) continue;
    if (!small(rest, g)) continue;
    const whole = fromLinear({
      terms: terms.filter((t) => t.by % g === 0).map((t) => ({ of: t.of, by: t.by / g })),
      constant: (constant - restConstant) / g,
    });
    if (op === "floordiv") {
      const inner = floordiv(whole, c / g);
      return inner.k === "op" && inner.op === "floordiv" ? tightened(inner, bounds) : inner;
    }
    const inner = mod(whole, c / g);
    const high = inner.k === "op" && inner.op === "mod" ? tightened(inner, bounds) : inner;
    return sum([mul(high, g), rest]);
  }
  return e;
}
