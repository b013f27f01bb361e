import type { Pass } from "../../src/backend/backend.js";
import { operands } from "../../src/ir/kernel/expr.js";
import type { BufId, KExpr, Kernel, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import {
  bodiesOf,
  expressionsOf,
  flatMapSame,
  mapExpr,
  walkExpr,
  walkStmts,
  withBodies,
  withExpressions,
} from "../../src/ir/kernel/visit.js";
import type { Program } from "../../src/ir/program/program.js";

/**
 * Names that say nothing give way to what they stand for: one that only the next statement uses, once, and one of a
 * register, as long as the register holds the value. The text is shorter, and a pipeline compiles from less.
 */
export const inlineNames: Pass<Program> = {
  name: "wgsl-inline",
  summary: "Names that are used at once, and names of registers, give way to their values",
  run(program) {
    const kernels = flatMapSame(program.kernels, inlined);
    return kernels === program.kernels ? program : { ...program, kernels };
  },
};

/** Operations of one expression that a line still shows well. */
const mostOperations = 8;

type Let = Extract<KStmt, { s: "let" }>;

interface Uses {
  /** How many statements use a name in their own expressions. */
  readonly statements: ReadonlyMap<VarId, number>;
  readonly registers: ReadonlySet<BufId>;
}

function inlined(kernel: Kernel): Kernel {
  const statements = new Map<VarId, number>();
  walkStmts(kernel.body, (s) => {
    for (const v of namesIn(s)) statements.set(v, (statements.get(v) ?? 0) + 1);
  });
  const registers = new Set(kernel.buffers.filter((b) => b.space === "register").map((b) => b.id));
  const body = inList(kernel.body, { statements, registers });
  return body === kernel.body ? kernel : { ...kernel, body };
}

function namesIn(s: KStmt): ReadonlySet<VarId> {
  const found = new Set<VarId>();
  const seen = new Set<KExpr>();
  for (const e of expressionsOf(s)) walkExpr(e, (x) => x.k === "var" && found.add(x.var), seen);
  return found;
}

function inList(list: readonly KStmt[], uses: Uses): readonly KStmt[] {
  const out: KStmt[] = [];
  let changed = false;
  let rest = list;
  for (let i = 0; i < rest.length; i++) {
    const s = rest[i] as KStmt;
    const after = s.s === "let" ? replaced(s, rest, i, uses) : undefined;
    if (after !== undefined) {
      rest = after;
      changed = true;
      i--;
      continue;
    }
    const bodies = bodiesOf(s);
    const inner = bodies.map((b) => inList(b, uses));
    const same = inner.every((b, j) => b === bodies[j]);
    out.push(same ? s : withBodies(s, inner));
    if (!same) changed = true;
  }
  return changed ? out : list;
}

/** The list without a name, its uses replaced, if it gives way. */
function replaced(s: Let, list: readonly KStmt[], at: number, uses: Uses): readonly KStmt[] | undefined {
  const count = uses.statements.get(s.var) ?? 0;
  if (count === 0) return undefined;
  const last = isRegister(s.value, uses.registers) ? lastUse(s, list, at, count) : nextOnly(s, list, at, count);
  if (last === undefined) return undefined;
  const put = (e: KExpr): KExpr => mapExpr(e, (x) => (x.k === "var" && x.var === s.var ? s.value : x));
  return list.flatMap((t, i) =>
    i === at ? [] : i > at && i <= last ? withExpressions(t, expressionsOf(t).map(put)) : t,
  );
}

/** The next statement, where it alone uses the name, and once. */
function nextOnly(s: Let, list: readonly KStmt[], at: number, count: number): number | undefined {
  const next = list[at + 1];
  if (count !== 1 || next === undefined || next.s === "for") return undefined;
  const times = expressionsOf(next).reduce((n, e) => n + occurrences(e, s.var), 0);
  const size = [s.value, ...expressionsOf(next)].reduce((n, e) => n + operations(e), 0);
  return times === 1 && size <= mostOperations ? at + 1 : undefined;
}

/** The last use of a register's name, where all uses come before something else is stored there or a list ends. */
function lastUse(s: Let, list: readonly KStmt[], at: number, count: number): number | undefined {
  const from = bufferOf(s.value);
  let found = 0;
  for (let i = at + 1; i < list.length; i++) {
    const t = list[i] as KStmt;
    if (t.s === "for" || t.s === "barrier") return undefined;
    if (namesIn(t).has(s.var)) found++;
    if (found === count) return t.s === "if" ? undefined : i;
    if (t.s === "if" || (t.s === "store" && t.buffer === from)) return undefined;
  }
  return undefined;
}

/** A register, or one lane of it. */
function isRegister(e: KExpr, registers: ReadonlySet<BufId>): boolean {
  const inner = e.k === "lane" ? e.of : e;
  return inner.k === "load" && registers.has(inner.buffer) && inner.at.k === "lit";
}

const bufferOf = (e: KExpr): BufId | undefined =>
  e.k === "load" ? e.buffer : e.k === "lane" ? bufferOf(e.of) : undefined;

/** How often a name stands in an expression; more than once is 2. */
function occurrences(e: KExpr, name: VarId, memo: Map<KExpr, number> = new Map()): number {
  const known = memo.get(e);
  if (known !== undefined) return known;
  const n = e.k === "var" && e.var === name ? 1 : operands(e).reduce((sum, x) => sum + occurrences(x, name, memo), 0);
  memo.set(e, Math.min(n, 2));
  return Math.min(n, 2);
}

/** Operations of an expression as text. */
const operations = (e: KExpr): number =>
  e.k === "var" || e.k === "lit" || e.k === "dim"
    ? 0
    : operands(e).reduce((n, x) => Math.min(99, n + operations(x)), 1);
