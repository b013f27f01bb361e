import type { Binder, Expr } from "../../../grammar/lf.ast.js";
import type { Loc } from "../../diagnostics/span.js";
import { constDim, type Dim, mulDim, productDim, sameDim, symbolsOf } from "../../ir/dim.js";
import type { Index, Ix } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import { type Context, extentOf, newVariable } from "./context.js";
import { arithmetic, type Element, indexElement, sizeElement } from "./element.js";
import { emitSoftmax } from "./emit.js";
import { addIndex, floorDivIndex, modIndex, mulIndex } from "./indexArithmetic.js";
import { indexParts } from "./ragged.js";
import { conditionsOf, operand, readUnder, restore, selection } from "./reduction.js";
import { type BoundIndex, bindIndex, boundIndex, indexOf, inner, locIn, type Scope } from "./scope.js";
import { rangeOf } from "./size.js";
import { asTensor, joinGroups, type Replacement, substitute, withAxes } from "./value.js";

type Reduction = Extract<Expr, { kind: "reduction" }>;

/** One index of a softmax: the new one inside, and the one outside that it feeds. */
interface Axis {
  readonly binder: Binder;
  readonly outer: BoundIndex;
  readonly ix: Ix;
  readonly extent: Dim;
}

/**
 * Softmax reads its operand over the whole range of its index, whatever the index outside is bound to. Over several
 * indices it is the softmax over one index that counts through them all.
 */
export function softmax(cx: Context, expr: Reduction, scope: Scope): Element {
  const loc = locIn(scope, expr.span);
  invariant(
    !hasRaggedBinder(cx, expr),
    () => "the indices of one softmax have ranges that do not depend on each other",
  );
  const axes = expr.binders.map((binder): Axis => {
    const outer = boundIndex(scope, binder.index.name);
    const extent = rangeOf(cx, binder.index, scope);
    // The variable outside serves inside as well when it means the same values: it keeps its place among the axes.
    const same = outer.part === undefined && sameDim(extentOf(cx, outer.ix), extent);
    const ix = same ? outer.ix : newVariable(cx, binder.index.name.text, extent);
    return { binder, outer, ix, extent };
  });
  const { of, condition } = operands(cx, expr, axes, scope, loc);
  const [only] = axes;
  invariant(only !== undefined, () => "softmax binds an index");
  if (axes.length === 1)
    return substitute(emitSoftmax(cx, of, only.ix, condition, loc), new Map([[only.ix, outside(only)]]));
  return jointSoftmax(cx, of, condition, axes, loc);
}

const outside = ({ outer }: Axis): Replacement => ({ element: outer.element, index: outer.index });

interface Operands {
  readonly of: Element;
  readonly condition: Element | undefined;
}

/** Operand and condition over the whole range of each index; where sizes under an index are ragged, joined along it. */
function operands(cx: Context, expr: Reduction, axes: readonly Axis[], scope: Scope, loc: Loc): Operands {
  const evaluateFrom = (position: number, within: Scope, conditions: readonly Element[]): Operands => {
    const axis = axes[position];
    if (axis === undefined) return { of: operand(cx, expr, within), condition: selection(conditions) };
    const { binder, ix, extent } = axis;
    const decls = [binder.index];
    const parts = indexParts(cx, decls, ...readUnder(expr, position), extent, scope);
    if (parts === undefined) {
      const next = inner(within);
      bindIndex(next, decls, indexOf(ix));
      return evaluateFrom(position + 1, next, [...conditions, ...conditionsOf(cx, binder, next)]);
    }
    const started = new Map(scope.occurrences);
    const pieces = parts.map((part) => {
      restore(scope.occurrences, started);
      const own = newVariable(cx, binder.index.name.text, constDim(part.length));
      const next = inner(within);
      bindIndex(next, decls, indexOf(own, part));
      const found = evaluateFrom(position + 1, next, [...conditions, ...conditionsOf(cx, binder, next)]);
      return { part, own, found };
    });
    const join = (elementOf: (o: Operands) => Element): Element => {
      const groups = pieces.map(({ part, own, found }) => ({
        ...part,
        value: { kind: "tensor" as const, axes: [own], element: elementOf(found) },
      }));
      return withAxes(asTensor(joinGroups(cx, 0, groups, loc)), [ix]);
    };
    const conditional = pieces.some(({ found }) => found.condition !== undefined);
    return {
      of: join((o) => o.of),
      condition: conditional ? join((o) => o.condition ?? { e: "const", value: 1, dtype: "bool" }) : undefined,
    };
  };
  return evaluateFrom(0, scope, []);
}

function jointSoftmax(
  cx: Context,
  of: Element,
  condition: Element | undefined,
  axes: readonly Axis[],
  loc: Loc,
): Element {
  const total = productDim(axes.map((a) => a.extent));
  const joint = newVariable(cx, axes.map((a) => a.binder.index.name.text).join("_"), total);
  const split = new Map<Ix, Replacement>();
  const places: Index[] = [];
  let stride: Dim = constDim(1);
  for (const axis of axes.toReversed()) {
    const variable: Index = { i: "ix", ix: joint };
    const element = arithmetic(
      "mod",
      arithmetic("div", indexElement(joint), sizeElement(stride)),
      sizeElement(axis.extent),
    );
    split.set(axis.ix, { element, index: modIndex(floorDivIndex(variable, stride), axis.extent) });
    places.push(mulIndex(axis.outer.index, stride));
    stride = mulDim(stride, axis.extent);
  }
  const inside = substitute(of, split);
  const chosen = condition === undefined ? undefined : substitute(condition, split);
  const result = emitSoftmax(cx, inside, joint, chosen, loc);
  return substitute(result, new Map([[joint, { element: indexElement(joint), index: addIndex(...places) }]]));
}

/** Whether the range of one index depends on another index of the same softmax. */
function hasRaggedBinder(cx: Context, expr: Reduction): boolean {
  const decls = new Set(expr.binders.map((b) => b.index));
  return expr.binders.some(({ index }) =>
    symbolsOf(cx.program.ranges.get(index) ?? constDim(1)).some(({ name }) => {
      const at = cx.program.entries.get(name)?.at;
      return at?.kind === "index" && decls.has(at.index);
    }),
  );
}
