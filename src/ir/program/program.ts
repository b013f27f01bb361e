import type { Dim } from "../dim.js";
import type { DType } from "../dtype.js";
import type { BufId, Kernel, KType } from "../kernel/ops.js";

/**
 * A scheduled program: kernels, the memory they use and the order in which they run. Plain JSON; the runtime reads
 * nothing else.
 */

/** A value stored in blocks: each listed axis is split by `size`, the inner parts last; the innermost is padded to `padTo`. */
export interface BlockedLayout {
  readonly blocks: readonly { readonly axis: number; readonly size: Dim }[];
  readonly padTo: number;
}

/** Memory that a schedule asks for: private to the steps of one value. */
export interface Temp {
  readonly id: string;
  readonly type: KType;
  readonly length: Dim;
  readonly layout?: BlockedLayout;
}

/** A window of a resource, in elements of the resource's dtype. */
export interface Bound {
  readonly resource: string;
  readonly offset: Dim;
  readonly length: Dim;
}

/** A dispatch of a kernel, or a choice by a size of the run. */
export type Step =
  | {
      readonly step: "dispatch";
      readonly kernel: string;
      readonly grid: readonly [Dim, Dim, Dim];
      /** The value of each size slot of the kernel. */
      readonly dims: readonly Dim[];
      readonly bind: Readonly<Record<BufId, Bound>>;
      /** Useful floating-point operations (2 a multiply-add) and distinct bytes touched; for reports. */
      readonly flops: Dim;
      readonly bytes: Dim;
      /** What it computes, in the user's words. */
      readonly label: string;
      /** The lines of the source that it comes from: `linformer.lf:28`. */
      readonly source?: string;
    }
  | {
      readonly step: "choose";
      readonly dim: Dim;
      readonly below: number;
      readonly then: readonly Step[];
      readonly else: readonly Step[];
    };

/** What a schedule makes of one match. */
export interface Lowered {
  readonly kernels: readonly Kernel[];
  readonly temps: readonly Temp[];
  readonly steps: readonly Step[];
}

/** An input, output, parameter or temporary, and the memory it needs. */
export interface Resource {
  readonly id: string;
  readonly kind: "input" | "param" | "output" | "temp";
  /** The user's name of an input or output, the path of a parameter. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
  /** Stored elements, at least the product of `shape`: padding and partial sums included. */
  readonly length: Dim;
  /** Where a temp lies in the transient arena, in bytes; set by `planBuffers`. */
  readonly arena?: { readonly offset: Dim };
}

/** All that a runtime needs: resources, kernels, steps. */
export interface Program {
  readonly irVersion: 1;
  readonly name: string;
  /** The run-time sizes: each is a symbol. */
  readonly symbols: readonly Dim[];
  readonly resources: readonly Resource[];
  readonly kernels: readonly Kernel[];
  /** Inputs (by name) whose values are subscripts as they are: each has to lie in 0 … extent-1, checked before a run. */
  readonly subscripts?: readonly { readonly input: string; readonly extent: Dim }[];
  /** Steps that read parameters only; run once at load. */
  readonly prepare: readonly Step[];
  readonly steps: readonly Step[];
}
