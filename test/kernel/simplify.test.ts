import { describe, expect, test } from "vitest";
import { simplifyKernels } from "../../passes/kernel/simplify.js";
import { ceilDivDim, constDim, type Dim, symbolDim } from "../../src/ir/dim.js";
import {
  add,
  call,
  clamp,
  convert,
  floordiv,
  type KernelBuilder,
  kernelBuilder,
  kType,
  lt,
  min,
  mod,
  mul,
  select,
  sub,
} from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { printKernel } from "../../src/ir/kernel/print.js";
import { contextFor, cpu } from "./context.js";
import { doubled, programOf, rowSums, type Tensor } from "./support.js";

const f = kType("f32");
const cx = contextFor(cpu);

/** The text of the body after the pass: y is written, x and t only read. */
function simplified(body: (k: KernelBuilder, g: KExpr) => void, groups: Dim | number = 16): string {
  const tensors: Tensor[] = [
    { id: "x", kind: "input", shape: [256] },
    { id: "y", kind: "output", shape: [256] },
  ];
  const k = kernelBuilder("k");
  k.buffer({ space: "global", id: "x", type: f, length: constDim(256), access: "read" });
  k.buffer({ space: "global", id: "y", type: f, length: constDim(256), access: "write" });
  body(k, k.grid(0, groups, "g"));
  const [kernel] = simplifyKernels.run(programOf(tensors, [k]), cx).kernels;
  const lines = printKernel(kernel!).split("\n");
  const first = lines.findIndex((l) => l.includes("grid.x")) + 1;
  return lines
    .slice(first, -3)
    .map((l) => l.slice(4))
    .join("\n");
}

test("nothing to simplify: the same program", () => {
  const n = symbolDim("N", 1, 100);
  const sums = programOf(
    [
      { id: "x", kind: "input", shape: [3, 50] },
      { id: "y", kind: "output", shape: [3] },
    ],
    [rowSums(3, 50, 8)],
  );
  expect(simplifyKernels.run(sums, cx)).toBe(sums);
  const program = programOf(
    [
      { id: "x", kind: "input", shape: [n] },
      { id: "y", kind: "output", shape: [n] },
    ],
    [doubled(n, ceilDivDim(n, constDim(8)), 8)],
  );
  expect(simplifyKernels.run(program, cx)).toBe(program);
});

describe("ranges", () => {
  test("clamps and conditions that always hold go", () => {
    const text = simplified((k, g) => {
      k.for(0, 16, 1, "serial", (i) => {
        const at = clamp(add(mul(g, 16), i), 0, 255);
        k.if(lt(at, 256), () => k.store("y", at, select(lt(i, 16), k.load("x", at), 0)));
      });
    });
    expect(text).toBe("for i in 0..16 {\n  let at_1: i32 = g * 16 + i\n  y[at_1] = x[at_1]\n}");
  });

  test("conditions that decide inner ones", () => {
    const text = simplified((k, g) => {
      k.if(
        lt(g, 4),
        () =>
          k.if(
            lt(g, 8),
            () => k.store("y", g, 1),
            () => k.store("y", g, 2),
          ),
        () => k.if(lt(g, 4), () => k.store("y", g, 3)),
      );
    });
    expect(text).toBe("if g < 4 {\n  y[g] = 1.0\n}");
  });

  test("divisions of what is small, and of multiples with a small rest", () => {
    const text = simplified((k, g) => {
      k.for(0, 4, 1, "serial", (i) => {
        const flat = add(mul(g, 8), i);
        k.store("y", add(floordiv(flat, 8), add(mod(flat, 8), floordiv(flat, 64))), k.load("x", mod(flat, 64)));
      });
    });
    expect(text).toBe(
      "let at_1: i32 = g + g / 8\nlet at_2: i32 = g % 8 * 8\nfor i in 0..4 {\n  y[at_1 + i] = x[at_2 + i]\n}",
    );
  });

  test("loops of one turn and of none", () => {
    const n = symbolDim("N", 1, 16);
    const text = simplified((k, g) => {
      k.for(g, add(g, 1), 1, "serial", (i) => k.store("y", i, 1));
      k.for(g, min(g, 3), 1, "serial", (i) => k.store("y", i, 2));
    }, n);
    expect(text).toBe("y[g] = 1.0");
  });

  test("a bound that depends on a run-time size", () => {
    const n = symbolDim("N", 1, 16);
    const text = simplified((k, g) => k.if(lt(g, k.dim(n)), () => k.store("y", min(g, sub(k.dim(n), 1)), 1)), n);
    expect(text).toBe("y[g] = 1.0");
  });
});

describe("common expressions", () => {
  test("what does not change in a loop stands before it", () => {
    const text = simplified((k, g) => {
      k.for(0, 8, 1, "serial", (i) => {
        k.for(0, 2, 1, "serial", (j) => {
          k.store("y", add(mul(g, 16), add(mul(i, 2), j)), call("exp", convert("f32", add(mul(g, 3), i))));
        });
      });
    });
    expect(text).toBe(`for i in 0..8 {
  let at_1: i32 = g * 16 + i * 2
  let x_1: f32 = exp(convert.f32(g * 3 + i))
  for i_1 in 0..2 {
    y[at_1 + i_1] = x_1
  }
}`);
  });

  test("a load is read once as long as nothing is stored to it", () => {
    const text = simplified((k, g) => {
      const s = k.memory("scratch", "s", f, 4);
      k.store(s, 0, 1);
      k.store("y", g, add(k.load(s, g), 1));
      k.store("y", add(g, 16), add(k.load(s, g), 2));
      k.store(s, 1, 5);
      k.store("y", add(g, 32), add(k.load(s, g), 3));
    });
    expect(text).toBe(`s[0] = 1.0
let s_1: f32 = s[g]
y[g] = s_1 + 1.0
y[g + 16] = s_1 + 2.0
s[1] = 5.0
y[g + 32] = s[g] + 3.0`);
  });

  test("a load from read-only memory leaves loops that have a turn, not conditions", () => {
    const n = symbolDim("N", 1, 16);
    const text = simplified((k, g) => {
      k.for(0, k.dim(n), 1, "serial", (i) => {
        k.if(lt(i, 3), () => k.store("y", add(g, i), add(k.load("x", g), k.load("x", add(g, 1)))));
        k.store("y", i, k.load("x", g));
      });
      k.for(3, k.dim(n), 1, "serial", (i) => k.store("y", i, k.load("x", add(g, 2))));
    });
    expect(text).toBe(`let x_1: f32 = x[g]
for i in 0..dim.0 {
  if i < 3 {
    y[g + i] = x[g] + x[g + 1]
  }
  y[i] = x_1
}
for i_1 in 3..dim.0 {
  y[i_1] = x[g + 2]
}`);
  });

  test("what only arms of selects read stays there", () => {
    const text = simplified((k, g) => {
      const v = k.load("x", g);
      k.store("y", g, select(lt(g, 4), add(v, 1), add(v, 2)));
    });
    expect(text).toBe("y[g] = select(g < 4, x[g] + 1.0, x[g] + 2.0)");
  });

  test("a product written as a power reads once", () => {
    const text = simplified((k, g) => k.store("y", g, call("pow", sub(k.load("x", g), 1), 2)));
    expect(text).toBe("let x_1: f32 = x[g] - 1.0\ny[g] = x_1 * x_1");
  });

  test("unused names and private buffers go", () => {
    const text = simplified((k, g) => {
      k.memory("register", "r", f, 2);
      const a = k.let(call("exp", k.load("x", g)));
      k.let(add(a, 1));
      k.store("y", g, 1);
    });
    expect(text).toBe("y[g] = 1.0");
  });
});
