import { invariant, unreachable } from "../../util/invariant.js";
import { addDim, type Dim } from "../dim.js";
import type { DType } from "../dtype.js";
import { fnResult } from "./functions.js";
import type { Ix, Op, Scalar, TensorType, ValueId } from "./ops.js";

/** The type of a value that a node reads. */
export type TypeOf = (value: ValueId) => TensorType;

/** The dtype of a scalar expression; `argType` gives the element type of the node's arguments. */
export function scalarType(body: Scalar, argType: (arg: number) => DType): DType {
  switch (body.e) {
    case "const":
      return body.dtype;
    case "arg":
      return argType(body.arg);
    case "index":
    case "dim":
      return "i32";
    case "call": {
      const first = body.args[0];
      invariant(first !== undefined, () => `${body.fn} without operands`);
      return fnResult(body.fn, scalarType(first, argType));
    }
    case "select":
      return scalarType(body.then, argType);
    case "convert":
      return body.to;
    default:
      return unreachable(body);
  }
}

/** The dtype of a product: f32 as soon as one factor is f32, otherwise the dtype that all factors have. */
export function productType(factors: readonly DType[]): DType {
  const first = factors[0];
  invariant(first !== undefined, () => "a contraction without factors");
  return factors.includes("f32") ? "f32" : first;
}

/**
 * The type of a node from its operands' types. An `input` or `param` has no operands: its type must be given.
 * Sizes are taken as they are written; `verifyGraph` says whether they fit.
 */
export function inferType(op: Op, typeOf: TypeOf): TensorType {
  const shapeOf = (out: readonly Ix[], extents: readonly Dim[]): readonly Dim[] =>
    out.map((ix) => {
      const extent = extents[ix];
      invariant(extent !== undefined, () => `index ${ix} of ${op.op} has no extent`);
      return extent;
    });
  switch (op.op) {
    case "input":
    case "param":
      invariant(false, () => `the type of ${op.op} ${op.op === "input" ? op.name : op.path} must be given`);
      break;
    case "contract":
      return {
        dtype: productType(op.factors.map((use) => typeOf(use.value).dtype)),
        shape: shapeOf(op.out, op.extents),
      };
    case "map":
      return {
        dtype: scalarType(op.body, (arg) => {
          const use = op.args[arg];
          invariant(use !== undefined, () => `map has no argument ${arg}`);
          return typeOf(use.value).dtype;
        }),
        shape: shapeOf(op.out, op.extents),
      };
    case "reduce":
      return {
        dtype: op.monoid === "argmax" || op.monoid === "argmin" ? "i32" : typeOf(op.arg.value).dtype,
        shape: shapeOf(op.out, op.extents),
      };
    case "softmax":
      return { dtype: typeOf(op.arg.value).dtype, shape: op.extents };
    case "concat": {
      const types = op.args.map(typeOf);
      const first = types[0];
      invariant(first !== undefined, () => "concat without parts");
      const lengths = types.map((type) => {
        const length = type.shape[op.axis];
        invariant(length !== undefined, () => `concat along axis ${op.axis} of a part of rank ${type.shape.length}`);
        return length;
      });
      const total = lengths.reduce((sum, length) => addDim(sum, length));
      return { dtype: first.dtype, shape: first.shape.map((extent, axis) => (axis === op.axis ? total : extent)) };
    }
    case "region": {
      const output = op.body.outputs[op.result];
      const node = output && op.body.nodes[output.value];
      invariant(node !== undefined, () => `region ${op.strategy} has no result ${op.result}`);
      return node.type;
    }
    default:
      return unreachable(op);
  }
}
