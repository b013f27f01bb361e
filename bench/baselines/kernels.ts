import type { KernelStep, KernelsCase, TensorSource, Transfer } from "../support/cases.js";

/** A layer in kernels by hand. */
export interface LayerKernels {
  readonly steps: readonly (KernelStep & { readonly label: string })[];
  /** Buffers that hold results, in bytes; the others that the steps bind are the layer's tensors. */
  readonly scratch: Readonly<Record<string, number>>;
}

/** As a case of the harness: x is written and y is read in every run, unless all stays on the device. */
export function kernelsCase(
  name: string,
  kernels: LayerKernels,
  tensors: Readonly<Record<string, TensorSource>>,
  transfer: Transfer = "host",
): KernelsCase {
  const scratch = Object.entries(kernels.scratch).map(([name, bytes]) => [name, { bytes }] as const);
  return {
    kind: "kernels",
    name,
    buffers: { ...tensors, ...Object.fromEntries(scratch) },
    steps: kernels.steps,
    input: "x",
    output: "y",
    transfer,
  };
}
