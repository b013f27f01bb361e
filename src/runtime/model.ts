import type { Dim } from "../ir/dim.js";
import type { DType } from "../ir/dtype.js";
import type { Resource } from "../ir/program/program.js";

/**
 * A program as the runtime reads it, and nothing that it does not read: `program.json` fits, and so does the shorter form
 * that generated modules carry, in which a constant size is a number and a window of a whole resource is its name.
 */
export type Size = Dim | number;

/** A tensor of a program, and where it comes from. */
export interface ModelTensor {
  readonly id: string;
  readonly kind: Resource["kind"];
  /** The user's name of an input or output, the path of a parameter. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Size[];
  /** Stored elements. */
  readonly length: Size;
}

/** A kernel without its body: the global buffers in the order of their bindings. */
export interface ModelKernel {
  readonly name: string;
  /** Number of run-time size slots. */
  readonly dims: number;
  /** Invocations of a subgroup, where the text counts on it. */
  readonly subgroup?: number;
  readonly buffers: readonly {
    readonly id: string;
    readonly type: { readonly dtype: DType; readonly width: number };
    readonly access: "read" | "write" | "read_write";
  }[];
}

/** A whole resource, or a window of it in elements. */
export type ModelBound = string | { readonly resource: string; readonly offset: Size; readonly length: Size };

/** One run of a kernel. */
export interface ModelDispatch {
  readonly step: "dispatch";
  readonly kernel: string;
  readonly grid: readonly [Size, Size, Size];
  readonly dims: readonly Size[];
  readonly bind: Readonly<Record<string, ModelBound>>;
  /** What it computes, in the user's words. */
  readonly label?: string;
}

/** A dispatch, or a choice by a size of the run. */
export type ModelStep =
  | ModelDispatch
  | {
      readonly step: "choose";
      readonly dim: Size;
      readonly below: number;
      readonly then: readonly ModelStep[];
      readonly else: readonly ModelStep[];
    };

/** What a caller sees of a model, whatever computes it. */
export interface ModelFace {
  readonly name: string;
  /** The run-time sizes. */
  readonly symbols: readonly Dim[];
  /** Inputs whose values have to lie in 0 … extent-1. */
  readonly subscripts?: readonly { readonly input: string; readonly extent: Size }[];
}

/** A program without the bodies of its kernels. */
export interface ModelProgram extends ModelFace {
  readonly resources: readonly ModelTensor[];
  readonly kernels: readonly ModelKernel[];
  readonly prepare: readonly ModelStep[];
  readonly steps: readonly ModelStep[];
  /** Features that the device must have. */
  readonly features?: readonly string[];
}

/**
 * A program to load. Contract with the texts: entry point `main`; one bind group with the kernel's global buffers in
 * order, then, if it has sizes, a uniform struct of i32.
 */
export interface WgslModel {
  readonly program: ModelProgram;
  /** The text of each kernel, by its name. */
  readonly wgsl: Readonly<Record<string, string>>;
}
