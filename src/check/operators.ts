import type { Compare, Expr } from "../../grammar/lf.ast.js";
import * as indices from "../diagnostics/messages/indices.js";
import * as say from "../diagnostics/messages/types.js";
import type { Span } from "../diagnostics/span.js";
import {
  addDim,
  constDim,
  type Dim,
  dimKey,
  dimRange,
  modDim,
  mulDim,
  sameDim,
  scaleDim,
  subDim,
  symbolsOf,
} from "../ir/dim.js";
import { type Context, freshSymbol, report, show } from "./context.js";
import { adapt, inferTensor, settle } from "./expressions.js";
import { assume, assumeNot } from "./facts.js";
import type { Frame } from "./frame.js";
import type { IndexVar } from "./indices.js";
import { adaptAll, commonShape, commonType, described, inferOperands, type Operand } from "./operands.js";
import { lowerBound, prove } from "./prove.js";
import { bounded, exactQuotient } from "./sizes.js";
import {
  type Element,
  errorValue,
  type Form,
  isReal,
  isWholeNumber,
  type TensorValue,
  tensor,
  type Value,
} from "./value.js";
import { bare, textOf } from "./walk.js";

type Of<K extends Expr["kind"]> = Extract<Expr, { kind: K }>;
type Negation = Extract<Expr, { kind: "not" | "neg" }>;
const one = constDim(1);

const made = (dtype: Element, shape: readonly Dim[], form: Form | undefined): TensorValue =>
  form === undefined ? tensor(dtype, shape) : { kind: "tensor", dtype, shape, form };

/** Forms are followed through whole numbers only. */
const formOf = (value: TensorValue): Form | undefined =>
  value.dtype === "int" || value.dtype === "i32" ? value.form : undefined;

export function inferSum(f: Frame, e: Of<"sum">): Value {
  const operands = inferOperands(f, e.operands);
  if (operands === undefined) return errorValue;
  const dtype = commonType(f, e.span, operands, { by: "operator", text: e.signs[1] ?? "+" });
  if (dtype === undefined) return errorValue;
  const shape = commonShape(f, e.span, operands);
  if (shape === undefined) return errorValue;
  if (!isWholeNumber(dtype)) return tensor(dtype, shape);
  let dim: Dim | undefined = constDim(0);
  let indexed = false;
  for (let i = 0; i < operands.length && dim !== undefined; i++) {
    const operand = operands[i];
    const form: Form | undefined = operand === undefined ? undefined : formOf(operand.value);
    indexed ||= form?.indexed === true;
    dim = form === undefined ? undefined : e.signs[i] === "-" ? subDim(dim, form.dim) : addDim(dim, form.dim);
    if (dim?.op === "poly" && dim.terms.length > 64) dim = undefined;
  }
  if (dim !== undefined && !indexed && bounded(f, e.span, dim) === undefined) return errorValue;
  return made(dtype, shape, dim === undefined ? undefined : { dim, indexed });
}

/** E7: `/` of whole constants is exact; `/` and `%` of other whole numbers round down, by a positive constant. */
export function inferProduct(f: Frame, e: Of<"product">): Value {
  const operands = inferOperands(f, e.operands);
  const [first] = operands ?? [];
  if (operands === undefined || first === undefined) return errorValue;
  let dtype: Element = first.value.dtype;
  let form = formOf(first.value);
  let rounds = false;
  for (let i = 1; i < operands.length; i++) {
    const operand = operands[i];
    const op = e.ops[i];
    if (operand === undefined || op === undefined) break;
    const right = operand.value;
    const whole = isWholeNumber(dtype) && isWholeNumber(right.dtype);
    if (op === "*") form = whole ? timesForm(f, form, formOf(right)) : undefined;
    else if (op === "%" && !whole) {
      if (dtype !== "bool" && right.dtype !== "bool") {
        const odd = isReal(dtype) ? (operands[i - 1] ?? operand) : operand;
        report(f.cx, say.remainderOfReals(e.span, textOf(odd.expr)));
        return errorValue;
      }
    } else if (whole) {
      const divisor = formOf(right);
      if (divisor === undefined || divisor.indexed) {
        report(f.cx, say.integerDivisor(operand.expr.span, textOf(bare(operand.expr)), op));
        return errorValue;
      }
      const left = { ...e.span, end: (operands[i - 1] ?? operand).expr.span.end };
      const upTo = { ...e.span, end: operand.expr.span.end };
      if (form !== undefined && !form.indexed && op === "/") {
        const text = left.file.text.slice(left.start, left.end);
        const dim = exactQuotient(f, upTo, form.dim, divisor.dim, (a, b, why) =>
          say.inexactConstant(upTo, text, textOf(bare(operand.expr)), a, b, why),
        );
        if (dim === undefined) return errorValue;
        form = { dim, indexed: false };
      } else {
        if (!positiveDivisor(f, divisor.dim, operand.expr, op)) return errorValue;
        rounds ||= dtype === "int" && form === undefined;
        form = form === undefined ? undefined : divided(f.cx, form, divisor.dim, op);
      }
    } else form = undefined;
    if (dtype === "int" || (dtype === "real" && !isWholeNumber(right.dtype))) dtype = right.dtype;
  }
  const joined = commonType(f, e.span, operands, { by: "operator", text: e.ops[1] ?? "*" });
  if (joined === undefined) return errorValue;
  const shape = commonShape(f, e.span, operands);
  if (shape === undefined) return errorValue;
  if (rounds && joined === "int") {
    adaptAll(f, operands, "i32");
    return tensor("i32", shape);
  }
  if (form !== undefined && !form.indexed && bounded(f, e.span, form.dim) === undefined) return errorValue;
  return made(joined, shape, isWholeNumber(joined) ? form : undefined);
}

function timesForm(_f: Frame, a: Form | undefined, b: Form | undefined): Form | undefined {
  if (a === undefined || b === undefined || (a.indexed && b.indexed)) return undefined;
  const dim = mulDim(a.dim, b.dim);
  if (dim.op === "poly" && (dim.terms.length > 64 || dim.terms.some(([n, d]) => Math.max(Math.abs(n), d) > 2 ** 53)))
    return a.indexed || b.indexed ? undefined : { dim, indexed: false };
  return { dim, indexed: a.indexed || b.indexed };
}

function positiveDivisor(f: Frame, divisor: Dim, e: Expr, op: "/" | "%"): boolean {
  if (dimRange(divisor).lo >= 1) return true;
  return prove(f, [divisor, one], f.facts, e.span, () => say.divisorNotPositive(e.span, textOf(e), op));
}

/** A quotient or remainder is a number of its own, with bounds (I4). */
function divided(cx: Context, of: Form, by: Dim, op: "/" | "%"): Form {
  if (!of.indexed) return { dim: modDim(of.dim, by), indexed: false };
  if (op === "/" && of.dim.op === "symbol") {
    const inner = cx.atoms.get(of.dim.name);
    // (a / S) / T is a / (S * T)
    if (inner?.kind === "quotient") return divided(cx, { dim: inner.of, indexed: true }, mulDim(inner.by, by), op);
  }
  const key = `${op} ${dimKey(of.dim)} ${dimKey(by)}`;
  let symbol = cx.divisions.get(key);
  if (symbol === undefined) {
    const text = `${operandText(cx, of.dim)} ${op} ${operandText(cx, by)}`;
    symbol = freshSymbol(
      cx,
      `(${text.length > 60 ? "…" : text})`,
      op === "/" ? Number.NEGATIVE_INFINITY : 0,
      Number.POSITIVE_INFINITY,
    );
    cx.atoms.set(symbol.name, { kind: op === "/" ? "quotient" : "remainder", of: of.dim, by, bounds: {} });
    cx.divisions.set(key, symbol);
  }
  return { dim: symbol, indexed: true };
}

function operandText(cx: Context, d: Dim): string {
  const text = show(cx, d);
  return d.op === "poly" && /[ ]/.test(text) ? `(${text})` : text;
}

export function inferNegative(f: Frame, e: Negation): Value {
  const value = inferTensor(f, e.of);
  if (value === undefined) return errorValue;
  if (value.dtype === "bool") {
    report(f.cx, say.boolInArithmetic(e.of.span, textOf(bare(e.of)), { by: "operator", text: "-" }));
    return errorValue;
  }
  if (value.dtype === "u32") {
    report(f.cx, say.negativeUnsigned(e.span));
    return errorValue;
  }
  const form = formOf(value);
  return made(value.dtype, value.shape, form && { dim: scaleDim(form.dim, -1, 1), indexed: form.indexed });
}

/** E7: `^` is for reals; whole constants become reals. */
export function inferPower(f: Frame, e: Of<"power">): Value {
  const operands = inferOperands(f, [e.base, e.exponent]);
  return operands === undefined ? errorValue : powerOf(f, e.span, operands, "^");
}

export function powerOf(f: Frame, span: Span, operands: readonly Operand[], name: string): Value {
  const whole = operands.find((o) => o.value.dtype === "i32" || o.value.dtype === "u32");
  if (whole !== undefined) {
    report(f.cx, say.realFunctionOfWhole(whole.expr.span, name, textOf(bare(whole.expr)), whole.value.dtype));
    return errorValue;
  }
  const dtype = commonType(f, span, operands, { by: "operator", text: name });
  const shape = dtype === undefined ? undefined : commonShape(f, span, operands);
  if (dtype === undefined || shape === undefined) return errorValue;
  return tensor(dtype === "int" ? "real" : dtype, shape);
}

export function inferConvert(f: Frame, e: Of<"convert">): Value {
  const value = inferTensor(f, e.of);
  if (value === undefined) return errorValue;
  const settled =
    value.dtype === "int" && (e.to === "f32" || e.to === "f16") ? adapt(f, e.of, value, e.to) : settle(f, e.of, value);
  return tensor(e.to, settled.shape);
}

export function inferLogic(f: Frame, e: Extract<Expr, { kind: "and" | "or" | "not" | "neg" }>): Value {
  const operands = inferOperands(f, "of" in e ? [e.of] : e.operands);
  if (operands === undefined) return errorValue;
  for (const operand of operands)
    if (operand.value.dtype !== "bool") {
      report(f.cx, say.notBool(operand.expr.span, textOf(bare(operand.expr)), wordFor(operand), e.kind));
      return errorValue;
    }
  const shape = commonShape(f, e.span, operands);
  return shape === undefined ? errorValue : tensor("bool", shape);
}

const wordFor = (operand: Operand): string =>
  operand.value.dtype === "int" ? "i32" : operand.value.dtype === "real" ? "f32" : operand.value.dtype;

/** `if`: a bool, then two values of one type; with whole tensors, element by element (E2). */
export function inferIf(f: Frame, e: Of<"if">): Value {
  const { cx } = f;
  const cond = inferTensor(f, e.cond);
  const before = f.facts;
  f.facts = assume(cx, e.cond, before);
  const yes = inferTensor(f, e.then);
  f.facts = assumeNot(cx, e.cond, before);
  const no = inferTensor(f, e.else);
  f.facts = before;
  if (cond === undefined) return errorValue;
  if (cond.dtype !== "bool") {
    report(cx, say.notBool(e.cond.span, textOf(e.cond), wordFor({ expr: e.cond, value: cond }), "if"));
    return errorValue;
  }
  if (yes === undefined || no === undefined) return errorValue;
  const branches: Operand[] = [
    { expr: e.then, value: yes },
    { expr: e.else, value: no },
  ];
  let dtype: Element | undefined;
  if (yes.dtype === "bool" && no.dtype === "bool") dtype = "bool";
  else if (yes.dtype === "bool" || no.dtype === "bool") {
    const [a, b] = branches as [Operand, Operand];
    report(cx, say.branchesDiffer(e.span, described(f, a), described(f, b)));
    return errorValue;
  } else dtype = commonType(f, e.span, branches, { by: "if", text: "if" });
  if (dtype === undefined) return errorValue;
  const shape = commonShape(f, e.span, [{ expr: e.cond, value: cond }, ...branches]);
  return shape === undefined ? errorValue : tensor(dtype, shape);
}

export function inferCompare(f: Frame, e: Of<"compare">): Value {
  const operands = inferOperands(f, e.operands);
  if (operands === undefined) return errorValue;
  return checkComparison(f, e, operands, e.ops) ?? errorValue;
}

/** Types of a comparison, and what it may compare (I6). Keeps the forms of its operands for facts. */
export function checkComparison(
  f: Frame,
  e: { readonly span: Span } | Of<"compare">,
  operands: readonly Operand[],
  ops: readonly Compare[],
): TensorValue | undefined {
  const { cx } = f;
  if (operands.every((o) => o.value.dtype === "bool")) {
    if (ops.some((op) => op !== "==" && op !== "!=")) {
      report(cx, say.orderOfBools(e.span, ops[0] ?? "<"));
      return undefined;
    }
  } else {
    const dtype = commonType(f, e.span, operands, { by: "comparison", text: ops[0] ?? "<" });
    if (dtype === undefined) return undefined;
    if (dtype === "int" || dtype === "real") adaptAll(f, operands, dtype === "int" ? "i32" : "f32");
    if (isWholeNumber(dtype)) {
      const forms = operands.map((o) => formOf(o.value));
      if ("kind" in e) cx.comparisons.set(e, forms);
      for (let i = 0; i < ops.length; i++) {
        const [left, right] = [forms[i], forms[i + 1]];
        const [a, b] = [operands[i], operands[i + 1]];
        if (left === undefined || right === undefined || a === undefined || b === undefined) continue;
        if (left.indexed || right.indexed) sameExtent(f, a.expr, b.expr, subDim(left.dim, right.dim));
      }
    }
  }
  const shape = commonShape(f, e.span, operands);
  return shape === undefined ? undefined : tensor("bool", shape);
}

/** I6: bring negative terms to the other side; if an index remains on both, both sides have the same extent. */
function sameExtent(f: Frame, a: Expr, b: Expr, difference: Dim): void {
  f.pending.push(() => {
    const { cx } = f;
    const sides = { left: constDim(0) as Dim, right: constDim(0) as Dim };
    const terms = difference.op === "poly" ? difference.terms : undefined;
    if (terms === undefined) return; // one index alone, or a constant
    for (const term of terms) {
      const single: Dim = { op: "poly", terms: [term] };
      if (!symbolsOf(single).some((s) => isIndexAtom(cx, s.name))) continue;
      if (term[0] > 0) sides.left = addDim(sides.left, single);
      else sides.right = subDim(sides.right, single);
    }
    const [left, right] = [indexOf(cx, sides.left), indexOf(cx, sides.right)];
    if (left === undefined || right === undefined) return;
    const extents = [sides.left, sides.right].map((side) => {
      const most = lowerBound(f, scaleDim(side, -1, 1), undefined);
      return most === undefined ? undefined : addDim(scaleDim(most, -1, 1), one);
    });
    const [x, y] = extents;
    if (x === undefined || y === undefined || sameDim(x, y)) return;
    report(
      cx,
      indices.comparedRanges(
        { span: a.span, size: show(cx, x), text: show(cx, sides.left), index: left.name.text, bound: left.name.span },
        {
          span: b.span,
          size: show(cx, y),
          text: show(cx, sides.right),
          index: right.name.text,
          bound: right.name.span,
        },
      ),
    );
  });
}

const isIndexAtom = (cx: Context, name: string): boolean => {
  const atom = cx.atoms.get(name);
  return atom !== undefined && atom.kind !== "counter";
};

/** An index that occurs in a form, quotients and remainders looked into. */
export function indexOf(cx: Context, d: Dim): IndexVar | undefined {
  for (const symbol of symbolsOf(d)) {
    const atom = cx.atoms.get(symbol.name);
    if (atom?.kind === "index") return atom.index;
    if (atom?.kind === "quotient" || atom?.kind === "remainder") {
      const inner = indexOf(cx, atom.of);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}
