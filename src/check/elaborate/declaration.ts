import type { TypeExpr } from "../../../grammar/lf.ast.js";
import type { Loc } from "../../diagnostics/span.js";
import { constDim, type Dim } from "../../ir/dim.js";
import type { DType } from "../../ir/dtype.js";
import type { ValueId } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import type { Context } from "./context.js";
import { axisParts } from "./ragged.js";
import type { Part, Scope } from "./scope.js";
import { resolve } from "./size.js";
import { joinGroups, nodeValue, type Value } from "./value.js";

/** One rectangular tensor of a declared type: the whole of it, or a part along each axis that chooses sizes. */
export interface Piece {
  readonly dtype: DType;
  readonly shape: readonly Dim[];
  /** The shape with whole axes in place of the parts. */
  readonly whole: readonly Dim[];
  /** For each cut axis which of its values these are. */
  readonly parts: ReadonlyMap<number, Part>;
  /** Says which piece it is; empty for the whole. */
  readonly suffix: string;
}

/**
 * The value of a declared tensor type (an input or a parameter), made of one node for each piece. `single` axes are cut
 * at each of their values where they are cut at all.
 */
export function declare(
  cx: Context,
  type: TypeExpr,
  scope: Scope,
  single: (axis: number) => boolean,
  make: (piece: Piece) => ValueId,
  loc: Loc,
): Value {
  const { head } = type;
  invariant(head.kind === "dtype", () => "a tensor has an element type");
  const shape = cx.program.shapes.get(type);
  invariant(shape !== undefined, () => "the checker knows the shape of every type");
  const names = type.axes.map((a) => a.name?.text ?? "");

  const from = (axis: number, parts: ReadonlyMap<number, Part>, suffix: string): Value => {
    const size = shape[axis];
    if (size === undefined) {
      const whole = shape.map((d) => resolve(cx, d, scope, parts));
      const cut = whole.map((d, i) => {
        const part = parts.get(i);
        return part === undefined ? d : constDim(part.length);
      });
      return nodeValue(cx, make({ dtype: head.dtype, shape: cut, whole, parts, suffix }), names);
    }
    const found = axisParts(cx, shape, axis, resolve(cx, size, scope, parts), scope);
    if (found === undefined) return from(axis + 1, parts, suffix);
    const groups = found.map((part, i) => {
      const pieces = single(axis)
        ? Array.from({ length: part.length }, (_, j) => ({ start: part.start + j, length: 1 }))
        : [part];
      const values = pieces.map((piece) => ({
        ...piece,
        value: from(axis + 1, new Map([...parts, [axis, piece]]), `${suffix}.${single(axis) ? piece.start : i}`),
      }));
      return { ...part, value: joinGroups(cx, axis, values, loc) };
    });
    return joinGroups(cx, axis, groups, loc);
  };
  return from(0, new Map(), "");
}
