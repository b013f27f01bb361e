import type { Expr, Subscript } from "../../../grammar/lf.ast.js";
import type { Loc, Span } from "../../diagnostics/span.js";
import { constDim, type Dim, sameDim, subDim } from "../../ir/dim.js";
import type { Index, Ix } from "../../ir/graph/ops.js";
import { indexIndices } from "../../ir/graph/visit.js";
import { invariant } from "../../util/invariant.js";
import { type Context, extentOf, newVariable } from "./context.js";
import {
  arithmetic,
  concrete,
  constElement,
  convert,
  type Element,
  indexElement,
  sizeElement,
  sizeOf,
} from "./element.js";
import { stored } from "./emit.js";
import { evaluate } from "./expression.js";
import { addIndex, dimIndex, floorDivIndex, modIndex, mulIndex } from "./indexArithmetic.js";
import { boundIndex, locIn, type Scope } from "./scope.js";
import { constantExpr } from "./size.js";
import { asScalar, groupAt, type Ragged, type Replacement, substitute, type Tensor, type Value } from "./value.js";

/** A subscript with its constants known. `part`: the first of the values that are meant, for an axis of ragged sizes. */
type Resolved =
  | { readonly kind: "all" }
  | { readonly kind: "slice"; readonly from: Dim; readonly extent: Dim }
  | { readonly kind: "at"; readonly element: Element; readonly first?: number };

export function subscript(cx: Context, value: Value, subs: readonly Subscript[], scope: Scope, span: Span): Value {
  const resolved = subs.map((sub) => resolveSubscript(cx, sub, scope));
  return apply(cx, value, resolved, locIn(scope, span));
}

function resolveSubscript(cx: Context, sub: Subscript, scope: Scope): Resolved {
  switch (sub.kind) {
    case "all":
      return sub;
    case "slice": {
      const from = bound(cx, sub.from, scope);
      return { kind: "slice", from, extent: subDim(bound(cx, sub.to, scope), from) };
    }
    case "at":
      return at(cx, sub.expr, scope);
  }
}

function bound(cx: Context, expr: Expr, scope: Scope): Dim {
  const size = constantExpr(cx, expr, scope) ?? sizeOf(asScalar(evaluate(cx, expr, scope)));
  invariant(size !== undefined, () => "the bounds of a slice are sizes");
  return size;
}

function at(cx: Context, expr: Expr, scope: Scope): Resolved {
  if (expr.kind === "paren") return at(cx, expr.of, scope);
  const constant = constantExpr(cx, expr, scope);
  if (constant !== undefined) {
    const first = constant.op === "const" ? constant.value : undefined;
    return { kind: "at", element: sizeElement(constant), ...(first === undefined ? {} : { first }) };
  }
  const element = asScalar(evaluate(cx, expr, scope));
  if (expr.kind !== "name" || cx.program.names.get(expr.name)?.kind !== "index") return { kind: "at", element };
  const { part } = boundIndex(scope, expr.name);
  return { kind: "at", element, first: part?.start ?? 0 };
}

function apply(cx: Context, value: Value, subs: readonly Resolved[], loc: Loc): Value {
  switch (value.kind) {
    case "several":
      invariant(false, () => "several results are not subscripted");
      break;
    case "ragged":
      return applyRagged(cx, value, subs, loc);
    case "tensor":
      return applyTensor(cx, value, subs, loc);
  }
}

function applyRagged(cx: Context, value: Ragged, subs: readonly Resolved[], loc: Loc): Value {
  const own = subs[value.axis];
  if (own === undefined || own.kind === "all") {
    const removed = subs.slice(0, value.axis).filter((s) => s.kind === "at").length;
    return {
      kind: "ragged",
      axis: value.axis - removed,
      groups: value.groups.map((g) => ({ ...g, value: apply(cx, g.value, subs, loc) })),
    };
  }
  invariant(own.kind === "at" && own.first !== undefined, () => "the parent of a ragged axis takes a plain index");
  const group = groupAt(value, own.first);
  const inGroup: Resolved = { kind: "at", element: arithmetic("sub", own.element, constElement(group.start, "int")) };
  return apply(cx, group.value, subs.with(value.axis, inGroup), loc);
}

function applyTensor(cx: Context, value: Tensor, subs: readonly Resolved[], loc: Loc): Tensor {
  const to = new Map<Ix, Replacement>();
  const axes: Ix[] = [];
  value.axes.forEach((axis, position) => {
    const sub = subs[position] ?? { kind: "all" };
    switch (sub.kind) {
      case "all":
        axes.push(axis);
        return;
      case "slice": {
        const ix = newVariable(cx, cx.variables[axis]?.name ?? "", sub.extent);
        axes.push(ix);
        to.set(axis, {
          element: arithmetic("add", indexElement(ix), sizeElement(sub.from)),
          index: addIndex({ i: "ix", ix }, dimIndex(sub.from)),
        });
        return;
      }
      case "at":
        to.set(axis, replacement(cx, value, axis, sub.element, loc));
    }
  });
  return { kind: "tensor", axes, element: substitute(value.element, to) };
}

/** What stands for an axis whose subscript is `element`. */
function replacement(cx: Context, value: Tensor, axis: Ix, element: Element, loc: Loc): Replacement {
  const index = affine(element);
  if (index !== undefined) return { element: convert("i32", concrete(element)), index };
  // Clamped here where the axis is not a whole axis of a node, so that the nearest row is one of this view (I5).
  const last = subDim(extentOf(cx, axis), constDim(1));
  const read = readsWholeAxis(cx, value.element, axis)
    ? element
    : arithmetic("min", arithmetic("max", element, constElement(0, "int")), sizeElement(last));
  const row = stored(cx, read, loc);
  return { element: convert("i32", row), index: { i: "value", of: row.use } };
}

/** An element as an index of the IR; `undefined` for what reads a tensor. */
function affine(e: Element): Index | undefined {
  const size = sizeOf(e);
  if (size !== undefined) return dimIndex(size);
  if (e.e === "index") return { i: "ix", ix: e.ix };
  if (e.e !== "call") return undefined;
  const [a, b] = e.args;
  if (a === undefined) return undefined;
  const left = affine(a);
  if (left === undefined) return undefined;
  if (e.fn === "neg") return mulIndex(left, constDim(-1));
  const right = b === undefined ? undefined : affine(b);
  if (right === undefined) return undefined;
  switch (e.fn) {
    case "add":
      return addIndex(left, right);
    case "sub":
      return addIndex(left, mulIndex(right, constDim(-1)));
    case "mul":
      return right.i === "dim" ? mulIndex(left, right.dim) : left.i === "dim" ? mulIndex(right, left.dim) : undefined;
    case "floordiv":
      return right.i === "dim" ? floorDivIndex(left, right.dim) : undefined;
    case "mod":
      return right.i === "dim" ? modIndex(left, right.dim) : undefined;
    default:
      return undefined;
  }
}

/** Whether a variable occurs only as a bare subscript of an axis that it covers. */
function readsWholeAxis(cx: Context, e: Element, ix: Ix): boolean {
  switch (e.e) {
    case "const":
    case "dim":
      return true;
    case "index":
      return e.ix !== ix;
    case "use": {
      const { shape } = cx.builder.type(e.use.value);
      return e.use.at.every((index, axis) => {
        if (index.i === "ix" && index.ix === ix) {
          const extent = shape[axis];
          return extent !== undefined && sameDim(extent, extentOf(cx, ix));
        }
        return !indexIndices(index).has(ix);
      });
    }
    case "call":
      return e.args.every((a) => readsWholeAxis(cx, a, ix));
    case "select":
      return [e.cond, e.then, e.else].every((a) => readsWholeAxis(cx, a, ix));
    case "convert":
      return readsWholeAxis(cx, e.of, ix);
  }
}
