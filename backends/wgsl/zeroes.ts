import type { KExpr, Kernel, KStmt } from "../../src/ir/kernel/ops.js";
import { walkExpr } from "../../src/ir/kernel/visit.js";

/**
 * The stores of zero with which a kernel begins. WGSL's variables start as zero, so they need no text: the sums of a tile
 * are a line each otherwise. Only what stands before everything else but names counts.
 */
export function firstZeroes(kernel: Kernel): ReadonlySet<KStmt> {
  const registers = new Set(kernel.buffers.filter((b) => b.space === "register").map((b) => b.id));
  const zeroes = new Set<KStmt>();
  const set = new Set<string>();
  for (const s of inside(kernel.body)) {
    if (s.s === "let" && !readsAny(s.value, registers)) continue;
    if (s.s !== "store" || !registers.has(s.buffer) || s.at.k !== "lit" || s.value.k !== "lit") break;
    const register = `${s.buffer} ${s.at.value}`;
    if (Object.is(s.value.value, 0) && !set.has(register)) zeroes.add(s);
    set.add(register);
  }
  return zeroes;
}

/** The statements inside the grid and local loops. */
function inside(body: readonly KStmt[]): readonly KStmt[] {
  const [only] = body;
  const isShell = only?.s === "for" && (only.bind.to === "grid" || only.bind.to === "local");
  return body.length === 1 && isShell ? inside(only.body) : body;
}

function readsAny(e: KExpr, buffers: ReadonlySet<string>): boolean {
  let found = false;
  walkExpr(e, (x) => {
    if (x.k === "load" && buffers.has(x.buffer)) found = true;
  });
  return found;
}
