import { byteSize } from "../../src/ir/dtype.js";
import { int, literalOf, variable } from "../../src/ir/kernel/builder.js";
import type { BufId, KExpr, Kernel, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import {
  bodiesOf,
  flatMapSame,
  mapStmts,
  substitute,
  walkExprs,
  walkStmts,
  withBodies,
} from "../../src/ir/kernel/visit.js";
import type { Program } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import type { Pass, PassContext } from "../pass.js";

/**
 * Repeats the body of each `unroll` loop, so that every index into registers is a literal (rules 4 and 5).
 *
 * Code must not explode. A loop whose variable no register index needs becomes serial where its copies would be more
 * than a few; and where even the needed copies exceed `statementLimit`, the registers in question move to scratch memory
 * and their loops become serial too.
 */
const statementLimit = 4096;
const needlessLimit = 128;

export const unroll: Pass<Program> = {
  name: "unroll",
  summary: "repeats the bodies of unroll loops; register indices become literals",
  run(program, cx) {
    const kernels = program.kernels.map((k) => unrollKernel(k, cx));
    return kernels.every((k, i) => k === program.kernels[i]) ? program : { ...program, kernels };
  },
};

type Loop = KStmt & { readonly s: "for" };

export function unrollKernel(kernel: Kernel, cx: PassContext): Kernel {
  let any = false;
  walkStmts(kernel.body, (s) => {
    if (s.s === "for" && s.bind.to === "unroll") any = true;
  });
  if (!any) return kernel;
  const needed = registerVariables(kernel);
  let body = mapStmts(kernel.body, (s) => (isNeedless(s, needed) ? serial(s) : s));
  let buffers = kernel.buffers;
  if (size(body) > statementLimit) {
    const spilled = spills(kernel, cx);
    invariant(spilled.size > 0, () => `kernel ${kernel.name}: unrolling makes ${size(body)} statements`);
    buffers = buffers.map((b) => (spilled.has(b.id) && b.space === "register" ? { ...b, space: "scratch" } : b));
    body = mapStmts(kernel.body, (s) =>
      s.s === "for" && s.bind.to === "unroll" && usesOnly(s, spilled, kernel) ? serial(s) : s,
    );
  }
  return { ...kernel, buffers, body: withoutLiterals(expand(body, freshNames(kernel))) };
}

/** Names of what is a literal now give way to it: the index of a register may have had one. */
function withoutLiterals(body: readonly KStmt[]): readonly KStmt[] {
  for (let now = body; ; ) {
    const values = new Map<VarId, KExpr>();
    walkStmts(now, (s) => {
      if (s.s === "let" && s.value.k === "lit") values.set(s.var, s.value);
    });
    if (values.size === 0) return now;
    now = substitute(
      mapStmts(now, (s) => (s.s === "let" && values.has(s.var) ? [] : s)),
      values,
    );
  }
}

const isUnroll = (s: KStmt): s is Loop => s.s === "for" && s.bind.to === "unroll";
const serial = (s: KStmt): KStmt => (s.s === "for" ? { ...s, bind: { to: "serial" } } : s);

/** Variables on which the index of some register buffer depends, through names too. */
function registerVariables(k: Kernel): ReadonlySet<VarId> {
  const registers = new Set(k.buffers.filter((b) => b.space === "register").map((b) => b.id));
  const found = new Set<VarId>();
  const lets = new Map<VarId, KExpr>();
  const take = (e: KExpr): void =>
    walkExprs([{ s: "let", var: "", value: e }], (x) => {
      if (x.k !== "var" || found.has(x.var)) return;
      found.add(x.var);
      const value = lets.get(x.var);
      if (value) take(value);
    });
  walkStmts(k.body, (s) => {
    if (s.s === "let") lets.set(s.var, s.value);
  });
  walkExprs(k.body, (e) => {
    if (e.k === "load" && registers.has(e.buffer)) take(e.at);
  });
  walkStmts(k.body, (s) => {
    if (s.s === "store" && registers.has(s.buffer)) take(s.at);
  });
  return found;
}

function trips(s: Loop): number {
  const [from, to] = [literalOf(s.from), literalOf(s.to)];
  // Bounds that are not literal yet become so when the loops round them are unrolled; one turn is the least.
  return from === undefined || to === undefined ? 1 : Math.max(0, Math.ceil((to - from) / s.step));
}

/** Statements after unrolling. */
function size(body: readonly KStmt[]): number {
  let n = 0;
  for (const s of body) {
    const inner = bodiesOf(s).reduce((m, b) => m + size(b), 0);
    n += isUnroll(s) ? inner * trips(s) : 1 + inner;
  }
  return n;
}

/** Whether a loop may as well stay a loop, and unrolling it would make much text. */
const isNeedless = (s: KStmt, needed: ReadonlySet<VarId>): boolean =>
  isUnroll(s) &&
  !needed.has(s.var) &&
  size([s]) > needlessLimit &&
  literalOf(s.from) !== undefined &&
  literalOf(s.to) !== undefined;

/** The register buffers that are too large to be names, largest first, as far as private memory goes. */
function spills(k: Kernel, cx: PassContext): ReadonlySet<BufId> {
  let free = cx.target.privateBytes;
  const spilled = new Set<BufId>();
  for (const b of [...k.buffers].sort((x, y) => size32(y) - size32(x))) {
    if (b.space !== "register" || b.length < 8) continue;
    const bytes = b.length * b.type.width * byteSize(b.type.dtype);
    if (bytes > free) continue;
    free -= bytes;
    spilled.add(b.id);
  }
  return spilled;
}

const size32 = (b: Kernel["buffers"][number]): number => (typeof b.length === "number" ? b.length * b.type.width : 0);

/** Whether all registers that the loop's variable indexes are among `spilled`. */
function usesOnly(loop: Loop, spilled: ReadonlySet<BufId>, k: Kernel): boolean {
  const rest = { ...k, buffers: k.buffers.filter((b) => !spilled.has(b.id)) };
  return !registerVariables({ ...rest, body: k.body }).has(loop.var);
}

/** Makes names that the kernel does not have: `x_1`, `x_2` … for `x` and for `x_1`. */
function freshNames(kernel: Kernel): (name: VarId) => VarId {
  const used = new Set<string>(kernel.buffers.map((b) => b.id));
  const counters = new Map<string, number>();
  walkStmts(kernel.body, (s) => {
    if (s.s === "let" || s.s === "for") used.add(s.var);
  });
  return (name) => {
    const base = name.replace(/_\d+$/, "");
    for (;;) {
      const n = (counters.get(base) ?? 0) + 1;
      counters.set(base, n);
      const id = `${base}_${n}`;
      if (used.has(id)) continue;
      used.add(id);
      return id;
    }
  };
}

/** Outer loops first: the bounds of an inner one may depend on them. */
function expand(body: readonly KStmt[], fresh: (name: VarId) => VarId): readonly KStmt[] {
  return flatMapSame(body, (s) => {
    if (isUnroll(s)) return expand(copies(s, fresh), fresh);
    return withBodies(
      s,
      bodiesOf(s).map((b) => expand(b, fresh)),
    );
  });
}

function copies(s: Loop, fresh: (name: VarId) => VarId): readonly KStmt[] {
  const [from, to] = [literalOf(s.from), literalOf(s.to)];
  invariant(from !== undefined && to !== undefined, () => `the unroll loop ${s.var} has no literal bounds`);
  const result: KStmt[] = [];
  for (let i = from; i < to; i += s.step) {
    const body = i === from ? s.body : renamed(s.body, fresh);
    result.push(...substitute(body, new Map([[s.var, int(i)]])));
  }
  return result;
}

/** A copy of statements whose variables have new names. */
function renamed(body: readonly KStmt[], fresh: (name: VarId) => VarId): readonly KStmt[] {
  const map = new Map<VarId, VarId>();
  walkStmts(body, (s) => {
    if (s.s === "let" || s.s === "for") map.set(s.var, fresh(s.var));
  });
  if (map.size === 0) return body;
  const values = new Map<VarId, KExpr>();
  walkExprs(body, (e) => {
    const to = e.k === "var" ? map.get(e.var) : undefined;
    if (e.k === "var" && to !== undefined) values.set(e.var, variable(to, e.type));
  });
  return substitute(
    mapStmts(body, (s) => (s.s === "let" || s.s === "for" ? { ...s, var: map.get(s.var) ?? s.var } : s)),
    values,
  );
}
