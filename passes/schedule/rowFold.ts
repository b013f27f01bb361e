import type { DType } from "../../src/ir/dtype.js";
import type { Monoid } from "../../src/ir/graph/ops.js";
import { add, call, fold, int, kType, lit, lt, mul, splat, typeOf } from "../../src/ir/kernel/builder.js";
import type { BufId, KExpr, Width } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import type { Point } from "./element.js";
import type { KernelScope } from "./kernelScope.js";

/** Calls its argument at every element of a row that this invocation has to do with. */
export type Each = (visit: (point: Point, at: KExpr, width: Width) => void) => void;

/** How rows are spread over a workgroup. */
export interface Shape {
  /** Rows of an invocation, the lanes of its vectors; 1 where the lanes run along the row. */
  readonly across: Width;
  /** Whether elements arrive four at a time, and whether (the rest, or all) one at a time. */
  readonly vectors: boolean;
  readonly singles: boolean;
  readonly lanes: number;
  readonly threads: number;
  /** Whether an invocation keeps its part of a row: the loop over it is written out. */
  readonly whole: boolean;
  readonly x: KExpr;
  readonly y: KExpr;
}

export type Operator = "add" | "mul" | "max" | "min";

export const operatorOf = (monoid: Monoid): Operator => {
  switch (monoid) {
    case "sum":
      return "add";
    case "prod":
      return "mul";
    case "max":
    case "argmax":
      return "max";
    case "min":
    case "argmin":
      return "min";
  }
};

/** The greatest finite number of a dtype. */
export const highest = (dtype: DType): number => {
  switch (dtype) {
    case "f32":
      return 3.4028234663852886e38;
    case "f16":
      return 65504;
    case "i32":
      return 2147483647;
    case "u32":
      return 4294967295;
    case "bool":
      return 1;
  }
};

/** The least finite number of a dtype. */
export const lowest = (dtype: DType): number => {
  switch (dtype) {
    case "f32":
    case "f16":
      return -highest(dtype);
    case "i32":
      return -2147483648;
    case "u32":
    case "bool":
      return 0;
  }
};

export const identity = (op: Operator, dtype: DType): number => {
  switch (op) {
    case "add":
      return 0;
    case "mul":
      return 1;
    case "max":
      return lowest(dtype);
    case "min":
      return highest(dtype);
  }
};

/** Folds with one accumulator for each width, then over lanes and invocations: one value a row, in all its invocations. */
export function folded(
  k: KernelScope,
  shape: Shape,
  op: Operator,
  dtype: DType,
  each: Each,
  term: (p: Point) => KExpr,
): KExpr {
  const { b } = k;
  const widths: readonly Width[] =
    shape.across > 1
      ? [shape.across]
      : [...(shape.vectors ? [4 as const] : []), ...(shape.singles ? [1 as const] : [])];
  const accs = new Map(
    widths.map((w): readonly [Width, BufId] => {
      const acc = b.memory("register", "acc", kType(dtype, w), 1);
      b.store(acc, 0, lit(identity(op, dtype), kType(dtype, w)));
      return [w, acc];
    }),
  );
  each((point, _, width) => {
    const w = shape.across > 1 ? shape.across : width;
    const acc = accs.get(w);
    invariant(acc, () => "an accumulator for each width");
    b.store(acc, 0, splat(call(op, b.load(acc, 0), splat(term(point), w)), w));
  });
  const own = [...accs].map(([w, acc]) =>
    shape.across > 1 ? b.load(acc, 0) : w > 1 ? fold(op, b.load(acc, 0)) : b.load(acc, 0),
  );
  const mine = b.let(
    own.reduce((s, v) => call(op, s, v)),
    "part",
  );
  return first(joined(k, shape, [mine], (s, t) => [call(op, first(s), first(t))]));
}

/** How many parts one invocation joins before the next barrier. */
const radix = 8;

/**
 * Joins the parts of a row that its invocations hold, through shared memory: eight parts at a time, each level in
 * memory of its own, until eight are left, which every invocation joins for itself.
 */
export function joined(
  k: KernelScope,
  shape: Shape,
  mine: readonly KExpr[],
  join: (s: readonly KExpr[], t: readonly KExpr[]) => readonly KExpr[],
): readonly KExpr[] {
  if (shape.lanes === 1) return mine;
  const { b } = k;
  const { x, y } = shape;
  const rows = shape.threads / shape.lanes;
  let lanes = shape.lanes;
  const level = (count: number): readonly BufId[] =>
    mine.map((v) => b.memory("shared", "parts", typeOf(v), rows * count));
  const keep = (to: readonly BufId[], at: KExpr, values: readonly KExpr[]): void =>
    to.forEach((buffer, i) => {
      b.store(buffer, at, values[i] ?? int(0));
    });
  const gathered = (from: readonly BufId[], first: KExpr, count: number): readonly KExpr[] => {
    const part = (i: number): readonly KExpr[] => from.map((buffer) => b.let(b.load(buffer, add(first, i)), "part"));
    let all = part(0);
    for (let i = 1; i < count; i++) all = join(all, part(i)).map((v) => b.let(v, "joined"));
    return all;
  };
  let parts = level(lanes);
  keep(parts, add(mul(y, lanes), x), mine);
  b.barrier();
  while (lanes > radix) {
    const count = Math.min(radix, lanes / radix);
    const fewer = lanes / count;
    const next = level(fewer);
    const [from, width] = [parts, lanes];
    b.if(lt(x, fewer), () => {
      keep(next, add(mul(y, fewer), x), gathered(from, add(mul(y, width), mul(x, count)), count));
    });
    b.barrier();
    parts = next;
    lanes = fewer;
  }
  return gathered(parts, mul(y, lanes), lanes);
}

export const first = (values: readonly KExpr[]): KExpr => {
  const [v] = values;
  invariant(v, () => "a row has a value");
  return v;
};
