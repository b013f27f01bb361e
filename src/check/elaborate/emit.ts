import type { Loc } from "../../diagnostics/span.js";
import { sameDim } from "../../ir/dim.js";
import type { Index, Ix, Monoid, Scalar, Use, ValueId, Where } from "../../ir/graph/ops.js";
import { argument, call, constant, convert, indexValue, select, sizeValue } from "../../ir/graph/scalars.js";
import { renameUse } from "../../ir/graph/visit.js";
import { invariant } from "../../util/invariant.js";
import { type Context, extentOf, inOrder } from "./context.js";
import { concrete, concreteType, type Element, useElement, variablesOf } from "./element.js";

/**
 * Elements become nodes. The variables that a node mentions are numbered 0 … in binding order, those of the result
 * first, so that equal computations make equal nodes wherever they stand.
 */
type Rename = (ix: Ix) => Ix;

function numbering(order: readonly Ix[]): Rename {
  const positions = new Map(order.map((ix, position) => [ix, position]));
  return (ix) => {
    const found = positions.get(ix);
    invariant(found !== undefined, () => `variable ${ix} is not an index of the node`);
    return found;
  };
}

interface Compiled {
  readonly args: readonly Use[];
  readonly body: Scalar;
}

/** A scalar expression and the distinct uses that it reads. */
function compile(element: Element, rename: Rename): Compiled {
  const args: Use[] = [];
  const positions = new Map<string, number>();
  const position = (use: Use): number => {
    const moved = renameUse(use, rename);
    const key = JSON.stringify(moved);
    const known = positions.get(key);
    if (known !== undefined) return known;
    positions.set(key, args.length);
    return args.push(moved) - 1;
  };
  const scalar = (e: Element): Scalar => {
    switch (e.e) {
      case "const":
        return constant(e.value, concreteType(e.dtype));
      case "dim": {
        const dtype = concreteType(e.dtype);
        return dtype === "i32" ? sizeValue(e.dim) : convert(dtype, sizeValue(e.dim));
      }
      case "index":
        return indexValue(rename(e.ix));
      case "use":
        return argument(position(e.use));
      case "call":
        return call(e.fn, ...e.args.map(scalar));
      case "select":
        return select(scalar(e.cond), scalar(e.then), scalar(e.else));
      case "convert":
        return convert(concreteType(e.dtype), scalar(e.of));
    }
  };
  const body = scalar(concrete(element));
  return { args, body };
}

/** The condition of an op; one that always holds is none. */
function whereOf(condition: Element | undefined, rename: Rename): { readonly where?: Where } {
  if (condition === undefined || (condition.e === "const" && condition.value !== 0)) return {};
  return { where: compile(condition, rename) };
}

const variableIndex = (ix: Ix): Index => ({ i: "ix", ix });

/** The element of a node at variables, one for each axis. */
const elementAt = (cx: Context, value: ValueId, at: readonly Ix[]): Element =>
  useElement({ value, at: at.map(variableIndex) }, cx.builder.type(value).dtype);

/** The node of which `e` is exactly the element at `order`, if there is one. */
function wholeNode(cx: Context, e: Element, order: readonly Ix[]): ValueId | undefined {
  if (e.e !== "use" || e.use.at.length !== order.length) return undefined;
  const { shape } = cx.builder.type(e.use.value);
  const whole = e.use.at.every((at, axis) => {
    const extent = shape[axis];
    return at.i === "ix" && at.ix === order[axis] && extent !== undefined && sameDim(extent, extentOf(cx, at.ix));
  });
  return whole ? e.use.value : undefined;
}

/** A node whose axes are the variables of `order`: an existing one where the element is one, a `map` otherwise. */
export function emitTensor(cx: Context, e: Element, order: readonly Ix[], loc: Loc): ValueId {
  return wholeNode(cx, e, order) ?? emitMap(cx, e, order, loc);
}

export function emitMap(cx: Context, e: Element, order: readonly Ix[], loc: Loc): ValueId {
  const { args, body } = compile(e, numbering(order));
  const out = order.map((_, position) => position);
  return cx.builder.add({ op: "map", args, out, extents: order.map((ix) => extentOf(cx, ix)), body }, loc);
}

/** The same element, computed for every value of the variables on which it depends and read from there. */
export function stored(cx: Context, e: Element, loc: Loc): Extract<Element, { e: "use" }> {
  if (e.e === "use") return e;
  const order = inOrder(variablesOf(e));
  const found = elementAt(cx, emitMap(cx, e, order, loc), order);
  invariant(found.e === "use", () => "a stored element is a use");
  return found;
}

/** The same element as a tensor that has an axis for each of `more`, whether it depends on it or not. */
export function storedOver(cx: Context, e: Element, more: readonly Ix[], loc: Loc): Element {
  const order = inOrder(new Set([...variablesOf(e), ...more]));
  return elementAt(cx, emitMap(cx, e, order, loc), order);
}

/** Reduced variables stand last; `where` may bring in more of the others. */
function sortVariables(
  elements: readonly (Element | undefined)[],
  reduced: readonly Ix[],
): { readonly out: readonly Ix[]; readonly order: readonly Ix[] } {
  const bound = new Set(reduced);
  const out = inOrder([...variablesOf(...elements)].filter((ix) => !bound.has(ix)));
  return { out, order: [...out, ...reduced] };
}

export function emitReduce(
  cx: Context,
  monoid: Monoid,
  of: Element,
  reduced: readonly Ix[],
  condition: Element | undefined,
  loc: Loc,
): Element {
  const arg = stored(cx, of, loc);
  const { out, order } = sortVariables([arg, condition], reduced);
  const rename = numbering(order);
  const value = cx.builder.add(
    {
      op: "reduce",
      monoid,
      arg: renameUse(arg.use, rename),
      out: out.map(rename),
      extents: order.map((ix) => extentOf(cx, ix)),
      ...whereOf(condition, rename),
    },
    loc,
  );
  return elementAt(cx, value, out);
}

/** The sum of a product of at least two factors. */
export function emitContract(
  cx: Context,
  factors: readonly Element[],
  reduced: readonly Ix[],
  condition: Element | undefined,
  loc: Loc,
): Element {
  const uses = factors.map((f) => stored(cx, f, loc));
  const { out, order } = sortVariables([...uses, condition], reduced);
  const rename = numbering(order);
  const value = cx.builder.add(
    {
      op: "contract",
      factors: uses.map((f) => renameUse(f.use, rename)),
      out: out.map(rename),
      extents: order.map((ix) => extentOf(cx, ix)),
      ...whereOf(condition, rename),
      accum: "f32",
    },
    loc,
  );
  return elementAt(cx, value, out);
}

/** Softmax over `axis`, read back at the same variables. */
export function emitSoftmax(cx: Context, of: Element, axis: Ix, condition: Element | undefined, loc: Loc): Element {
  const arg = stored(cx, of, loc);
  const order = inOrder(new Set([...variablesOf(arg, condition), axis]));
  const rename = numbering(order);
  const value = cx.builder.add(
    {
      op: "softmax",
      arg: renameUse(arg.use, rename),
      axis: rename(axis),
      extents: order.map((ix) => extentOf(cx, ix)),
      ...whereOf(condition, rename),
    },
    loc,
  );
  return elementAt(cx, value, order);
}

/** Parts that have the axes `others` with one more at `axis`; `along` are the parts' own variables for it. */
export function emitConcat(
  cx: Context,
  parts: readonly Element[],
  along: readonly Ix[],
  others: readonly Ix[],
  axis: number,
  loc: Loc,
): ValueId {
  const args = parts.map((part, i) => {
    const own = along[i];
    invariant(own !== undefined, () => "each part of a concat has its variable");
    return emitTensor(cx, part, [...others.slice(0, axis), own, ...others.slice(axis)], loc);
  });
  const [only] = args;
  if (args.length === 1 && only !== undefined) return only;
  return cx.builder.add({ op: "concat", args, axis }, loc);
}
