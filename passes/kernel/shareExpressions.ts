import { operands, typeOf, variable, withOperands } from "../../src/ir/kernel/builder.js";
import type { BufId, KExpr, Kernel, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import { bodiesOf, expressionsOf, walkStmts, withBodies, withExpressions } from "../../src/ir/kernel/visit.js";
import { invariant } from "../../src/util/invariant.js";

/**
 * Names what is computed twice, and computes before a loop what does not change in it.
 *
 * - An expression without loads belongs to the innermost statement list in which all its variables are bound. It is
 *   named in the list that holds all its uses, or outside the outermost loop between the two.
 * - So does one that loads from read-only memory, but it leaves neither a condition nor a loop that may have no turn: no
 *   memory is read that was not read before.
 * - Another expression with loads is named within one statement list, as long as nothing is stored to what it reads.
 * - What stands only in arms of selects and loads is left there: it may read what was never written.
 *
 * Only what is worth a name gets one: see `weight`. `runs` tells whether a loop has at least one turn.
 */
export function shareExpressions(kernel: Kernel, runs: (loop: Loop) => boolean): Kernel {
  const spaces = new Map(kernel.buffers.map((b) => [b.id, b] as const));
  const constant = (id: BufId): boolean => {
    const b = spaces.get(id);
    return b?.space === "global" && b.access === "read";
  };
  const ids = createIds((id) => (spaces.get(id)?.space === "register" ? 0 : 2));

  /** Lists are met in the same order when uses are counted and when names are made. */
  const scopes: Scope[] = [];
  let next = 0;
  const enter = (parent: Scope | undefined, inside: Loop | undefined, counting: boolean): Scope => {
    if (!counting) {
      const found = scopes[next++];
      invariant(found, () => "the second walk meets other lists than the first");
      return found;
    }
    const made: Scope = {
      parent,
      isLoop: inside !== undefined,
      sure: inside !== undefined && runs(inside),
      depth: parent ? parent.depth + 1 : 0,
      stable: new Map(),
      moving: new Map(),
      pending: [],
    };
    scopes.push(made);
    return made;
  };

  const bound = new Map<VarId, Scope>();
  const homeOf = (e: KExpr, here: Scope, root: Scope): Scope => {
    let home = root;
    for (const v of ids.of(e).variables) {
      const s = bound.get(v);
      if (s && s.depth > home.depth && s.depth <= here.depth) home = s;
    }
    return home;
  };

  const versions = new Map<BufId, number>();
  let version = 0;
  const bump = (id: BufId): void => void versions.set(id, ++version);
  const bumpAll = (): void => {
    for (const b of kernel.buffers) if (b.space === "shared" || (b.space === "global" && !constant(b.id))) bump(b.id);
  };
  const versionKey = (e: KExpr): string => {
    const { id, loads } = ids.of(e);
    return `${id}:${[...loads].map((b) => (constant(b) ? 0 : (versions.get(b) ?? 0))).join()}`;
  };

  const isStable = (e: KExpr): boolean => [...ids.of(e).loads].every(constant);
  const infoOf = (e: KExpr, here: Scope, root: Scope): { readonly info: Info; readonly home: Scope } => {
    const { loads } = ids.of(e);
    const stable = isStable(e);
    let home = stable ? homeOf(e, here, root) : here;
    // A load goes out of loops that have a turn, and no further.
    if (stable && loads.size > 0) {
      let reach = here;
      while (reach !== home && reach.sure && reach.parent) reach = reach.parent;
      home = reach;
    }
    const table = stable ? home.stable : home.moving;
    const key = stable ? String(ids.of(e).id) : versionKey(e);
    let info = table.get(key);
    if (!info) {
      info = { count: 0, lca: here, seen: new Set(), outside: false };
      table.set(key, info);
    }
    return { info, home };
  };

  const count = (e: KExpr, here: Scope, root: Scope, arm: boolean, fresh: boolean): void => {
    if (e.k === "lit" || e.k === "var" || e.k === "dim") return;
    const { info } = infoOf(e, here, root);
    const first = info.count === 0;
    if (fresh) info.count++;
    info.lca = common(info.lca, here);
    const settled = info.seen.has(here) && (info.outside || arm);
    info.seen.add(here);
    if (!arm) info.outside = true;
    if (settled) return;
    operands(e).forEach((x, i) => {
      count(x, here, root, arm || (e.k === "op" && e.op === "select" && i > 0), first);
    });
  };

  const walk = (
    body: readonly KStmt[],
    scope: Scope,
    root: Scope,
    counting: boolean,
    visit: (s: KStmt, inner: () => readonly (readonly KStmt[])[]) => void,
  ): void => {
    for (const s of body) {
      if (s.s === "let") bound.set(s.var, scope);
      visit(s, () =>
        bodiesOf(s).map((b) => {
          const inner = enter(scope, s.s === "for" ? s : undefined, counting);
          if (s.s === "for") bound.set(s.var, inner);
          return process(b, inner, root, counting);
        }),
      );
      if (s.s === "store") bump(s.buffer);
      if (s.s === "barrier") bumpAll();
      if (s.s === "for" || s.s === "if") {
        walkStmts([s], (x) => {
          if (x.s === "store") bump(x.buffer);
          if (x.s === "barrier") bumpAll();
        });
      }
    }
  };

  const fresh = freshNames(kernel);

  const process = (body: readonly KStmt[], scope: Scope, root: Scope, counting: boolean): readonly KStmt[] => {
    const out: KStmt[] = [];
    walk(body, scope, root, counting, (s, inner) => {
      if (counting) {
        for (const e of expressionsOf(s)) count(e, scope, root, false, true);
        inner();
        return;
      }
      const own = expressionsOf(s).map((e) => rewrite(e, scope, root, scope, s.s === "let" ? s.var : undefined));
      const made = withBodies(withExpressions(s, own), inner());
      out.push(...scope.pending.splice(0), made);
    });
    return counting || same(out, body) ? body : out;
  };

  /** `where`: the list in which the expression is evaluated. `given`: the name that a statement gives it. */
  const rewrite = (e: KExpr, here: Scope, root: Scope, where: Scope, given?: VarId): KExpr => {
    if (e.k === "lit" || e.k === "var" || e.k === "dim") return e;
    const { info, home } = infoOf(e, here, root);
    const stable = isStable(e);
    const place = stable ? placement(home, info.lca) : here;
    const again = (where2: Scope): KExpr =>
      withOperands(
        e,
        operands(e).map((x) => rewrite(x, here, root, where2)),
      );
    if (info.name !== undefined) return variable(info.name, typeOf(e));
    const heavy = ids.of(e).weight >= 2;
    const leavesLoop = stable && loopBetween(where, place);
    const worth = (info.count > 1 && (heavy || leavesLoop)) || (leavesLoop && heavy);
    const wanted = worth && (info.outside || ids.of(e).loads.size === 0);
    if (!wanted) return again(where);
    if (given !== undefined && place === where) {
      info.name = given;
      return again(where);
    }
    const value = again(place);
    if (value.k === "var" || value.k === "lit") return value;
    const name = fresh(hintFor(e));
    info.name = name;
    place.pending.push({ s: "let", var: name, value });
    if (!bound.has(name)) bound.set(name, place);
    return variable(name, typeOf(e));
  };

  const { outer, body } = shell(kernel.body);
  const run = (counting: boolean): readonly KStmt[] => {
    const root = enter(undefined, undefined, counting);
    return process(body, root, root, counting);
  };
  run(true);
  version = 0;
  versions.clear();
  const result = run(false);
  return result === body ? kernel : { ...kernel, body: outer(result) };
}

type Loop = KStmt & { readonly s: "for" };

interface Scope {
  readonly parent: Scope | undefined;
  readonly isLoop: boolean;
  /** The body of a loop that has at least one turn. */
  readonly sure: boolean;
  readonly depth: number;
  readonly stable: Map<string, Info>;
  readonly moving: Map<string, Info>;
  readonly pending: KStmt[];
}

interface Info {
  count: number;
  /** The innermost list that holds all uses. */
  lca: Scope;
  readonly seen: Set<Scope>;
  /** Whether some use is not in an arm of a select. */
  outside: boolean;
  name?: VarId;
}

function hintFor(e: KExpr): string {
  if (e.k === "load") return e.buffer;
  const { dtype } = typeOf(e);
  return dtype === "i32" ? "at" : dtype === "bool" ? "holds" : "x";
}

function common(a: Scope, b: Scope): Scope {
  let [x, y] = [a, b];
  while (x !== y) {
    if (x.depth >= y.depth && x.parent) x = x.parent;
    else if (y.parent) y = y.parent;
    else break;
  }
  return x;
}

/** Outside the outermost loop between where an expression is known and where it is used; else where it is used. */
function placement(home: Scope, used: Scope): Scope {
  let place = used;
  for (let s: Scope | undefined = used; s && s !== home; s = s.parent) if (s.isLoop && s.parent) place = s.parent;
  return place;
}

function loopBetween(inner: Scope, outer: Scope): boolean {
  for (let s: Scope | undefined = inner; s && s !== outer; s = s.parent) if (s.isLoop) return true;
  return false;
}

const same = (a: readonly KStmt[], b: readonly KStmt[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

/** The grid and local loops, and what is inside them. */
function shell(body: readonly KStmt[]): {
  readonly outer: (inner: readonly KStmt[]) => readonly KStmt[];
  readonly body: readonly KStmt[];
} {
  const only = body.length === 1 ? body[0] : undefined;
  if (only?.s !== "for" || (only.bind.to !== "grid" && only.bind.to !== "local")) return { outer: (b) => b, body };
  const inner = shell(only.body);
  return { outer: (b) => [{ ...only, body: inner.outer(b) }], body: inner.body };
}

function freshNames(k: Kernel): (hint: string) => VarId {
  const used = new Set<string>(k.buffers.map((b) => b.id));
  walkStmts(k.body, (s) => {
    if (s.s === "let" || s.s === "for") used.add(s.var);
  });
  const counters = new Map<string, number>();
  return (hint) => {
    for (;;) {
      const n = (counters.get(hint) ?? 0) + 1;
      counters.set(hint, n);
      const name = `${hint}_${n}`;
      if (used.has(name)) continue;
      used.add(name);
      return name;
    }
  };
}

interface Facts {
  /** Equal for equal expressions. */
  readonly id: number;
  readonly variables: ReadonlySet<VarId>;
  readonly loads: ReadonlySet<BufId>;
  /** How much a name for it saves: operations, divisions and functions counting more. */
  readonly weight: number;
}

const costly = new Set([
  "exp",
  "log",
  "sqrt",
  "rsqrt",
  "sin",
  "cos",
  "tanh",
  "erf",
  "sigmoid",
  "gelu",
  "gelu_tanh",
  "silu",
  "pow",
  "div",
  "floordiv",
  "mod",
]);

/** Numbers expressions so that equal ones, and only they, have equal numbers. */
function createIds(loadWeight: (id: BufId) => number): { of(e: KExpr): Facts } {
  const byText = new Map<string, Facts>();
  const byObject = new Map<KExpr, Facts>();
  const of = (e: KExpr): Facts => {
    const known = byObject.get(e);
    if (known) return known;
    const parts = operands(e).map(of);
    const type = typeOf(e);
    const key = `${head(e)}|${type.dtype}${type.width}|${parts.map((p) => p.id).join()}`;
    let facts = byText.get(key);
    if (!facts) {
      const own =
        e.k === "load"
          ? loadWeight(e.buffer)
          : e.k === "op" && e.op === "splat"
            ? 0
            : e.k === "op" && costly.has(e.op)
              ? 2
              : 1;
      facts = {
        id: byText.size,
        variables: union(
          parts.map((p) => p.variables),
          e.k === "var" ? e.var : undefined,
        ),
        loads: union(
          parts.map((p) => p.loads),
          e.k === "load" ? e.buffer : undefined,
        ),
        weight:
          e.k === "lit" || e.k === "var" || e.k === "dim"
            ? 0
            : Math.min(
                1000,
                parts.reduce((n, p) => n + p.weight, own),
              ),
      };
      byText.set(key, facts);
    }
    byObject.set(e, facts);
    return facts;
  };
  return { of };
}

function union(sets: readonly ReadonlySet<string>[], more: string | undefined): ReadonlySet<string> {
  const filled = sets.filter((s) => s.size > 0);
  if (more === undefined && filled.length <= 1) return filled[0] ?? new Set();
  const all = new Set<string>();
  for (const s of filled) for (const x of s) all.add(x);
  if (more !== undefined) all.add(more);
  return all;
}

function head(e: KExpr): string {
  switch (e.k) {
    case "lit":
      return `lit ${Object.is(e.value, -0) ? "-0" : e.value}`;
    case "var":
      return `var ${e.var}`;
    case "dim":
      return `dim ${e.slot}`;
    case "load":
      return `load ${e.buffer}`;
    case "op":
    case "fold":
      return `${e.k} ${e.op}`;
    case "lane":
      return `lane ${e.lane}`;
    case "pack":
      return "pack";
    case "subgroup":
      return `subgroup ${e.op} ${e.lane ?? ""}`;
  }
}
