import { constDim, constValue, type Dim, sameDim } from "../../src/ir/dim.js";
import { type Bounds, createBounds } from "../../src/ir/kernel/bounds.js";
import { and, ge, int, lt, max, min, slot, sub } from "../../src/ir/kernel/builder.js";
import type { BufId, KExpr, Kernel, KStmt } from "../../src/ir/kernel/ops.js";
import { dispatchesOf, worldsOf } from "../../src/ir/kernel/verify.js";
import {
  expressionsOf,
  flatMapSame,
  globalLengths,
  ifStmt,
  mapExpr,
  withExpressions,
} from "../../src/ir/kernel/visit.js";
import type { Program, Step } from "../../src/ir/program/program.js";
import type { Pass } from "../pass.js";

/**
 * Every access is in range (rule 10): what cannot be proved is clamped into the buffer if it is a load, and made under
 * a condition if it is a store. Schedules prove most; what remains are gathers by values and subscripts whose use a
 * select discards.
 */
export const guardBounds: Pass<Program> = {
  name: "guardBounds",
  summary: "clamps loads and guards stores that are not proved in range",
  run(program) {
    const added = new Map<string, readonly Dim[]>();
    const kernels = program.kernels.map((k) => {
      const guarded = guardKernel(k, program);
      if (guarded.lengths.length > 0) added.set(k.name, guarded.lengths);
      return guarded.kernel;
    });
    if (kernels.every((k, i) => k === program.kernels[i])) return program;
    const extend = (steps: readonly Step[]): readonly Step[] =>
      flatMapSame(steps, (s): Step => {
        if (s.step === "dispatch") {
          const more = added.get(s.kernel);
          return more ? { ...s, dims: [...s.dims, ...more] } : s;
        }
        // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
        return { ...s, then: extend(s.then), else: extend(s.else) };
      });
    return { ...program, kernels, prepare: extend(program.prepare), steps: extend(program.steps) };
  },
};

/** The kernel, and the buffer lengths that its dispatches must give as further sizes. */
function guardKernel(kernel: Kernel, program: Program): { readonly kernel: Kernel; readonly lengths: readonly Dim[] } {
  const worlds = worldsOf(program, kernel);
  const bounds: Bounds = createBounds(worlds, globalLengths(kernel));
  const used = dispatchesOf([...program.prepare, ...program.steps]).some((d) => d.kernel === kernel.name);
  const lengths: Dim[] = [];
  const buffers = new Map(kernel.buffers.map((b) => [b.id, b] as const));

  const lengthOf = (id: BufId): Dim => {
    const b = buffers.get(id);
    return b === undefined ? constDim(1) : b.space === "global" ? b.length : constDim(b.length);
  };
  /** The length as an expression: a literal, a size that every dispatch gives already, or a new one. */
  const lengthExpr = (id: BufId): KExpr => {
    const length = lengthOf(id);
    const value = constValue(length);
    if (value !== undefined) return int(value);
    for (let i = 0; used && i < kernel.dims; i++) {
      if (worlds.every((w) => w[i] !== undefined && sameDim(w[i] ?? constDim(0), length))) return slot(i);
    }
    let index = lengths.findIndex((d) => sameDim(d, length));
    if (index < 0) index = lengths.push(length) - 1;
    return slot(kernel.dims + index);
  };

  const clamped = (e: KExpr): KExpr => {
    if (e.k !== "load" || buffers.get(e.buffer)?.space === "register") return e;
    let at = e.at;
    // The upper bound first: its result may be negative only where the index was.
    if (!bounds.below(at, lengthOf(e.buffer))) at = min(at, sub(lengthExpr(e.buffer), 1));
    if (!bounds.atLeastZero(e.at)) at = max(at, 0);
    return at === e.at ? e : { ...e, at };
  };

  let memo = new Map<KExpr, KExpr>();
  const under = (cond: KExpr, truth: boolean, body: readonly KStmt[]): readonly KStmt[] => {
    const outer = memo;
    memo = new Map();
    const result = bounds.assuming(cond, truth, () => list(body));
    memo = outer;
    return result;
  };
  const list = (body: readonly KStmt[]): readonly KStmt[] => flatMapSame(body, statement);
  const statement = (old: KStmt): KStmt => {
    const s = withExpressions(
      old,
      expressionsOf(old).map((e) => mapExpr(e, clamped, memo)),
    );
    switch (s.s) {
      case "let":
        bounds.let(s.var, s.value);
        return s;
      case "store": {
        if (buffers.get(s.buffer)?.space === "register") return s;
        const low = bounds.atLeastZero(s.at);
        const high = bounds.below(s.at, lengthOf(s.buffer));
        if (low && high) return s;
        const below = lt(s.at, high ? s.at : lengthExpr(s.buffer));
        const above = ge(s.at, 0);
        return ifStmt(high ? above : low ? below : and(above, below), [s]);
      }
      case "if": {
        const yes = under(s.cond, true, s.then);
        const no = under(s.cond, false, s.else);
        return yes === s.then && no === s.else ? s : ifStmt(s.cond, yes, no);
      }
      case "for": {
        bounds.loop(s);
        const body = list(s.body);
        return body === s.body ? s : { ...s, body };
      }
      case "pin":
      case "barrier":
        return s;
    }
  };
  const body = list(kernel.body);
  if (body === kernel.body) return { kernel, lengths: [] };
  return { kernel: { ...kernel, body, dims: kernel.dims + lengths.length }, lengths };
}
