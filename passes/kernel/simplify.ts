import { createBounds, type World } from "../../src/ir/kernel/bounds.js";
import type { KExpr, Kernel, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import { worldsOf } from "../../src/ir/kernel/verify.js";
import { buffersUsed, mapStmts, substitute, walkExprs, walkStmts } from "../../src/ir/kernel/visit.js";
import type { Program } from "../../src/ir/program/program.js";
import type { Pass } from "../pass.js";
import { shareExpressions } from "./shareExpressions.js";
import { tighten } from "./tighten.js";

/**
 * Makes kernels shorter without changing what they compute: decided conditions and clamps go, what is computed twice or
 * again in each turn of a loop gets a name, unused names and private buffers go.
 */
export const simplifyKernels: Pass<Program> = {
  name: "simplifyKernels",
  summary: "removes decided conditions and clamps, names common expressions, drops what is unused",
  run(program) {
    const kernels = program.kernels.map((k) => simplifyKernel(k, worldsOf(program, k)));
    return kernels.every((k, i) => k === program.kernels[i]) ? program : { ...program, kernels };
  },
};

export function simplifyKernel(kernel: Kernel, worlds: readonly World[]): Kernel {
  const body = tighten(kernel.body, worlds);
  let now = body === kernel.body ? kernel : { ...kernel, body };
  // Names that turn out to be one name make more expressions equal; a few rounds settle that.
  for (let round = 0; round < 3; round++) {
    const shared = shareExpressions(now, runs(worlds));
    const plain = withoutCopies(shared);
    now = plain;
    if (plain === shared) break;
  }
  return dropUnused(now);
}

/** Whether a loop between a literal and a literal or size has at least one turn. */
function runs(worlds: readonly World[]): (loop: KStmt & { readonly s: "for" }) => boolean {
  const bounds = createBounds(worlds);
  return ({ from, to }) => from.k === "lit" && (to.k === "lit" || to.k === "dim") && bounds.range(to).lo > from.value;
}

/** Uses what a name stands for where that is a name, a literal or a size. */
function withoutCopies(kernel: Kernel): Kernel {
  const values = new Map<VarId, KExpr>();
  walkStmts(kernel.body, (s) => {
    if (s.s !== "let") return;
    const { value } = s;
    if (value.k === "var") values.set(s.var, values.get(value.var) ?? value);
    else if (value.k === "lit" || value.k === "dim") values.set(s.var, value);
  });
  if (values.size === 0) return kernel;
  const body = mapStmts(kernel.body, (s) => (s.s === "let" && values.has(s.var) ? [] : s));
  return { ...kernel, body: substitute(body, values) };
}

/** Removes names that nothing uses, statements that are empty, and private buffers that nothing reads or writes. */
export function dropUnused(kernel: Kernel): Kernel {
  let body = kernel.body;
  for (;;) {
    const used = new Set<VarId>();
    walkExprs(body, (e) => {
      if (e.k === "var") used.add(e.var);
    });
    const next = mapStmts(body, (s): readonly KStmt[] | KStmt => {
      if (s.s === "let") return used.has(s.var) ? s : [];
      if (s.s === "for") return s.body.length === 0 && (s.bind.to === "serial" || s.bind.to === "unroll") ? [] : s;
      if (s.s === "if") return s.then.length === 0 && s.else.length === 0 ? [] : s;
      return s;
    });
    if (next === body) break;
    body = next;
  }
  const { reads, writes } = buffersUsed(body);
  const buffers = kernel.buffers.filter((b) => b.space === "global" || reads.has(b.id) || writes.has(b.id));
  if (body === kernel.body && buffers.length === kernel.buffers.length) return kernel;
  return { ...kernel, body, buffers: buffers.length === kernel.buffers.length ? kernel.buffers : buffers };
}
