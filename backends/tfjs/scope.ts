import { constDim, constValue, type Dim, productDim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Ix, TensorType, ValueId } from "../../src/ir/graph/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { array, type Code, js, number, plain, type Writer } from "./code.js";

/** What emitting one module knows. */
export interface EmitContext {
  readonly writer: Writer;
  /** The constant that holds a run-time size. */
  symbol(name: string): Code;
  /** The tensor that holds a value, in the shape of its type. */
  value(v: ValueId): Code;
  type(v: ValueId): TensorType;
  /** Right operands of matrix products by the tensor that holds their data (`contract.ts`). */
  readonly rights: Map<string, string>;
}

/** A context and the extents of one node's indices. */
export interface Scope extends EmitContext {
  readonly extents: readonly Dim[];
}

/** A tensor whose axes are indices, each once. */
export interface View {
  readonly code: Code;
  readonly axes: readonly Ix[];
}

/** TensorFlow.js knows three element types that a model can have. */
export const tfType = (dtype: DType): "float32" | "int32" | "bool" => {
  invariant(dtype !== "f16" && dtype !== "u32", () => `${dtype} reached the tfjs backend`);
  return dtype === "f32" ? "float32" : dtype === "i32" ? "int32" : "bool";
};

/** TensorFlow.js's wasm kernels give wrong numbers beyond this many axes, in silence. */
export const mostAxes = 6;

/** A size as an expression of numbers. */
export function size(d: Dim, cx: EmitContext): Code {
  switch (d.op) {
    case "const":
      return plain(number(d.value));
    case "symbol":
      return d.lo === d.hi ? plain(number(d.lo)) : cx.symbol(d.name);
    case "floordiv":
      return js`Math.floor(${size(d.num, cx)} / ${operand(d.den, cx)})`;
    case "ceildiv":
      return js`Math.ceil(${size(d.num, cx)} / ${operand(d.den, cx)})`;
    case "mod":
      // operands of a size are not negative
      return js`(${operand(d.num, cx)} % ${operand(d.den, cx)})`;
    case "poly": {
      const terms = d.terms.map(([num, den, powers]) => {
        const factors: Code[] = num === 1 && powers.some(([, e]) => e > 0) ? [] : [plain(number(num))];
        const divisors: Code[] = den === 1 ? [] : [plain(number(den))];
        for (const [dim, e] of powers)
          for (let i = 0; i < Math.abs(e); i++) (e > 0 ? factors : divisors).push(operand(dim, cx));
        const product = factors.reduce((a, b) => js`${a} * ${b}`);
        return divisors.reduce((a, b) => js`${a} / ${b}`, product);
      });
      const sum = terms.reduce((a, b) => js`${a} + ${b}`);
      // terms with divisors are whole together, not one by one
      const divides = d.terms.some(([, den, powers]) => den !== 1 || powers.some(([, e]) => e < 0));
      return divides ? js`Math.round(${sum})` : terms.length > 1 ? js`(${sum})` : sum;
    }
  }
}

const operand = (d: Dim, cx: EmitContext): Code => (d.op === "poly" ? js`(${size(d, cx)})` : size(d, cx));

export const extentOf = (ix: Ix, scope: Scope): Dim => {
  const extent = scope.extents[ix];
  invariant(extent !== undefined, () => `index ${ix} has no extent`);
  return extent;
};

/** `[8, n_Seq, 64]`. */
export const shapeOf = (dims: readonly Dim[], cx: EmitContext): Code => array(dims.map((d) => size(d, cx)));

export const product = (indices: readonly Ix[], scope: Scope): Dim =>
  productDim(indices.map((ix) => extentOf(ix, scope)));

export const isOne = (d: Dim): boolean => constValue(d) === 1;

export const one = constDim(1);

export const numbers = (items: readonly number[]): Code => plain(`[${items.join(", ")}]`);

export const sameOrder = (a: readonly Ix[], b: readonly Ix[]): boolean =>
  a.length === b.length && a.every((ix, i) => ix === b[i]);

/** The view with its axes in another order. */
export function permuted(view: View, order: readonly Ix[], scope: Scope): View {
  if (sameOrder(view.axes, order)) return view;
  const perm = order.map((ix) => view.axes.indexOf(ix));
  invariant(!perm.includes(-1), () => "a permutation of other axes");
  return { code: scope.writer.bind(js`tf.transpose(${view.code}, ${numbers(perm)})`), axes: order };
}

/**
 * The view laid along `order` so that it broadcasts: axes that it lacks have length 1, leading ones are left out.
 */
export function aligned(view: View, order: readonly Ix[], scope: Scope): Code {
  const present = order.filter((ix) => view.axes.includes(ix));
  const { code } = permuted(view, present, scope);
  const first = order.findIndex((ix) => view.axes.includes(ix));
  const tail = first === -1 ? [] : order.slice(first);
  if (tail.length === present.length) return code;
  const shape = array(tail.map((ix) => (view.axes.includes(ix) ? size(extentOf(ix, scope), scope) : plain("1"))));
  return scope.writer.bind(js`tf.reshape(${code}, ${shape})`);
}

/** The view with every index of `order` as an axis, repeated along those that it lacks. */
export function spread(view: View, order: readonly Ix[], scope: Scope): View {
  if (order.every((ix) => view.axes.includes(ix))) return permuted(view, order, scope);
  const shape = shapeOf(
    order.map((ix) => extentOf(ix, scope)),
    scope,
  );
  return { code: scope.writer.bind(js`tf.broadcastTo(${aligned(view, order, scope)}, ${shape})`), axes: order };
}
