import * as fc from "fast-check";
import { expect, test } from "vitest";
import jsBackend from "../../backends/js/index.js";
import wgslBackend from "../../backends/wgsl/index.js";
import type { PassContext } from "../../src/backend/backend.js";
import type { DType } from "../../src/ir/dtype.js";
import { call, convert, fold, kType, lane, lit, pack, select, splat } from "../../src/ir/kernel/builder.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { testDevice } from "../support/dawn.js";
import { emitWgsl } from "./contraction.js";
import { pointwiseProgram, vector } from "./pointwise.js";

/**
 * Random expressions: the printed WGSL on the device against the kernel interpreter. Only operations with one right answer
 * take part, so the comparison is exact: whole numbers wrap, and floats are whole numbers far below 2^24.
 */
const device = testDevice();
const count = 16;

type Recipe =
  | { readonly kind: "leaf"; readonly pick: number }
  | { readonly kind: "op"; readonly pick: number; readonly args: readonly Recipe[] };

const recipes: fc.Arbitrary<Recipe> = fc.letrec<{ recipe: Recipe }>((tie) => ({
  recipe: fc.oneof(
    { maxDepth: 7, depthSize: "large" },
    fc.nat(99).map((pick): Recipe => ({ kind: "leaf", pick })),
    fc
      .tuple(fc.nat(99), fc.array(tie("recipe"), { minLength: 3, maxLength: 3 }))
      .map(([pick, args]): Recipe => ({ kind: "op", pick, args })),
  ),
})).recipe;

type Build = (a: KExpr, b: KExpr, c: KExpr) => KExpr;

const fn =
  (name: ScalarFn): Build =>
  (a, b) =>
    call(name, a, b);
const one =
  (name: ScalarFn): Build =>
  (a) =>
    call(name, a);

/** A divisor that is not zero, of either sign. */
const divisor = (e: KExpr, width: Width): KExpr =>
  select(call("eq", e, lit(0, kType("i32", width))), lit(3, kType("i32", width)), e);

/**
 * Across the lanes, of what is not constant: SwiftShader (Chromium 147) takes max(0, 0) >= 0 of constant i32 vectors for
 * false, and only here could such a constant reach it unfolded.
 */
const across =
  (op: "add" | "max" | "min", width: Width): Build =>
  (a) =>
    a.k === "lit" ? a : splat(fold(op, a), width);

const choose =
  (name: ScalarFn): Build =>
  (a, b, c) =>
    select(call(name, a, b), b, c);

function operations(dtype: "i32" | "f32", width: Width): readonly Build[] {
  const small = (e: KExpr): KExpr => {
    // Keeps floats exact: values stay below 2^20.
    const bound = lit(1000, kType("f32", width));
    return call("max", call("min", e, bound), call("neg", bound));
  };
  const shared: Build[] = [
    fn("add"),
    fn("sub"),
    fn("min"),
    fn("max"),
    one("neg"),
    one("abs"),
    choose("lt"),
    choose("ge"),
    choose("ne"),
    (a, b, c) => select(call("and", call("le", a, b), call("not", call("eq", b, c))), c, a),
    (a, b, c) => select(call("or", call("gt", a, b), call("lt", b, c)), call("add", a, a), b),
    (a) => (width === 1 ? a : splat(lane(a, width - 1), width)),
    (a, b) =>
      width === 1 ? b : pack(Array.from({ length: width }, (_, i) => lane(i % 2 === 0 ? a : b, width - 1 - i))),
    across("max", width),
    across("min", width),
  ];
  if (dtype === "f32") {
    return [
      ...shared.map(
        (build): Build =>
          (a, b, c) =>
            small(build(a, b, c)),
      ),
      fn("mul"),
      one("abs"),
    ].map(
      (build): Build =>
        (a, b, c) =>
          build(small(a), small(b), small(c)),
    );
  }
  return [
    ...shared,
    fn("mul"),
    (a, b) => call("floordiv", a, divisor(b, width)),
    (a, b) => call("mod", a, divisor(b, width)),
    (a) => call("floordiv", a, lit(7, kType("i32", width))),
    (a) => call("mod", a, lit(16, kType("i32", width))),
    across("add", width),
    (a, b) => convert("i32", call("lt", a, b)),
  ];
}

function build(recipe: Recipe, leaves: readonly KExpr[], ops: readonly Build[]): KExpr {
  if (recipe.kind === "leaf") return leaves[recipe.pick % leaves.length] as KExpr;
  const [a, b, c] = recipe.args.map((r) => build(r, leaves, ops)) as [KExpr, KExpr, KExpr];
  return (ops[recipe.pick % ops.length] as Build)(a, b, c);
}

const cx = (target: PassContext["target"]): PassContext => ({
  target,
  strategies: new Set(),
  fp: "relaxed",
  remark: () => undefined,
});

for (const dtype of ["i32", "f32"] as const) {
  for (const width of [1, 2, 4] as const) {
    test(`random expressions of ${dtype} x ${width} on the device and in the interpreter`, async () => {
      const on = await device();
      const options = { checked: true, count: false, execution: "simt" } as const;
      const ops = operations(dtype, width);
      await fc.assert(
        fc.asyncProperty(recipes, fc.integer({ min: 1, max: 1000 }), async (recipe, seed) => {
          const columns = ["a", "b"].map((name) => ({ name, dtype: dtype as DType }));
          const program = pointwiseProgram(columns, { name: "y", dtype }, count, width, ([a, b]) => {
            const constants = [0, 1, -1, 5, -17].map((v) => lit(v, kType(dtype, width)));
            return build(recipe, [a as KExpr, b as KExpr, ...constants], ops);
          });
          const values = (by: number) => Array.from({ length: count }, (_, i) => ((i * by + seed) % 41) - 20);
          const inputs = { a: vector(dtype, values(7)), b: vector(dtype, values(11)) };
          const expected = await jsBackend.load(jsBackend.emit(program, cx(jsBackend.target(options)), options), {
            params: new Map(),
          });
          const model = await wgslBackend.load(emitWgsl(program), { device: on, params: new Map() });
          const [want, got] = [await expected.run(inputs), await model.run(inputs)];
          model.dispose();
          expected.dispose();
          // Zeros of either sign are equal here.
          const plain = (data: Iterable<number> | undefined): number[] => [...(data ?? [])].map((v) => v + 0);
          expect(plain(got.y?.data)).toEqual(plain(want.y?.data));
        }),
        { numRuns: 40, seed: 20261124 },
      );
    });
  }
}
