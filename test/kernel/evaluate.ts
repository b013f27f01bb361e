import { applyScalar, roundTo } from "../../src/ir/kernel/arith.js";
import { typeOf } from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";

/** The lanes of an expression without memory: the meaning that constructors and printers are held against. */
export function evaluate(
  e: KExpr,
  variables: Readonly<Record<string, number>>,
  dims: readonly number[] = [],
): number[] {
  const { dtype, width } = typeOf(e);
  const each = (f: (lane: number) => number): number[] => Array.from({ length: width }, (_, i) => f(i));
  const of = (x: KExpr): number[] => evaluate(x, variables, dims);
  switch (e.k) {
    case "lit":
      return each(() => e.value);
    case "var":
      return each(() => variables[e.var] ?? Number.NaN);
    case "dim":
      return [dims[e.slot] ?? Number.NaN];
    case "lane":
      return [of(e.of)[e.lane] ?? Number.NaN];
    case "pack":
      return e.lanes.flatMap(of);
    case "fold":
      return [of(e.of).reduce((a, b) => applyScalar(e.op, dtype, a, b))];
    case "op": {
      const args = e.args.map(of);
      const [a = [], b = [], c = []] = args;
      const at = (xs: number[], i: number): number => xs[i] ?? Number.NaN;
      const operand = e.args[0] ? typeOf(e.args[0]).dtype : dtype;
      switch (e.op) {
        case "fma":
          return each((i) => roundTo(dtype, at(a, i) * at(b, i) + at(c, i)));
        case "madd4": {
          const acc = args[5] ?? [];
          const step = (sum: number, i: number, l: number): number =>
            roundTo(dtype, sum + at(a, i) * at(args[i + 1] ?? [], l));
          return each((l) => [0, 1, 2, 3].reduce((sum, i) => step(sum, i, l), at(acc, l)));
        }
        case "select":
          return each((i) => (at(a, i) !== 0 ? at(b, i) : at(c, i)));
        case "splat":
          return each(() => at(a, 0));
        case "convert":
          return each((i) => roundTo(dtype, at(a, i)));
        case "bitcast":
          throw new Error("no bits here");
        default: {
          const fn = e.op;
          return each((i) => applyScalar(fn, operand, at(a, i), b.length > 0 ? at(b, i) : 0));
        }
      }
    }
    case "load":
    case "subgroup":
      throw new Error(`no ${e.k} here`);
  }
}
