import type { IToken } from "chevrotain";
import * as say from "../src/diagnostics/messages/lfir.js";
import { type Loc, noLoc, type SourceFile, type Span } from "../src/diagnostics/span.js";
import { nearest } from "../src/diagnostics/suggest.js";
import { graphBuilder, sameType } from "../src/ir/graph/builder.js";
import type { Graph, Init, Ix, Monoid, Op, TensorType, Use, ValueId, Where } from "../src/ir/graph/ops.js";
import { printType } from "../src/ir/graph/print.js";
import { scalarArgs } from "../src/ir/graph/visit.js";
import { InternalError } from "../src/util/invariant.js";
import type { Expr, GraphText, Indexed, InputText, LocText, NodeText, OpText, TypeText } from "./lfir.ast.js";
import { scalarOf, useOf } from "./lfir.scalar.js";
import { define, type Indices, letterOf, type Scope, valueNamed } from "./lfir.scope.js";
import {
  attempt,
  type Context,
  declareDim,
  dtypeOf,
  exprSpan,
  giveUp,
  literalOf,
  nameOf,
  refuse,
  sizeOf,
  tokenSpan,
  wholeToken,
} from "./lfir.terms.js";

/** Syntax tree → graph, through the ordinary builder. */
export interface GraphContext extends Context {
  /** Where each node stands, in the order of the nodes. */
  readonly spans: Span[];
  /** The text of a file that a `loc(…)` names, if it is at hand. */
  readonly source: (path: string) => SourceFile | undefined;
}

/** The graph, or undefined where something was refused. */
export function toGraph(cx: GraphContext, text: GraphText): Graph | undefined {
  const before = cx.diagnostics.length;
  for (const d of text.dims) attempt(() => declareDim(cx, d));
  const scope: Scope = { cx, builder: graphBuilder(), values: new Map() };
  for (const input of text.inputs) attempt(() => addInput(cx, scope, input));
  for (const node of text.nodes) {
    const value = attempt(() => addNode(cx, scope, node));
    if (value !== undefined && value === cx.spans.length) cx.spans.push(tokenSpan(cx, node.name));
    attempt(() => define(scope, node.name, value));
  }
  return attempt(() => {
    const outputs = text.outputs.map((o) => ({ name: nameOf(cx, o.name), value: valueNamed(scope, o.value) }));
    return cx.diagnostics.length > before ? giveUp() : scope.builder.finish(nameOf(cx, text.name), outputs);
  });
}

function typeOf(cx: Context, text: TypeText): TensorType {
  return { dtype: dtypeOf(cx, text.dtype), shape: text.shape.map((e) => sizeOf(cx, e)) };
}

function addInput(cx: GraphContext, scope: Scope, text: InputText): void {
  const name = nameOf(cx, text.quoted ?? text.name);
  const span = tokenSpan(cx, text.name);
  const count = scope.builder.size();
  const value = attempt(() => add(scope, { op: "input", name }, { kind: "source", span }, typeOf(cx, text.type), span));
  if (value !== undefined && scope.builder.size() === count)
    refuse(cx, say.nameTwice(span, "input", name, cx.spans[value]));
  if (value !== undefined) cx.spans.push(span);
  define(scope, text.name, value);
}

/** The builder's own complaints are about the text here. */
function add({ cx, builder }: Scope, op: Op, loc: Loc, type: TensorType | undefined, span: Span): ValueId {
  try {
    return builder.add(op, loc, type);
  } catch (error) {
    if (!(error instanceof InternalError)) throw error;
    return refuse(cx, say.unsound(span, error.message));
  }
}

function addNode(cx: GraphContext, scope: Scope, text: NodeText): ValueId {
  const span = tokenSpan(cx, text.name);
  const loc = text.loc === undefined ? ({ kind: "source", span } as const) : locOf(cx, text.loc);
  const written = text.type && typeOf(cx, text.type);
  if (text.op.op !== "region" && text.graphs.length > 0) refuse(cx, say.noGraphs(span, text.op.op, false));
  const op = opOf(cx, scope, text.op, text.graphs, span);
  if (op.op === "param" && written === undefined)
    refuse(cx, say.wrongType(span, "without a type", "a parameter, which has one"));
  const count = scope.builder.size();
  const value = add(scope, op, loc, op.op === "param" ? written : undefined, span);
  // The builder gives back what it has: right for a computation, a mistake for a declaration.
  if (op.op === "param" && scope.builder.size() === count)
    refuse(cx, say.nameTwice(span, "parameter", op.path, cx.spans[value]));
  const is = scope.builder.type(value);
  if (written !== undefined && !sameType(written, is))
    refuse(cx, say.wrongType(text.type ? typeSpan(cx, text.type) : span, printType(written), printType(is)));
  return value;
}

const typeSpan = (cx: Context, text: TypeText): Span => ({
  ...tokenSpan(cx, text.dtype),
  end: tokenSpan(cx, text.end).end,
});

function opOf(cx: GraphContext, scope: Scope, text: OpText, graphs: readonly GraphText[], span: Span): Op {
  switch (text.op) {
    case "param": {
      const from = text.from && {
        key: nameOf(cx, text.from),
        ...(text.as && { layout: nameOf(cx, text.as) }),
        ...(text.axes && { axes: text.axes.map((a) => nameOf(cx, a)) }),
      };
      const path = nameOf(cx, text.path);
      return { op: "param", path, init: initOf(cx, text.init), fixed: text.fixed, ...(from && { from }) };
    }
    case "concat":
      return { op: "concat", args: text.args.map((v) => valueNamed(scope, v)), axis: wholeToken(cx, text.axis) };
    case "region": {
      const args = text.args.map((v) => valueNamed(scope, v));
      const [body, ...plans] = graphs.map((g) => toGraph({ ...cx, spans: [] }, g) ?? giveUp());
      if (body === undefined) return refuse(cx, say.noGraphs(span, "region", true));
      const strategy = nameOf(cx, text.strategy);
      const result = wholeToken(cx, text.result);
      return { op: "region", strategy, args, body, result, ...(plans.length > 0 && { plans }) };
    }
    default:
      return indexedOp(cx, scope, text, span);
  }
}

type IndexedText = Extract<OpText, Indexed>;

function indexedOp(cx: Context, scope: Scope, text: IndexedText, span: Span): Op {
  const ixs: Indices = { letters: new Map(), extents: [], open: text.over === undefined };
  for (const { ix, extent } of text.over ?? []) {
    if (ixs.letters.has(ix.image)) refuse(cx, say.nameTwice(tokenSpan(cx, ix), "index", ix.image));
    ixs.letters.set(ix.image, ixs.extents.push(sizeOf(cx, extent)) - 1);
  }
  const out = text.out.map((ix) => letterOf(cx, ixs, ix));
  text.out.forEach((ix, position) => {
    const earlier = text.out.findIndex((other) => other.image === ix.image);
    const first = text.out[earlier];
    if (earlier < position && first !== undefined)
      refuse(cx, say.nameTwice(tokenSpan(cx, ix), "index", ix.image, tokenSpan(cx, first)));
  });
  const uses = text.uses.map((e) => useOf(scope, ixs, e));
  const where = text.where && whereOf(scope, ixs, text.where);
  const axis = text.op === "softmax" ? letterOf(cx, ixs, text.axis) : 0;
  const body = text.op === "map" ? scalarWith(scope, ixs, uses, text.body) : undefined;

  const nameAt = (ix: Ix): string => [...ixs.letters].find(([, i]) => i === ix)?.[0] ?? "?";
  const extents = ixs.extents.map((d, ix) => d ?? refuse(cx, say.unknownExtent(span, nameAt(ix))));
  switch (text.op) {
    case "contract":
      return {
        op: "contract",
        factors: uses,
        out,
        extents,
        ...(where && { where }),
        accum: text.accum ? dtypeOf(cx, text.accum) : accumOf(scope, uses),
      };
    case "map": {
      const missing = extents.findIndex((_, ix) => !out.includes(ix));
      if (missing >= 0) refuse(cx, say.indexMissing(span, nameAt(missing)));
      return { op: "map", args: uses, out, extents, body: body ?? giveUp() };
    }
    case "reduce": {
      const [arg = giveUp()] = uses;
      return { op: "reduce", monoid: monoidOf(cx, text.monoid), arg, out, extents, ...(where && { where }) };
    }
    case "softmax": {
      const [arg = giveUp()] = uses;
      return { op: "softmax", arg, axis, extents, ...(where && { where }) };
    }
  }
}

/** f32 for floats, else the dtype of the factors. */
function accumOf({ builder }: Scope, factors: readonly Use[]): TensorType["dtype"] {
  const [first = giveUp()] = factors;
  const { dtype } = builder.type(first.value);
  return dtype === "f16" ? "f32" : dtype;
}

function whereOf(scope: Scope, ixs: Indices, text: { readonly args: readonly Expr[]; readonly body: Expr }): Where {
  const args = text.args.map((e) => useOf(scope, ixs, e));
  return { args, body: scalarWith(scope, ixs, args, text.body) };
}

function scalarWith(scope: Scope, ixs: Indices, args: readonly Use[], e: Expr) {
  const body = scalarOf(scope, ixs, e);
  for (const arg of scalarArgs(body))
    if (arg >= args.length) refuse(scope.cx, say.noArgument(exprSpan(scope.cx, e), arg, args.length));
  return body;
}

const monoids: readonly string[] = ["sum", "max", "min", "prod", "argmax", "argmin"] satisfies readonly Monoid[];

function monoidOf(cx: Context, token: IToken): Monoid {
  if (!monoids.includes(token.image))
    refuse(cx, say.unknownName(tokenSpan(cx, token), "function", token.image, nearest(token.image, monoids)));
  return token.image as Monoid; // just looked up
}

function initOf(cx: Context, { name, args }: { readonly name: IToken; readonly args: readonly Expr[] }): Init {
  const numbers = args.map((e) => literalOf(e)?.value ?? refuse(cx, say.misplaced(exprSpan(cx, e), "whole number")));
  const [a, b] = numbers;
  const count = (wanted: number): void => {
    if (numbers.length !== wanted)
      refuse(cx, say.argumentCount(tokenSpan(cx, name), name.image, String(wanted), numbers.length));
  };
  switch (name.image) {
    case "zeros":
    case "ones":
    case "xavier":
      count(0);
      return { kind: name.image };
    case "normal":
      count(1);
      return { kind: "normal", std: a ?? giveUp() };
    case "uniform":
      count(2);
      return { kind: "uniform", lo: a ?? giveUp(), hi: b ?? giveUp() };
    default:
      return refuse(cx, say.unknownName(tokenSpan(cx, name), "initialiser", name.image));
  }
}

function locOf(cx: GraphContext, { at, from }: LocText): Loc {
  const inner = placeOf(cx, at);
  if (from === undefined) return inner;
  const step = from.step && wholeToken(cx, from.step);
  return { kind: "call", callee: inner, caller: locOf(cx, from.caller), ...(step !== undefined && { step }) };
}

function placeOf(cx: GraphContext, at: LocText["at"]): Loc {
  switch (at.kind) {
    case "place": {
      const [, path = "", line, column] = /^(.*):(\d+):(\d+)$/.exec(at.place.image) ?? [];
      return sourceLoc(cx, path, Number(line), Number(column));
    }
    case "quoted":
      return sourceLoc(cx, nameOf(cx, at.path), wholeToken(cx, at.line), wholeToken(cx, at.column));
    case "fused":
      return { kind: "fused", pass: nameOf(cx, at.pass), from: at.from.map((l) => locOf(cx, l)) };
    case "group":
      return locOf(cx, at.of);
    case "none":
      return noLoc;
  }
}

/** How many lines or columns are before one. */
const clamp = (n: number): number => Math.max(0, Math.min(n, 1e5) - 1);

/** The text says the line and column where something begins. Without the file, blank lines stand for what is before. */
function sourceLoc(cx: GraphContext, path: string, line: number, column: number): Loc {
  const known = cx.source(path);
  const file = known ?? { path, text: "\n".repeat(clamp(line)) + " ".repeat(clamp(column)) };
  let start = 0;
  for (let n = 1; n < line; n++) {
    const end = file.text.indexOf("\n", start);
    if (end < 0) break;
    start = end + 1;
  }
  start = Math.min(start + column - 1, file.text.length);
  return { kind: "source", span: { file, start, end: start } };
}
