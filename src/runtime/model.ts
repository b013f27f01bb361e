import type { Kernel } from "../ir/kernel/ops.js";
import type { Program } from "../ir/program/program.js";

/** A kernel without its body: all that the runtime reads. */
export type KernelHead = Omit<Kernel, "body">;

/**
 * A program to load. Contract with the texts: entry point `main`; one bind group with the kernel's global buffers in
 * order, then, if it has sizes, a uniform struct of i32.
 */
export interface WgslModel {
  readonly program: Omit<Program, "kernels"> & { readonly kernels: readonly KernelHead[] };
  /** The text of each kernel, by its name. */
  readonly wgsl: Readonly<Record<string, string>>;
}
