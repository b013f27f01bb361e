import type { Name } from "../../../grammar/lf.ast.js";
import type { Loc } from "../../diagnostics/span.js";
import { addDim, constDim, type Dim, sameDim } from "../../ir/dim.js";
import type { DType } from "../../ir/dtype.js";
import type { Index, Ix, ValueId } from "../../ir/graph/ops.js";
import { isGather, rewriteUse } from "../../ir/graph/visit.js";
import { invariant } from "../../util/invariant.js";
import { type Context, extentOf, inOrder, newVariable } from "./context.js";
import { adapt, type Element, isWeak, readsTensor, variablesOf } from "./element.js";
import { emitConcat, emitTensor } from "./emit.js";

/**
 * What an expression stands for.
 *
 * A tensor is an element over its own axes, each of them a variable, and over the indices in scope: a value carries the
 * indices on which it really depends and no others. So partial indexing maps (language.md E3) without any rule of its
 * own: `wq[h]` mentions h, `e` does not, and what is computed from `e` alone has no axis for h.
 *
 * A ragged value has an axis (`axis`, of whole extent the sum of the lengths) whose index decides the extent of other
 * axes; it is kept in groups of consecutive indices for which all extents are one.
 */
export type Value = Tensor | Ragged | { readonly kind: "several"; readonly of: readonly Value[] };

export interface Tensor {
  readonly kind: "tensor";
  readonly axes: readonly Ix[];
  readonly element: Element;
}

export interface Ragged {
  readonly kind: "ragged";
  readonly axis: number;
  readonly groups: readonly Group[];
}

export interface Group {
  readonly start: number;
  readonly length: number;
  readonly value: Value;
}

export const scalarValue = (element: Element): Tensor => ({ kind: "tensor", axes: [], element });

/** A value whose axes are those of a node. */
export function nodeValue(cx: Context, value: ValueId, names: readonly string[] = []): Tensor {
  const { shape, dtype } = cx.builder.type(value);
  const axes = shape.map((extent, axis) => newVariable(cx, names[axis] ?? "", extent));
  return {
    kind: "tensor",
    axes,
    element: { e: "use", use: { value, at: axes.map((ix) => ({ i: "ix", ix })) }, dtype },
  };
}

export function asTensor(value: Value): Tensor {
  invariant(value.kind === "tensor", () => `a ${value.kind} value stands where one tensor is needed`);
  return value;
}

export function asScalar(value: Value): Element {
  const { axes, element } = asTensor(value);
  invariant(axes.length === 0, () => `a tensor of rank ${axes.length} stands where a scalar is needed`);
  return element;
}

/** What stands for a variable: as a number in a scalar expression, and as a subscript. */
export interface Replacement {
  readonly element: Element;
  readonly index: Index;
}

/** Puts other expressions in place of variables. */
export function substitute(e: Element, to: ReadonlyMap<Ix, Replacement>): Element {
  if (to.size === 0) return e;
  switch (e.e) {
    case "const":
    case "dim":
      return e;
    case "index":
      return to.get(e.ix)?.element ?? e;
    case "use":
      return { ...e, use: rewriteUse(e.use, { ix: (ix, index) => to.get(ix)?.index ?? index }) };
    case "call":
      return { ...e, args: e.args.map((a) => substitute(a, to)) };
    case "select":
      return {
        ...e,
        cond: substitute(e.cond, to),
        // biome-ignore lint/suspicious/noThenProperty: a branch of an expression; nothing awaits it.
        then: substitute(e.then, to),
        else: substitute(e.else, to),
      };
    case "convert":
      return { ...e, of: substitute(e.of, to) };
  }
}

/** The same tensor with other variables for its axes. */
export function withAxes(tensor: Tensor, axes: readonly Ix[]): Element {
  const to = new Map<Ix, Replacement>();
  tensor.axes.forEach((own, axis) => {
    const other = axes[axis];
    invariant(other !== undefined, () => "two tensors of one rank");
    if (other !== own) to.set(own, { element: { e: "index", ix: other, dtype: "i32" }, index: { i: "ix", ix: other } });
  });
  return substitute(tensor.element, to);
}

const plainUse = (e: Element): boolean => e.e === "use" && !isGather(e.use);

/**
 * A value computed once, whatever reads it: views and constants stay as they are, anything else becomes a node (a
 * gather too, so that what follows reads plain rows).
 */
export function settle(cx: Context, value: Value, loc: Loc): Value {
  switch (value.kind) {
    case "several":
      return { kind: "several", of: value.of.map((v) => settle(cx, v, loc)) };
    case "ragged":
      return mapGroups(value, (v) => settle(cx, v, loc));
    case "tensor": {
      const { axes, element } = value;
      if (plainUse(element)) return value;
      const used = variablesOf(element);
      if (used.size === 0 && !readsTensor(element)) return value;
      const own = axes.filter((ix) => used.has(ix));
      const order = [...inOrder([...used].filter((ix) => !axes.includes(ix))), ...own];
      const node = emitTensor(cx, element, order, loc);
      const at: readonly Index[] = order.map((ix) => ({ i: "ix", ix }));
      return {
        kind: "tensor",
        axes,
        element: { e: "use", use: { value: node, at }, dtype: cx.builder.type(node).dtype },
      };
    }
  }
}

export const mapGroups = (ragged: Ragged, f: (value: Value, group: Group) => Value): Ragged => ({
  ...ragged,
  groups: ragged.groups.map((g) => ({ ...g, value: f(g.value, g) })),
});

/** The same value with the element type that is wanted of a constant. */
export function adaptValue(value: Value, dtype: DType): Value {
  switch (value.kind) {
    case "several":
      return value;
    case "ragged":
      return mapGroups(value, (v) => adaptValue(v, dtype));
    case "tensor":
      return isWeak(value.element.dtype) ? { ...value, element: adapt(value.element, dtype) } : value;
  }
}

/** The same value with the element type that the checker found for a name. */
export function adaptDeclared(cx: Context, name: Name | undefined, value: Value): Value {
  const type = name === undefined ? undefined : cx.program.declared.get(name);
  return type?.kind === "tensor" && type.dtype !== "int" ? adaptValue(value, type.dtype) : value;
}

/** A scalar function of values, element by element (E2): values of one shape, and scalars beside them. */
export function lift(cx: Context, values: readonly Value[], f: (elements: readonly Element[]) => Element): Value {
  const ragged = values.find((v) => v.kind === "ragged");
  if (ragged !== undefined)
    return mapGroups(ragged, (_, group) =>
      lift(
        cx,
        values.map((v) => (v.kind === "ragged" ? groupAt(v, group.start).value : v)),
        f,
      ),
    );
  const tensors = values.map(asTensor);
  const shaped = tensors.find((t) => t.axes.length > 0);
  if (shaped === undefined) return scalarValue(f(tensors.map((t) => t.element)));
  const axes = shaped.axes.map((ix) => newVariable(cx, cx.variables[ix]?.name ?? "", extentOf(cx, ix)));
  return {
    kind: "tensor",
    axes,
    element: f(tensors.map((t) => (t.axes.length === 0 ? t.element : withAxes(t, axes)))),
  };
}

/** The group in which an index lies. */
export function groupAt(ragged: Ragged, index: number): Group {
  const found = ragged.groups.find((g) => index >= g.start && index < g.start + g.length);
  invariant(found !== undefined, () => `index ${index} of a ragged axis is out of range`);
  return found;
}

/** One tensor along a split axis: kept in groups where an extent differs, joined where none does. */
export function joinGroups(cx: Context, axis: number, groups: readonly Group[], loc: Loc): Value {
  const [first] = groups;
  invariant(first !== undefined, () => "at least one group");
  if (groups.length === 1) return first.value;
  if (first.value.kind === "several") {
    const of = first.value.of.map((_, i) =>
      joinGroups(
        cx,
        axis,
        groups.map((g) => {
          const part = g.value.kind === "several" ? g.value.of[i] : undefined;
          invariant(part !== undefined, () => "each group gives as many results");
          return { ...g, value: part };
        }),
        loc,
      ),
    );
    return { kind: "several", of };
  }
  const tensors: Tensor[] = [];
  for (const g of groups) if (g.value.kind === "tensor") tensors.push(g.value);
  const [model] = tensors;
  const dense =
    model !== undefined &&
    tensors.length === groups.length &&
    tensors.every((t) =>
      t.axes.every((ix, i) => {
        const other = model.axes[i];
        return i === axis || (other !== undefined && sameDim(extentOf(cx, ix), extentOf(cx, other)));
      }),
    );
  if (!dense) return { kind: "ragged", axis, groups };
  return joinTensors(cx, axis, tensors, loc);
}

function joinTensors(cx: Context, axis: number, tensors: readonly Tensor[], loc: Loc): Tensor {
  const [model] = tensors;
  invariant(model !== undefined, () => "at least one part");
  const total = tensors.map((t) => extentOf(cx, t.axes[axis] ?? -1)).reduce(addDim, constDim(0));
  const axes = model.axes.map((ix, i) =>
    newVariable(cx, cx.variables[ix]?.name ?? "", i === axis ? total : extentOf(cx, ix)),
  );
  const along = tensors.map((t) =>
    newVariable(cx, cx.variables[t.axes[axis] ?? -1]?.name ?? "", extentOf(cx, t.axes[axis] ?? -1)),
  );
  const parts = tensors.map((t, part) => {
    const own = along[part] ?? -1;
    return withAxes(
      t,
      axes.map((ix, i) => (i === axis ? own : ix)),
    );
  });
  const used = variablesOf(...parts);
  const before = inOrder([...used].filter((ix) => !axes.includes(ix) && !along.includes(ix)));
  const own = axes.filter((ix, i) => i !== axis && used.has(ix));
  const position = before.length + axes.slice(0, axis).filter((ix) => used.has(ix)).length;
  const joined = axes[axis] ?? -1;
  const node = emitConcat(cx, parts, along, [...before, ...own], position, loc);
  const order = [...before, ...own];
  order.splice(position, 0, joined);
  return {
    kind: "tensor",
    axes,
    element: {
      e: "use",
      use: { value: node, at: order.map((ix) => ({ i: "ix", ix })) },
      dtype: cx.builder.type(node).dtype,
    },
  };
}

export const shapeOf = (cx: Context, tensor: Tensor): readonly Dim[] => tensor.axes.map((ix) => extentOf(cx, ix));

/** A node that holds the whole tensor, its axes in order and nothing else. */
export const wholeTensor = (cx: Context, tensor: Tensor, loc: Loc): ValueId =>
  emitTensor(cx, tensor.element, tensor.axes, loc);
