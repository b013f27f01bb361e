import type { IToken } from "chevrotain";
import * as say from "../src/diagnostics/messages/lfir.js";
import type { Span } from "../src/diagnostics/span.js";
import { nearest } from "../src/diagnostics/suggest.js";
import type { Dim } from "../src/ir/dim.js";
import type { GraphBuilder } from "../src/ir/graph/builder.js";
import type { Ix, ValueId } from "../src/ir/graph/ops.js";
import { type Context, giveUp, nameOf, refuse, tokenSpan } from "./lfir.terms.js";

/** A graph that is being read: what its names stand for. A name whose node was refused stands for nothing. */
export interface Scope {
  readonly cx: Context;
  readonly builder: GraphBuilder;
  readonly values: Map<string, { readonly value: ValueId | undefined; readonly span: Span }>;
}

/** The indices of one node. */
export interface Indices {
  readonly letters: Map<string, Ix>;
  readonly extents: (Dim | undefined)[];
  /** Whether a letter that is new gets the next number: there is no `over`. */
  readonly open: boolean;
}

export function define(scope: Scope, token: IToken, value: ValueId | undefined): void {
  const name = nameOf(scope.cx, token);
  const span = tokenSpan(scope.cx, token);
  const earlier = scope.values.get(name);
  if (earlier !== undefined) refuse(scope.cx, say.nameTwice(span, "value", `%${name}`, earlier.span));
  scope.values.set(name, { value, span });
}

export function valueNamed({ cx, values }: Scope, token: IToken): ValueId {
  const name = nameOf(cx, token);
  const found = values.get(name);
  if (found === undefined) {
    const near = nearest(name, values.keys());
    return refuse(cx, say.unknownName(tokenSpan(cx, token), "value", `%${name}`, near && `%${near}`));
  }
  return found.value ?? giveUp();
}

/** The number of an index; a new one gets the next where there is no `over`. */
export function letterOf(cx: Context, ixs: Indices, token: IToken): Ix {
  const found = ixs.letters.get(token.image);
  if (found !== undefined) return found;
  if (!ixs.open) {
    const near = nearest(token.image, ixs.letters.keys());
    refuse(cx, say.unknownName(tokenSpan(cx, token), "index", token.image, near));
  }
  const next = ixs.extents.push(undefined) - 1;
  ixs.letters.set(token.image, next);
  return next;
}
