import backend from "../../backends/js/index.js";
import type { JsExecutable } from "../../backends/js/run.js";
import { constDim, type Dim, mulDim, productDim, symbolsOf } from "../../src/ir/dim.js";
import type { DType, TensorData } from "../../src/ir/dtype.js";
import {
  add,
  floordiv,
  fma,
  type int,
  type KernelBuilder,
  kernelBuilder,
  kType,
  lit,
  lt,
  mul,
  splat,
} from "../../src/ir/kernel/builder.js";
import type { KType } from "../../src/ir/kernel/ops.js";
import type { Program, Resource, Step } from "../../src/ir/program/program.js";
import { contextFor } from "./context.js";

/** Hand-built kernels and the small programs round them. */

export interface Tensor {
  readonly id: string;
  readonly kind: Resource["kind"];
  readonly dtype?: DType;
  readonly shape: readonly (Dim | number)[];
  readonly arena?: number;
}

const asDim = (d: Dim | number): Dim => (typeof d === "number" ? constDim(d) : d);

export const resource = (t: Tensor): Resource => {
  const shape = t.shape.map(asDim);
  return {
    id: t.id,
    kind: t.kind,
    name: t.id,
    dtype: t.dtype ?? "f32",
    shape,
    length: productDim(shape),
    ...(t.arena === undefined ? {} : { arena: { offset: constDim(t.arena) } }),
  };
};

/** A dispatch that binds each buffer of the kernel to the whole resource of the same name, or of the name given. */
export function dispatchOf(
  b: KernelBuilder,
  tensors: readonly Resource[],
  bind: Readonly<Record<string, string>> = {},
): Step {
  const kernel = b.finish();
  const bound = kernel.buffers.flatMap((x) => {
    if (x.space !== "global") return [];
    const r = tensors.find((t) => t.id === (bind[x.id] ?? x.id));
    if (!r) throw new Error(`no resource for ${x.id}`);
    return [[x.id, { resource: r.id, offset: constDim(0), length: r.length }] as const];
  });
  return {
    step: "dispatch",
    kernel: kernel.name,
    grid: b.gridSize(),
    dims: b.dims(),
    bind: Object.fromEntries(bound),
    flops: constDim(0),
    bytes: constDim(0),
    label: kernel.name,
  };
}

/** A program of one dispatch for each builder, in order. */
export function programOf(
  tensors: readonly Tensor[],
  builders: readonly (KernelBuilder | { readonly b: KernelBuilder; readonly bind: Readonly<Record<string, string>> })[],
): Program {
  const resources = tensors.map(resource);
  const list = builders.map((x) => ("b" in x ? x : { b: x, bind: {} }));
  const kernels = new Map(list.map(({ b }) => [b.finish().name, b.finish()] as const));
  const symbols = new Map(
    resources.flatMap((r) => r.shape.flatMap((d) => symbolsOf(d).map((s) => [s.name, s] as const))),
  );
  return {
    irVersion: 1,
    name: "test",
    symbols: [...symbols.values()],
    resources,
    kernels: [...kernels.values()],
    prepare: [],
    steps: list.map(({ b, bind }) => dispatchOf(b, resources, bind)),
  };
}

/** Prints, loads and returns the program. */
export async function loadProgram(
  program: Program,
  options: Readonly<Record<string, unknown>> = {},
  params: Readonly<Record<string, TensorData>> = {},
): Promise<JsExecutable> {
  const parsed = backend.parseOptions(options);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const artifact = backend.emit(program, contextFor(backend.target(parsed.value)), parsed.value);
  return backend.load(artifact, { params: new Map(Object.entries(params)) });
}

export const f32 = (shape: readonly number[], values: readonly number[] | Float32Array): TensorData => ({
  dtype: "f32",
  shape,
  data: Float32Array.from(values),
});

/** Small whole numbers and halves, the same each time: sums of their products are exact in f32. */
export function numbers(length: number, seed = 1): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 20) % 17) / 2 - 4;
  });
}

/** Σ_k a[m, k] · b[k, n]. */
export function product(a: Float32Array, b: Float32Array, m: number, n: number, k: number): Float32Array {
  const out = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0;
      for (let l = 0; l < k; l++) s += (a[i * k + l] ?? 0) * (b[l * n + j] ?? 0);
      out[i * n + j] = s;
    }
  }
  return out;
}

const f32x = (width: 1 | 4): KType => kType("f32", width);

/** c[M, N] = a[M, K] · b[K, N]: `rows` x `cols` vectors of registers a grid cell, columns in vectors of 4. */
export function matmul(name: string, M: number, N: number, K: number, rows = 4, cols = 2): KernelBuilder {
  const k = kernelBuilder(name);
  k.buffer({ space: "global", id: "a", type: f32x(1), length: constDim(M * K), access: "read" });
  k.buffer({ space: "global", id: "b", type: f32x(4), length: constDim((K * N) / 4), access: "read" });
  k.buffer({ space: "global", id: "c", type: f32x(4), length: constDim((M * N) / 4), access: "write" });
  const gy = k.grid(1, Math.ceil(M / rows), "row");
  const gx = k.grid(0, Math.ceil(N / (4 * cols)), "col");
  const acc = k.memory("register", "acc", f32x(4), rows * cols);
  const row = (r: Parameters<typeof add>[0]) => add(mul(gy, rows), r);
  const col = (c: Parameters<typeof add>[0]) => mul(add(mul(gx, cols), c), 4);
  const tile = (body: (r: ReturnType<typeof int>, c: ReturnType<typeof int>) => void): void => {
    k.for(0, rows, 1, "unroll", (r) => k.for(0, cols, 1, "unroll", (c) => body(r, c), "c"), "r");
  };
  tile((r, c) => k.store(acc, add(mul(r, cols), c), lit(0, f32x(4))));
  k.for(
    0,
    K,
    1,
    "serial",
    (i) => {
      tile((r, c) => {
        const at = add(mul(r, cols), c);
        const x = k.load("a", add(mul(row(r), K), i));
        const w = k.load("b", floordiv(add(mul(i, N), col(c)), 4));
        k.store(acc, at, fma(splat(x, 4), w, k.load(acc, at)));
      });
    },
    "k",
  );
  tile((r, c) => {
    const put = (): void => k.store("c", floordiv(add(mul(row(r), N), col(c)), 4), k.load(acc, add(mul(r, cols), c)));
    k.if(lt(row(r), M), () => k.if(lt(col(c), N), put));
  });
  return k;
}

/** y[rows] = Σ over columns of x[rows, cols], `threads` invocations a row through shared memory. */
export function rowSums(rows: Dim | number, cols: number, threads: number, barriers = true): KernelBuilder {
  const k = kernelBuilder("row_sums");
  k.buffer({ space: "global", id: "x", type: f32x(1), length: mulDim(asDim(rows), constDim(cols)), access: "read" });
  k.buffer({ space: "global", id: "y", type: f32x(1), length: asDim(rows), access: "write" });
  const row = k.grid(0, rows, "row");
  const t = k.local(0, threads, "t");
  const part = k.memory("shared", "part", f32x(1), threads);
  const sum = k.memory("register", "sum", f32x(1), 1);
  k.store(sum, 0, 0);
  k.for(
    t,
    cols,
    threads,
    "serial",
    (c) => {
      k.store(sum, 0, add(k.load(sum, 0), k.load("x", add(mul(row, cols), c))));
    },
    "c",
  );
  k.store(part, t, k.load(sum, 0));
  if (barriers) k.barrier();
  for (let half = threads / 2; half >= 1; half /= 2) {
    k.if(lt(t, half), () => k.store(part, t, add(k.load(part, t), k.load(part, add(t, half)))));
    if (barriers) k.barrier();
  }
  k.if(lt(t, 1), () => k.store("y", row, k.load(part, 0)));
  return k;
}

/** y[n] = x[n] * 2 over a run-time size, `block` elements a grid cell. */
export function doubled(n: Dim, groups: Dim, block: number): KernelBuilder {
  const k = kernelBuilder("doubled");
  k.buffer({ space: "global", id: "x", type: f32x(1), length: n, access: "read" });
  k.buffer({ space: "global", id: "y", type: f32x(1), length: n, access: "write" });
  const g = k.grid(0, groups, "g");
  k.for(0, block, 1, "serial", (i) => {
    const at = k.let(add(mul(g, block), i), "at");
    k.if(lt(at, k.dim(n)), () => k.store("y", at, mul(k.load("x", at), 2)));
  });
  return k;
}
