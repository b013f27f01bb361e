import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Loc, Span } from "../../diagnostics/span.js";
import type { Dim } from "../../ir/dim.js";
import type { GraphBuilder } from "../../ir/graph/builder.js";
import type { Ix } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import type { CheckedProgram } from "../checked.js";

/** An index in scope while its statement is elaborated. Outer indices have lower numbers than inner ones. */
export interface Variable {
  readonly name: string;
  readonly extent: Dim;
}

/** What the whole elaboration of one model shares. */
export interface Context {
  readonly program: CheckedProgram;
  readonly builder: GraphBuilder;
  /** The sizes given by numbers, by symbol name. */
  readonly globals: ReadonlyMap<string, Dim>;
  readonly variables: Variable[];
  readonly diagnostics: Diagnostic[];
  /** Where each checkpoint key is used, to find one that is used twice. */
  readonly keys: Map<string, { readonly path: string; readonly span: Span }>;
  /** How many bodies of calls and steps may still be inlined. */
  readonly budget: { bodies: number };
}

/** Unwinds an elaboration that would not end in reasonable time; `elaborate` makes a diagnostic of it. */
export class BodiesSpent extends Error {
  constructor(readonly span: Span) {
    super("too many bodies are inlined");
  }
}

export function spendBody(cx: Context, span: Span): void {
  cx.budget.bodies--;
  if (cx.budget.bodies < 0) throw new BodiesSpent(span);
}

export function newVariable(cx: Context, name: string, extent: Dim): Ix {
  cx.variables.push({ name, extent });
  return cx.variables.length - 1;
}

export function extentOf(cx: Context, ix: Ix): Dim {
  const variable = cx.variables[ix];
  invariant(variable !== undefined, () => `variable ${ix} is unknown`);
  return variable.extent;
}

/** Binding order: the order of axes in every intermediate, so that what is computed for many indices has the outer ones first. */
export const inOrder = (variables: Iterable<Ix>): readonly Ix[] => [...variables].sort((a, b) => a - b);

/** The call (or step of a `repeat`) inside which something stands. */
export interface Caller {
  readonly loc: Loc;
  readonly step?: number;
}

export function locOf(span: Span, caller: Caller | undefined): Loc {
  const source: Loc = { kind: "source", span };
  if (caller === undefined) return source;
  const { loc, step } = caller;
  return { kind: "call", callee: source, caller: loc, ...(step === undefined ? {} : { step }) };
}
