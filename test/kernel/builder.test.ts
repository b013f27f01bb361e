import fc from "fast-check";
import { expect, test } from "vitest";
import { constDim, mulDim, symbolDim } from "../../src/ir/dim.js";
import {
  add,
  and,
  bitcast,
  bool,
  call,
  ceildiv,
  convert,
  eq,
  float,
  floordiv,
  fma,
  fold,
  ge,
  int,
  kernelBuilder,
  kType,
  lane,
  laneAt,
  lit,
  load,
  lt,
  max,
  min,
  mod,
  mul,
  neg,
  not,
  or,
  pack,
  select,
  splat,
  sub,
  sum,
  typeOf,
  variable,
} from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { printExpr, printKernel } from "../../src/ir/kernel/print.js";
import { environment, sample } from "./arbitrary.js";
import { evaluate } from "./evaluate.js";

const [x, y, z] = [variable("x"), variable("y"), variable("z")];
const f = variable("f", kType("f32"));
const v = variable("v", kType("f32", 4));

test.each<[KExpr, string]>([
  [add(x, 0), "x"],
  [mul(x, 1), "x"],
  [mul(x, 0), "0"],
  [floordiv(mul(x, 4), 4), "x"],
  [mod(mul(x, 4), 4), "0"],
  [floordiv(add(mul(x, 512), add(mul(y, 4), 3)), 4), "x * 128 + y"],
  [mod(add(mul(x, 8), add(y, 5)), 8), "(y + 5) % 8"],
  [mul(add(x, 3), 512), "x * 512 + 1536"],
  [sub(add(x, y), x), "y"],
  [sub(3, x), "3 - x"],
  [sub(x, add(x, 4)), "-4"],
  [neg(sub(x, y)), "y - x"],
  [add(mul(floordiv(x, 8), 8), mod(x, 8)), "x"],
  [floordiv(floordiv(x, 4), 8), "x / 32"],
  [mod(mod(x, 64), 16), "x % 16"],
  [floordiv(mod(x, 64), 16), "x / 16 % 4"],
  [floordiv(mod(x, 8), 8), "0"],
  [ceildiv(x, 4), "(x + 3) / 4"],
  [min(min(x, 9), 5), "min(x, 5)"],
  [min(add(x, 1), add(x, 3)), "x + 1"],
  [max(3, x), "max(x, 3)"],
  [lt(x, add(x, 1)), "true"],
  [ge(mul(x, 2), add(mul(x, 2), 1)), "false"],
  [eq(x, x), "true"],
  [select(lt(x, 3), 1, 1), "1"],
  [select(bool(true), x, y), "x"],
  [not(lt(x, y)), "x >= y"],
  [not(lt(f, 1)), "not f < 1.0"],
  [and(lt(x, y), bool(true)), "x < y"],
  [or(lt(x, y), bool(true)), "true"],
  [add(f, 0), "f"],
  [mul(f, 0), "f * 0.0"],
  [mul(f, 1), "f"],
  [call("pow", f, 2), "f * f"],
  [call("pow", f, -0.5), "rsqrt(f)"],
  [fma(f, 1, 2), "f + 2.0"],
  [fma(f, f, 0), "f * f"],
  [add(v, f), "v + splat.f32x4(f)"],
  [lane(splat(f, 4), 2), "f"],
  [lane(pack([f, f, f, float(1)]), 3), "1.0"],
  [pack([0, 1, 2, 3].map((i) => lane(v, i))), "v"],
  [pack([f, f, f, f]), "splat.f32x4(f)"],
  [fold("add", f), "f"],
  [fold("add", v), "fold.add(v)"],
  [laneAt(v, 1), "v.y"],
  [laneAt(v, x), "select(x == 3, v.w, select(x == 2, v.z, select(x == 1, v.y, v.x)))"],
  [convert("f32", int(7)), "7.0"],
  [convert("i32", float(-2.75)), "-2"],
  [convert("u32", int(-1)), "4294967295u"],
  [bitcast("u32", f), "bitcast.u32(f)"],
  [sum([x, 2, y, 3]), "x + y + 5"],
  [lit(1e10, kType("f16")), "f16.inf"],
  [float(0.1), "0.1"],
  [call("relu", f), "max(f, 0.0)"],
  [load("a", kType("f32"), add(x, 1)), "a[x + 1]"],
  [mul(sub(x, y), sub(z, 1)), "(x - y) * (z - 1)"],
])("%# %o", (e, text) => {
  expect(printExpr(e)).toBe(text);
});

test("a size distributes over a sum, so that addresses share their variable part", () => {
  const k = kernelBuilder("k");
  const n = k.dim(symbolDim("N", 1, 9));
  expect(printExpr(mul(add(x, 3), n))).toBe("x * dim.0 + dim.0 * 3");
});

test("a condition beside vectors chooses between whole vectors", () => {
  const e = select(lt(x, 3), v, 0);
  expect(typeOf(e)).toEqual({ dtype: "f32", width: 4 });
  expect(printExpr(e)).toBe("select(splat.boolx4(x < 3), v, f32x4(0.0))");
});

test("constructors keep the meaning of index arithmetic", () => {
  fc.assert(
    fc.property(sample, environment, ({ expr, meaning }, env) => {
      expect(evaluate(expr, env)).toEqual([meaning(env)]);
    }),
    { numRuns: 2000 },
  );
});

test("names come from hints and are the same each time", () => {
  const build = () => {
    const k = kernelBuilder("k");
    k.buffer({ space: "global", id: "out", type: kType("f32"), length: constDim(64), access: "write" });
    const n = symbolDim("N", 1, 64);
    const g = k.grid(0, n, "row 1");
    const t = k.local(0, 8, "t");
    const acc = k.memory("register", "acc", kType("f32"), 2);
    k.for(0, 2, 1, "unroll", (i) => k.store(acc, i, convert("f32", add(g, i))), "i");
    k.for(0, 1, 1, "serial", (i) => k.store(acc, i, 1), "once");
    k.for(5, 5, 1, "serial", () => k.store(acc, 0, 2), "never");
    k.if(bool(false), () => k.store(acc, 0, 3));
    const at = k.let(add(mul(g, 8), t), "row 1");
    k.if(
      lt(at, k.dim(mulDim(n, constDim(2)))),
      () => k.store("out", at, k.load(acc, 0)),
      () => k.pin(),
    );
    k.barrier();
    return { kernel: k.finish(), dims: k.dims(), grid: k.gridSize() };
  };
  const { kernel, dims, grid } = build();
  expect(dims.map((d) => d.op)).toEqual(["symbol", "poly"]);
  expect(grid[0]).toBe(dims[0]);
  expect(printKernel(kernel)).toBe(printKernel(build().kernel));
  expect(printKernel(kernel)).toBe(`kernel k: local 8x1x1, dims 2 {
  write out: f32[64]
  register acc: f32[2]
  grid.x row_1 in 0..dim.0 {
    local.x t in 0..8 {
      unroll i in 0..2 {
        acc[i] = convert.f32(row_1 + i)
      }
      acc[0] = 1.0
      let row_1_1: i32 = row_1 * 8 + t
      if row_1_1 < dim.1 {
        out[row_1_1] = acc[0]
      } else {
        pin
      }
      barrier
    }
  }
}
`);
});

test.each<[string, () => unknown]>([
  [
    "f32x1 stored into a, which holds f32x4",
    () => {
      const k = kernelBuilder("k");
      k.buffer({ space: "shared", id: "a", type: kType("f32", 4), length: 1 });
      k.store("a", 0, f);
    },
  ],
  ["no buffer b", () => kernelBuilder("k").load("b", 0)],
  ["add of f32x1, i32x1", () => add(f, x)],
  ["lane 4 of 4", () => lane(v, 4)],
  ["cannot splat 4 lanes to 2", () => splat(v, 2)],
  [
    "declared twice",
    () => {
      const k = kernelBuilder("k");
      k.buffer({ space: "shared", id: "a", type: kType("f32"), length: 1 });
      k.buffer({ space: "shared", id: "a", type: kType("f32"), length: 1 });
    },
  ],
  [
    "grid loops stand outside local ones",
    () => {
      const k = kernelBuilder("k");
      k.local(0, 4);
      k.grid(0, 4);
    },
  ],
])("a fault of a schedule is found at once: %s", (message, build) => {
  expect(build).toThrow(message);
});
