import backend from "../../backends/wgsl/index.js";
import { runPasses } from "../../passes/manager.js";
import type { Artifact, PassContext } from "../../src/backend/backend.js";
import { ceilDivDim, constDim, type Dim, productDim, symbolDim } from "../../src/ir/dim.js";
import type { TensorData } from "../../src/ir/dtype.js";
import { add, float, fma, kernelBuilder, kType, lt, mul } from "../../src/ir/kernel/builder.js";
import type { Program } from "../../src/ir/program/program.js";

const f32 = kType("f32");

const options = { profile: "generic", f16: false, subgroups: false } as const;
const cx: PassContext = {
  target: backend.target(options),
  strategies: new Set(),
  fp: "relaxed",
  remark: () => undefined,
};

/** Legalised and printed, as at the end of the pipeline. */
export const emitWgsl = (program: Program): Artifact =>
  backend.emit(runPasses(program, backend.legalize ?? [], cx), cx, options);

/** A matrix product by hand: y[m, n] = Σ_k a[m, k] · w[k, n], one output an invocation, rows guarded. */
export function contractionProgram(rows: Dim, inner: number, columns: number): Program {
  const b = kernelBuilder("contraction");
  const [k, n] = [constDim(inner), constDim(columns)];
  const group = b.grid(0, columns / 8, "group_n");
  const groupRow = b.grid(1, ceilDivDim(rows, constDim(8)), "group_m");
  const tn = b.local(0, 8, "n_in");
  const tm = b.local(1, 8, "m_in");
  b.buffer({ space: "global", id: "a", type: f32, length: productDim([rows, k]), access: "read" });
  b.buffer({ space: "global", id: "w", type: f32, length: productDim([k, n]), access: "read" });
  b.buffer({ space: "global", id: "y", type: f32, length: productDim([rows, n]), access: "write" });
  const m = b.let(add(mul(groupRow, 8), tm), "m");
  const col = b.let(add(mul(group, 8), tn), "n");
  b.if(lt(m, b.dim(rows)), () => {
    const acc = b.memory("register", "acc", f32, 1);
    b.store(acc, 0, float(0));
    b.for(0, inner, 1, "serial", (i) => {
      const product = fma(b.load("a", add(mul(m, inner), i)), b.load("w", add(mul(i, columns), col)), b.load(acc, 0));
      b.store(acc, 0, product);
    });
    b.store("y", add(mul(m, columns), col), b.load(acc, 0));
  });
  const kernel = b.finish();
  const whole = (resource: string, length: Dim) => ({ resource, offset: constDim(0), length });
  const shape = (r: Dim, c: Dim) => ({ shape: [r, c], length: productDim([r, c]), dtype: "f32" }) as const;
  return {
    irVersion: 1,
    name: "Product",
    symbols: rows.op === "symbol" ? [rows] : [],
    resources: [
      { id: "a", kind: "input", name: "a", ...shape(rows, k) },
      { id: "w", kind: "param", name: "layer.w", ...shape(k, n) },
      { id: "y", kind: "output", name: "y", ...shape(rows, n) },
    ],
    kernels: [kernel],
    prepare: [],
    steps: [
      {
        step: "dispatch",
        kernel: kernel.name,
        grid: b.gridSize(),
        dims: b.dims(),
        bind: {
          a: whole("a", productDim([rows, k])),
          w: whole("w", productDim([k, n])),
          y: whole("y", productDim([rows, n])),
        },
        flops: productDim([constDim(2), rows, k, n]),
        bytes: constDim(0),
        label: "y[m, n] = sum[k] a[m, k] * w[k, n]",
      },
    ],
  };
}

export const dynamicRows = symbolDim("Rows", 1, 64);

/** Small whole numbers: every sum below is exact in f32. */
export const tensor = (rows: number, columns: number, of: (i: number) => number): TensorData => ({
  dtype: "f32",
  shape: [rows, columns],
  data: Float32Array.from({ length: rows * columns }, (_, i) => of(i)),
});

export function product(a: TensorData, w: TensorData): readonly number[] {
  const [rows = 0, inner = 0] = a.shape;
  const [, columns = 0] = w.shape;
  return Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += (a.data[Math.floor(at / columns) * inner + k] ?? 0) * (w.data[k * columns + (at % columns)] ?? 0);
    }
    return sum;
  });
}
