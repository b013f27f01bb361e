import { provablyWithin, simplifyIndex } from "../../passes/graph/simplifyIndex.js";
import { addDim, constDim, type Dim, mulDim, productDim, provablyAtLeast, sameDim, subDim } from "../../src/ir/dim.js";
import type { Index, Ix, Scalar, Use } from "../../src/ir/graph/ops.js";
import { call, constant, sizeValue } from "../../src/ir/graph/scalars.js";
import { indexIndices, indexToScalar } from "../../src/ir/graph/visit.js";
import { array, type Code, js, plain } from "./code.js";
import { scalarTensor } from "./scalar.js";
import { extentOf, numbers, one, type Scope, shapeOf, size, type View } from "./scope.js";

/**
 * A use as a tensor whose axes are the indices that it mentions, each once.
 *
 * Slices, strides and blocks are `slice`, `stridedSlice` and `reshape`. Axes whose subscripts share an index are merged
 * into one with a common position. What is left, gathers above all, is `gather` by positions; those that are not proved
 * in range are clamped, which is what a gather out of range means.
 */
export function readUse(use: Use, scope: Scope): View {
  const shape = scope.type(use.value).shape;
  const slots = mergeAxes(use.at, shape, scope);
  const order = slots.flatMap((s) => s.axes);
  let code = scope.value(use.value);
  if (order.some((axis, i) => axis !== i)) code = scope.writer.bind(js`tf.transpose(${code}, ${numbers(order)})`);
  if (slots.some((s) => s.axes.length > 1)) {
    const sizes = slots.map((s) => s.extent);
    code = scope.writer.bind(js`tf.reshape(${code}, ${shapeOf(sizes, scope)})`);
  }
  // the wasm `stridedSlice` takes everything for float32
  const strides = scope.type(use.value).dtype === "f32";
  const reads = slots.map((s) => classify(s, strides, scope));
  code = slice(code, slots, reads, scope);
  code = split(code, slots, reads, scope);
  return gather(code, slots, reads, scope);
}

/** Axes that are read together: one position along all of them. */
interface Slot {
  readonly axes: readonly number[];
  /** Elements along the merged axes. */
  readonly extent: Dim;
  /** The position, in range; or its subscripts by axis, to be clamped. */
  readonly index: Index;
  readonly clamped?: Scalar;
  /** Values that a clamped position reads. */
  readonly uses: readonly Use[];
}

/** How a slot is read. */
type Read =
  | { readonly kind: "whole"; readonly ix: Ix }
  /** One position. */
  | { readonly kind: "at"; readonly start: Code }
  /** Positions start, start + stride, …, laid along indices, the last fastest. */
  | { readonly kind: "range"; readonly start: Dim; readonly stride: Dim; readonly over: readonly Ix[] }
  | { readonly kind: "gather"; readonly over: readonly Ix[]; readonly positions: Code };

function mergeAxes(at: readonly Index[], shape: readonly Dim[], scope: Scope): readonly Slot[] {
  const groups: { axes: number[]; indices: Set<Ix> }[] = [];
  at.forEach((index, axis) => {
    const indices = new Set(indexIndices(index));
    const joined = groups.filter((g) => [...g.indices].some((ix) => indices.has(ix)));
    const axes = [...joined.flatMap((g) => g.axes), axis].sort((a, b) => a - b);
    for (const g of joined) {
      for (const ix of g.indices) indices.add(ix);
      groups.splice(groups.indexOf(g), 1);
    }
    groups.push({ axes, indices });
  });
  groups.sort((a, b) => (a.axes[0] ?? 0) - (b.axes[0] ?? 0));
  return groups.map((g) => slotOf(g.axes, at, shape, scope));
}

function slotOf(axes: readonly number[], at: readonly Index[], shape: readonly Dim[], scope: Scope): Slot {
  const extents = axes.map((axis) => shape[axis] ?? one);
  const strides = extents.map((_, i) => productDim(extents.slice(i + 1)));
  const parts = axes.map((axis) => at[axis] ?? ({ i: "dim", dim: constDim(0) } as const));
  const index = simplifyIndex(
    { i: "add", of: parts.map((of, i) => ({ i: "mul", of, by: strides[i] ?? one })) },
    scope.extents,
  );
  const slot = { axes, extent: productDim(extents), index, uses: [] };
  if (parts.every((part, i) => provablyWithin(part, extents[i] ?? one, scope.extents))) return slot;
  const uses: Use[] = [];
  const clamped = parts
    .map((part, i) => {
      const position = indexToScalar(part, (use) => uses.push(use) - 1);
      if (provablyWithin(part, extents[i] ?? one, scope.extents)) return scaled(position, strides[i] ?? one);
      const last = sizeValue(subDim(extents[i] ?? one, one));
      return scaled(call("min", call("max", position, constant(0, "i32")), last), strides[i] ?? one);
    })
    .reduce((a, b) => call("add", a, b));
  return { ...slot, clamped, uses };
}

const scaled = (position: Scalar, by: Dim): Scalar =>
  sameDim(by, one) ? position : call("mul", position, sizeValue(by));

function classify(slot: Slot, strides: boolean, scope: Scope): Read {
  const { index, extent, clamped } = slot;
  if (clamped === undefined) {
    if (index.i === "dim") return { kind: "at", start: size(index.dim, scope) };
    if (index.i === "ix" && sameDim(extentOf(index.ix, scope), extent)) return { kind: "whole", ix: index.ix };
    const range = mixedRadix(index, scope);
    if (range !== undefined && (strides || sameDim(range.stride, one))) return range;
    const uses: Use[] = [];
    const position = indexToScalar(index, (use) => uses.push(use) - 1);
    return gatherRead(position, uses, slot, scope);
  }
  if (index.i === "dim") {
    const [at, last] = [size(index.dim, scope), size(subDim(extent, one), scope)];
    return { kind: "at", start: js`Math.min(Math.max(${at}, 0), ${last})` };
  }
  return gatherRead(clamped, slot.uses, slot, scope);
}

function gatherRead(position: Scalar, uses: readonly Use[], slot: Slot, scope: Scope): Read {
  const over = [...indexIndices(slot.index)];
  return { kind: "gather", over, positions: scope.writer.bind(scalarTensor(position, uses, over, scope).code) };
}

/** start + Σ cᵢ · ixᵢ where each cᵢ is the product of what is faster: a run of equal steps. */
function mixedRadix(index: Index, scope: Scope): Extract<Read, { kind: "range" }> | undefined {
  const parts = index.i === "add" ? index.of : [index];
  const terms: { ix: Ix; by: Dim }[] = [];
  let start: Dim = constDim(0);
  for (const part of parts) {
    if (part.i === "dim") start = addDim(start, part.dim);
    else if (part.i === "ix") terms.push({ ix: part.ix, by: one });
    else if (part.i === "mul" && part.of.i === "ix") terms.push({ ix: part.of.ix, by: part.by });
    else return undefined;
  }
  if (terms.length === 0 || !terms.every((t) => provablyAtLeast(t.by, one))) return undefined;
  // slowest first
  terms.sort((a, b) => (sameDim(a.by, b.by) ? 0 : provablyAtLeast(a.by, b.by) ? -1 : 1));
  const stride = terms.at(-1)?.by ?? one;
  let expected = stride;
  for (const t of [...terms].reverse()) {
    if (!sameDim(t.by, expected)) return undefined;
    expected = mulDim(expected, extentOf(t.ix, scope));
  }
  return { kind: "range", start, stride, over: terms.map((t) => t.ix) };
}

/** Cuts out what ranges and single positions need, all axes at once. */
function slice(code: Code, slots: readonly Slot[], reads: readonly Read[], scope: Scope): Code {
  const count = (r: Extract<Read, { kind: "range" }>): Dim => productDim(r.over.map((ix) => extentOf(ix, scope)));
  const whole = (slot: Slot, r: Read): boolean =>
    r.kind === "whole" ||
    r.kind === "gather" ||
    (r.kind === "range" && sameDim(count(r), slot.extent)) ||
    (r.kind === "at" && sameDim(slot.extent, one));
  if (slots.every((slot, i) => whole(slot, reads[i] as Read))) return code; // as many reads as slots
  const strided = reads.some((r, i) => r.kind === "range" && !sameDim(r.stride, one) && !whole(slots[i] as Slot, r));
  const begins: Code[] = [];
  const ends: Code[] = [];
  const counts: Code[] = [];
  const strides: Code[] = [];
  slots.forEach((slot, i) => {
    const r = reads[i] as Read;
    const full = size(slot.extent, scope);
    if (whole(slot, r)) {
      begins.push(plain("0"));
      ends.push(full);
      counts.push(plain("-1"));
      strides.push(plain("1"));
    } else if (r.kind === "at") {
      begins.push(r.start);
      ends.push(js`${r.start} + 1`);
      counts.push(plain("1"));
      strides.push(plain("1"));
    } else if (r.kind === "range") {
      const steps = subDim(count(r), one);
      begins.push(size(r.start, scope));
      ends.push(size(addDim(addDim(r.start, mulDim(steps, r.stride)), one), scope));
      counts.push(size(count(r), scope));
      strides.push(size(r.stride, scope));
    }
  });
  return scope.writer.bind(
    strided
      ? js`tf.stridedSlice(${code}, ${array(begins)}, ${array(ends)}, ${array(strides)})`
      : js`tf.slice(${code}, ${array(begins)}, ${array(counts)})`,
  );
}

/** Lays ranges along their indices and drops single positions. */
function split(code: Code, slots: readonly Slot[], reads: readonly Read[], scope: Scope): Code {
  if (!reads.some((r) => r.kind === "at" || (r.kind === "range" && r.over.length > 1))) return code;
  const shape = reads.flatMap((r, i): Code[] => {
    if (r.kind === "at") return [];
    if (r.kind === "range") return r.over.map((ix) => size(extentOf(ix, scope), scope));
    return [size((slots[i] as Slot).extent, scope)];
  });
  return scope.writer.bind(js`tf.reshape(${code}, ${array(shape)})`);
}

function gather(code: Code, slots: readonly Slot[], reads: readonly Read[], scope: Scope): View {
  const widths = reads.map((r) => (r.kind === "at" ? 0 : r.kind === "range" ? r.over.length : 1));
  let result = code;
  // from the last to the first, so that the axes before keep their places
  for (let i = slots.length - 1; i >= 0; i--) {
    const r = reads[i];
    if (r?.kind !== "gather") continue;
    const axis = widths.slice(0, i).reduce((a, b) => a + b, 0);
    result = scope.writer.bind(js`tf.gather(${result}, ${r.positions}, ${axis})`);
  }
  const axes = reads.flatMap((r): readonly Ix[] => {
    if (r.kind === "at") return [];
    return r.kind === "whole" ? [r.ix] : r.over;
  });
  return { code: result, axes };
}
