import type { Binder, Expr } from "../../grammar/lf.ast.js";
import * as indices from "../diagnostics/messages/indices.js";
import * as say from "../diagnostics/messages/types.js";
import { addDim, type Dim } from "../ir/dim.js";
import { report } from "./context.js";
import { adapt, inferTensor, showValue } from "./expressions.js";
import { assume, assumeChain } from "./facts.js";
import type { Frame } from "./frame.js";
import {
  addConcat,
  closeIndex,
  fail,
  type IndexVar,
  knownRange,
  linkIndices,
  openIndex,
  settleIndices,
} from "./indices.js";
import { commonType, described, inferOperands, type Operand, sameShape } from "./operands.js";
import { checkComparison } from "./operators.js";
import { type Element, errorValue, isFlexible, isReal, scalar, tensor, type Value } from "./value.js";
import { textOf } from "./walk.js";

type Reduction = Extract<Expr, { kind: "reduction" }>;

/** E4: a scalar over bound indices. The bounds and conditions stand to the left of what they apply to (I1). */
export function inferReduction(f: Frame, e: Reduction): Value {
  const { cx, scope } = f;
  const before = f.facts;
  const opened: { readonly index: IndexVar; readonly around: IndexVar | undefined }[] = [];
  let failed = false;
  if ((e.op === "argmax" || e.op === "argmin") && e.binders.length > 1) {
    report(cx, say.argOfSeveral(e.binders[1]?.span ?? e.span, e.op));
    failed = true;
  }
  for (const binder of e.binders) {
    const around = e.op === "softmax" ? outsideOf(f, binder) : undefined;
    if (e.op === "softmax" && around === undefined) failed = true;
    const index = openIndex(f, binder.index, e.op === "softmax" ? "softmax" : "reduction", around);
    opened.push({ index, around });
    if (binder.chain !== undefined && !shortForm(f, index, binder.chain)) failed = true;
    if (binder.where !== undefined && !condition(f, binder.where)) failed = true;
  }
  const value = inferTensor(f, e.of);
  for (const { index, around } of opened.toReversed()) {
    closeIndex(f, index);
    if (around === undefined) scope.ended.set(index.name.text, { reduction: e.span, op: e.op });
  }
  f.facts = before;
  if (value === undefined || failed) return errorValue;
  if (value.shape.length > 0) {
    report(cx, say.reductionOfTensor(e.of.span, e.op, textOf(e.of), showValue(f, value)));
    return errorValue;
  }
  return scalarResult(f, e, value.dtype);
}

function scalarResult(f: Frame, e: Reduction, dtype: Element): Value {
  const { cx } = f;
  if (dtype === "bool") {
    report(cx, say.reductionOfBool(e.of.span, e.op, textOf(e.of)));
    return errorValue;
  }
  if (e.op === "argmax" || e.op === "argmin") {
    if (isFlexible(dtype)) adapt(f, e.of, scalar(dtype), dtype === "int" ? "i32" : "f32");
    return scalar("i32");
  }
  if (e.op === "mean" || e.op === "softmax") {
    if (dtype === "int") return scalar("real");
    if (!isReal(dtype)) {
      report(cx, say.realFunctionOfWhole(e.of.span, e.op, textOf(e.of), dtype));
      return errorValue;
    }
  }
  return scalar(dtype);
}

/** E4: `softmax` keeps its index, so that index must be known outside. */
function outsideOf(f: Frame, binder: Binder): IndexVar | undefined {
  const { name } = binder.index;
  const binding = f.scope.local.get(name.text);
  if (binding?.index !== undefined) {
    f.cx.names.set(name, binding.entity);
    return binding.index;
  }
  if (binding === undefined && !f.scope.module.visible.has(name.text)) {
    report(f.cx, indices.softmaxUnkept(name));
  }
  return undefined;
}

/** The short form `m <= n`, `n - W < m <= n`: a comparison that also links the ranges (I2 c). */
function shortForm(f: Frame, index: IndexVar, chain: NonNullable<Binder["chain"]>): boolean {
  const operands = inferOperands(f, chain.operands);
  if (operands === undefined) return false;
  const [first, last] = [chain.operands[0], chain.operands.at(-1)];
  if (first === undefined || last === undefined) return false;
  const span = { ...first.span, end: last.span.end };
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i];
    if (operand === undefined || i === chain.position) continue;
    const other = linkedIndex(f, operand);
    if (other !== undefined) linkIndices(f, index, other, span);
  }
  const value = checkComparison(f, { span }, operands, chain.ops);
  if (value === undefined) return false;
  if (value.shape.length > 0) {
    report(f.cx, say.conditionOfTensor(span, "where", textOf(first)));
    return false;
  }
  f.facts = assumeChain(
    operands.map((o) => o.value.form),
    chain.ops,
    f.facts,
  );
  return true;
}

/** The one index that an operand is, give or take a constant. */
function linkedIndex(f: Frame, operand: Operand): IndexVar | undefined {
  const form = operand.value.form;
  if (form?.indexed !== true) return undefined;
  const { dim } = form;
  const powers = dim.op === "symbol" ? [dim] : [];
  if (dim.op === "poly")
    for (const [num, den, factors] of dim.terms) {
      const [factor] = factors;
      const single = factors.length === 1 && factor !== undefined && factor[1] === 1 ? factor[0] : undefined;
      const atom = single?.op === "symbol" ? f.cx.atoms.get(single.name) : undefined;
      if (single?.op === "symbol" && atom?.kind === "index" && num === den) powers.push(single);
      else if (factors.some(([d]) => d.op === "symbol" && isIndexed(f, d.name))) return undefined;
    }
  const [only] = powers;
  const atom = only === undefined || powers.length > 1 ? undefined : f.cx.atoms.get(only.name);
  return atom?.kind === "index" ? atom.index : undefined;
}

const isIndexed = (f: Frame, symbol: string): boolean => {
  const atom = f.cx.atoms.get(symbol);
  return atom !== undefined && atom.kind !== "counter";
};

function condition(f: Frame, where: Expr): boolean {
  const value = inferTensor(f, where);
  if (value === undefined) return false;
  if (value.dtype !== "bool") {
    const dtype = value.dtype === "int" ? "i32" : value.dtype === "real" ? "f32" : value.dtype;
    report(f.cx, say.notBool(where.span, textOf(where), dtype, "where"));
    return false;
  }
  if (value.shape.length > 0) {
    report(f.cx, say.conditionOfTensor(where.span, "where", textOf(where)));
    return false;
  }
  f.facts = assume(f.cx, where, f.facts);
  return true;
}

/** E5: joins along an index that is known outside; in each part it is a new one with a range of its own. */
export function inferConcat(f: Frame, e: Extract<Expr, { kind: "concat" }>): Value {
  const { cx, scope } = f;
  const { name } = e.index;
  const binding = scope.local.get(name.text);
  const around = binding?.index;
  if (around === undefined) {
    if (binding === undefined && !scope.module.visible.has(name.text)) report(cx, indices.concatUnbound(name));
    else reportNotIndex(f, e);
    return errorValue;
  }
  cx.names.set(name, { kind: "index", index: around.decl });
  const before = f.facts;
  const parts: Operand[] = [];
  const extents: Dim[] = [];
  let failed = false;
  for (const part of e.parts) {
    const index = openIndex(f, e.index, "concat", around);
    f.opened.pop();
    const value = inferTensor(f, part);
    closeIndex(f, index);
    const range = knownRange(index);
    if (value !== undefined && range === undefined && index.state === "open")
      report(cx, indices.partWithoutRange(part.span, name.text, textOf(part)));
    settleIndices(f, range === undefined ? [] : [index]);
    if (range === undefined) fail(f, index);
    if (value === undefined || range === undefined || index.state === "failed") failed = true;
    else {
      parts.push({ expr: part, value });
      extents.push(range);
    }
  }
  f.facts = before;
  if (failed) {
    fail(f, around);
    return errorValue;
  }
  const range = extents.reduce(addDim);
  cx.partRanges.set(e, extents);
  cx.ranges.set(e.index, range);
  addConcat(f, around, range, e.span);
  const bools = parts.every((p) => p.value.dtype === "bool");
  const dtype = bools ? "bool" : commonType(f, e.span, parts, { by: "concat", text: "concat" });
  if (dtype === undefined) return errorValue;
  const [first] = parts;
  const other = parts.find((p) => first !== undefined && !sameShape(first.value.shape, p.value.shape));
  if (first !== undefined && other !== undefined) {
    report(cx, say.twoShapes(e.span, described(f, first), described(f, other)));
    return errorValue;
  }
  return tensor(dtype, first?.value.shape ?? []);
}

function reportNotIndex(f: Frame, e: Extract<Expr, { kind: "concat" }>): void {
  report(f.cx, indices.concatUnbound(e.index.name));
}
