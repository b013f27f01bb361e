import { dropUnused } from "../../passes/kernel/simplify.js";
import type { Pass } from "../../src/backend/backend.js";
import { operands, typeOf } from "../../src/ir/kernel/expr.js";
import type { KExpr, Kernel, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import { expressionsOf, flatMapSame, substitute, walkStmts } from "../../src/ir/kernel/visit.js";
import type { Program } from "../../src/ir/program/program.js";

/**
 * Names of sums of indices give way to the sums. An address is then seen whole: what of it a loop does not change, which
 * part is constant, which elements are neighbours (`addresses.ts`). What several addresses share is named there.
 */
export const inlineSums: Pass<Program> = {
  name: "wasm-sums",
  summary: "names of index sums give way to the sums, so that addresses are seen whole",
  run(program) {
    const kernels = flatMapSame(program.kernels, inlined);
    return kernels === program.kernels ? program : { ...program, kernels };
  },
};

function inlined(kernel: Kernel): Kernel {
  const values = new Map<VarId, KExpr>();
  walkStmts(kernel.body, (s) => {
    if (s.s === "let" && isSum(s.value)) values.set(s.var, s.value);
  });
  for (const name of namesInside(kernel.body)) values.delete(name);
  if (values.size === 0) return kernel;
  // Sums of sums: a name is bound before it is used, so each round takes away one level.
  let { body } = kernel;
  for (;;) {
    const next = substitute(body, values);
    if (next === body) break;
    body = next;
  }
  return dropUnused({ ...kernel, body });
}

/** Names that something else than a sum is made of: what was proved of it was proved of the name. */
function namesInside(body: readonly KStmt[]): ReadonlySet<VarId> {
  const found = new Set<VarId>();
  const seen = [new Set<KExpr>(), new Set<KExpr>()] as const;
  const visit = (e: KExpr, inside: boolean): void => {
    const known = seen[inside ? 1 : 0];
    if (known.has(e)) return;
    known.add(e);
    if (e.k === "var" && inside) found.add(e.var);
    for (const x of operands(e)) visit(x, e.k !== "load" && (inside || !isSum(e)));
  };
  walkStmts(body, (s) => {
    for (const e of expressionsOf(s)) visit(e, false);
  });
  return found;
}

/** Additions, and products by numbers, of whole numbers. */
const isSum = (e: KExpr): boolean =>
  e.k === "op" &&
  typeOf(e).dtype === "i32" &&
  typeOf(e).width === 1 &&
  (e.op === "add" || e.op === "sub" || e.op === "neg" || (e.op === "mul" && e.args[1]?.k === "lit"));
