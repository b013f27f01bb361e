import type { BufId, KExpr, Kernel, VarId } from "../../src/ir/kernel/ops.js";
import { printKernelBody } from "../../src/ir/kernel/print.js";
import { mapExprs, mapStmts, walkStmts } from "../../src/ir/kernel/visit.js";
import type { Bound, Program, Step } from "../../src/ir/program/program.js";
import type { Pass } from "../pass.js";

/**
 * Kernels that do the same become one with several dispatches. Two kernels are the same when their text is, with
 * buffers and variables numbered in order: what a layer calls its weights does not matter.
 */
export const dedupe: Pass<Program> = {
  name: "dedupe",
  summary: "equal kernels become one",
  run(program) {
    const firsts = new Map<string, Kernel>();
    const replaced = new Map<string, { readonly by: Kernel; readonly buffers: ReadonlyMap<BufId, BufId> }>();
    for (const k of program.kernels) {
      const key = printKernelBody(numbered(k));
      const first = firsts.get(key);
      if (!first) firsts.set(key, k);
      else {
        const buffers = new Map(k.buffers.map((b, i) => [b.id, first.buffers[i]?.id ?? b.id] as const));
        replaced.set(k.name, { by: first, buffers });
      }
    }
    if (replaced.size === 0) return program;
    const redirect = (steps: readonly Step[]): readonly Step[] =>
      steps.map((s): Step => {
        if (s.step === "choose") return { ...s, ...choice(redirect(s.then), redirect(s.else)) };
        const to = replaced.get(s.kernel);
        if (!to) return s;
        const bind: [BufId, Bound][] = Object.entries(s.bind).map(([id, b]) => [to.buffers.get(id) ?? id, b]);
        return { ...s, kernel: to.by.name, bind: Object.fromEntries(bind) };
      });
    return {
      ...program,
      kernels: [...firsts.values()],
      prepare: redirect(program.prepare),
      steps: redirect(program.steps),
    };
  },
};

const choice = (yes: readonly Step[], no: readonly Step[]): { then: readonly Step[]; else: readonly Step[] } => ({
  // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
  then: yes,
  else: no,
});

/** The kernel with its buffers and variables named by their order. */
function numbered(k: Kernel): Kernel {
  const buffers = new Map<BufId, BufId>(k.buffers.map((b, i) => [b.id, `b${i}`]));
  const variables = new Map<VarId, VarId>();
  walkStmts(k.body, (s) => {
    if (s.s === "let" || s.s === "for") variables.set(s.var, `v${variables.size}`);
  });
  const rename = (e: KExpr): KExpr => {
    if (e.k === "var") return { ...e, var: variables.get(e.var) ?? e.var };
    return e.k === "load" ? { ...e, buffer: buffers.get(e.buffer) ?? e.buffer } : e;
  };
  const body = mapStmts(mapExprs(k.body, rename), (s) => {
    if (s.s === "let" || s.s === "for") return { ...s, var: variables.get(s.var) ?? s.var };
    return s.s === "store" ? { ...s, buffer: buffers.get(s.buffer) ?? s.buffer } : s;
  });
  return { ...k, buffers: k.buffers.map((b) => ({ ...b, id: buffers.get(b.id) ?? b.id })), body };
}
