import { constDim, type Dim, isWhole, productDim, scaleDim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import type { ValueId } from "../../src/ir/graph/ops.js";
import { type KernelBuilder, kernelBuilder, kType } from "../../src/ir/kernel/builder.js";
import type { BufId, KExpr, Kernel, Width } from "../../src/ir/kernel/ops.js";
import type { Bound, Step } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import type { BuildContext, Match } from "./interface.js";

/** A kernel being written, and the resources that its buffers are bound to. */
export interface KernelScope {
  readonly b: KernelBuilder;
  readonly cx: BuildContext;
  /** A buffer over a stored value, read `width` elements at a time. */
  read(v: ValueId, width: Width): BufId;
  /** Values that the kernel has computed already, at the rows where it stands: they are not read from memory. */
  readonly given: Map<ValueId, KExpr>;
  /** Whether a value of this shape may be read four elements at a time. */
  readsVectors(shape: readonly Dim[]): boolean;
  /** A buffer over memory of the match's own. */
  readTemp(id: string, dtype: DType, length: Dim, width: Width): BufId;
  write(resource: string, hint: string, dtype: DType, length: Dim, width: Width): BufId;
  finish(cost: { readonly flops: Dim; readonly bytes: Dim; readonly label: string }): {
    readonly kernel: Kernel;
    readonly step: Step;
  };
}

export function kernelScope(m: Match, cx: BuildContext, suffix = ""): KernelScope {
  const b = kernelBuilder(cx.name(m) + suffix);
  const bind: Record<BufId, Bound> = {};
  const reads = new Map<string, BufId>();

  const open = (
    resource: string,
    hint: string,
    dtype: DType,
    length: Dim,
    width: Width,
    access: "read" | "write",
  ): BufId => {
    const key = `${resource}/${width}`;
    const known = reads.get(key);
    if (known !== undefined) {
      invariant(access === "read", () => `${resource} is read and written by one kernel`);
      return known;
    }
    const id = b.fresh(hint);
    b.buffer({ space: "global", id, type: kType(dtype, width), length: scaleDim(length, 1, width), access });
    bind[id] = { resource, offset: constDim(0), length };
    reads.set(key, id);
    return id;
  };

  return {
    b,
    cx,
    given: new Map(),
    readsVectors: (shape) => cx.target.vectors && !cx.scalarReads(m) && isWhole(scaleDim(productDim(shape), 1, 4)),
    read(v, width) {
      const s = cx.stored(v);
      return open(s.resource, s.hint, s.dtype, productDim(s.shape), width, "read");
    },
    readTemp: (id, dtype, length, width) => open(id, "parts", dtype, length, width, "read"),
    write: (resource, hint, dtype, length, width) => open(resource, hint, dtype, length, width, "write"),
    finish(cost) {
      const kernel = b.finish();
      const step: Step = {
        step: "dispatch",
        kernel: kernel.name,
        grid: b.gridSize(),
        dims: b.dims(),
        bind,
        ...cost,
      };
      return { kernel, step };
    },
  };
}
