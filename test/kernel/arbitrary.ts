import fc from "fast-check";
import { applyScalar } from "../../src/ir/kernel/arith.js";
import {
  add,
  call,
  clamp,
  eq,
  floordiv,
  ge,
  int,
  le,
  lt,
  max,
  min,
  mod,
  mul,
  neg,
  select,
  sub,
  variable,
} from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";

/** Random index expressions: built by the constructors, with what they mean beside. */
export interface Sample {
  readonly expr: KExpr;
  readonly meaning: (env: Readonly<Record<string, number>>) => number;
}

/** Least and greatest value of the variables of `sample`. */
export const variableRanges: Readonly<Record<string, readonly [number, number]>> = {
  x: [0, 9],
  y: [-3, 12],
  z: [2, 2],
};

const leaf: fc.Arbitrary<Sample> = fc.oneof(
  fc.integer({ min: -9, max: 20 }).map((n): Sample => ({ expr: int(n), meaning: () => n })),
  fc.constantFrom("x", "y", "z").map((v): Sample => ({ expr: variable(v), meaning: (env) => env[v] ?? 0 })),
);

const binary = { add, sub, mul, min, max } as const;
const divided = { floordiv, mod } as const;
const compared = { lt, le, ge, eq } as const;

export const sample: fc.Arbitrary<Sample> = fc.letrec<{ node: Sample }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc
      .tuple(fc.constantFrom("add", "sub", "add", "mul", "min", "max"), tie("node"), tie("node"))
      .map(([op, a, b]): Sample => {
        const fn = op as keyof typeof binary;
        return {
          expr: binary[fn](a.expr, b.expr),
          meaning: (env) => applyScalar(fn, "i32", a.meaning(env), b.meaning(env)),
        };
      }),
    fc
      .tuple(fc.constantFrom("floordiv", "mod"), tie("node"), fc.constantFrom(1, 2, 3, 4, 8, 12))
      .map(([op, a, c]): Sample => {
        const fn = op as keyof typeof divided;
        return { expr: divided[fn](a.expr, c), meaning: (env) => applyScalar(fn, "i32", a.meaning(env), c) };
      }),
    fc.tuple(tie("node"), fc.constantFrom(-4, -1, 2, 4, 8, 12)).map(
      ([a, c]): Sample => ({
        expr: mul(a.expr, c),
        meaning: (env) => applyScalar("mul", "i32", a.meaning(env), c),
      }),
    ),
    tie("node").map((a): Sample => ({ expr: neg(a.expr), meaning: (env) => -a.meaning(env) | 0 })),
    tie("node").map(
      (a): Sample => ({
        expr: clamp(a.expr, 0, 7),
        meaning: (env) => Math.min(Math.max(a.meaning(env), 0), 7),
      }),
    ),
    fc
      .tuple(fc.constantFrom("lt", "le", "ge", "eq"), tie("node"), tie("node"), tie("node"), tie("node"))
      .map(([op, a, b, yes, no]): Sample => {
        const fn = op as keyof typeof compared;
        return {
          expr: select(call(fn, a.expr, b.expr), yes.expr, no.expr),
          meaning: (env) =>
            applyScalar(fn, "i32", a.meaning(env), b.meaning(env)) === 1 ? yes.meaning(env) : no.meaning(env),
        };
      }),
  ),
})).node;

/** Values of the variables within their ranges. */
export const environment: fc.Arbitrary<Readonly<Record<string, number>>> = fc.record(
  Object.fromEntries(
    Object.entries(variableRanges).map(([v, [lo, hi]]) => [v, fc.integer({ min: lo, max: hi })] as const),
  ),
);
