import type { Pass, PassContext } from "./pass.js";

/** Watches passes run; never changes what they make. */
export interface Instrument {
  /** Before a pass, on what it is given. */
  before?(pass: string, ir: unknown): void;
  /** `changed` is false when the pass returned the object that it was given. */
  after?(pass: string, ir: unknown, changed: boolean, ms: number): void;
}

/** Runs passes over one IR, in the order of the list. */
export function runPasses<I>(
  ir: I,
  passes: readonly Pass<I>[],
  cx: PassContext,
  instruments: readonly Instrument[] = [],
): I {
  return passes.reduce((current, pass) => runPass(current, pass, cx, instruments), ir);
}

/** Runs one pass, from one IR to the next or within one, under the instruments. */
export function runPass<I, O>(ir: I, pass: Pass<I, O>, cx: PassContext, instruments: readonly Instrument[] = []): O {
  for (const instrument of instruments) instrument.before?.(pass.name, ir);
  const start = performance.now();
  const result = pass.run(ir, cx);
  const ms = performance.now() - start;
  const changed = (result as unknown) !== ir;
  for (const instrument of instruments) instrument.after?.(pass.name, result, changed, ms);
  return result;
}
