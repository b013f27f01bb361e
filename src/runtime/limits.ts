import { runtimeError } from "./errors.js";
import type { ModelBound, ModelDispatch, ModelProgram, ModelStep, ModelTensor, Size } from "./model.js";
import { evaluate, type Sizes } from "./sizes.js";
import { byteLength, bytesOf, roundUp } from "./tensors.js";

/** The dispatches of one run: choices are decided, and what has nothing to do is left out. */
export const chosenDispatches = (steps: readonly ModelStep[], sizes: Sizes): readonly ModelDispatch[] =>
  steps.flatMap((s) =>
    s.step === "choose"
      ? chosenDispatches(evaluate(s.dim, sizes) < s.below ? s.then : s.else, sizes)
      : gridOf(s, sizes).every((g) => g > 0)
        ? [s]
        : [],
  );

export function gridOf({ grid: [x, y, z] }: ModelDispatch, sizes: Sizes): [number, number, number] {
  return [evaluate(x, sizes), evaluate(y, sizes), evaluate(z, sizes)];
}

export const resourceOf = (bound: ModelBound): string => (typeof bound === "string" ? bound : bound.resource);

/** The bytes that a binding sees, and where they start. A binding is whole words and at least one vector. */
export function windowOf(
  bound: ModelBound,
  r: ModelTensor,
  width: number,
  sizes: Sizes,
): { readonly offset: number; readonly size: number } {
  const whole: { readonly offset: Size; readonly length: Size } =
    typeof bound === "string" ? { offset: 0, length: r.length } : bound;
  const each = bytesOf(r.dtype);
  return {
    offset: evaluate(whole.offset, sizes) * each,
    size: Math.max(roundUp(evaluate(whole.length, sizes) * each, 4), each * width),
  };
}

/**
 * Holds what a run of these sizes needs against what the device grants, before anything is made.
 *
 * @throws RuntimeError `limit`, naming the tensor or step, what it needs and what there is
 */
export function checkLimits(
  { limits, adapterInfo }: GPUDevice,
  { resources, kernels }: ModelProgram,
  steps: readonly ModelStep[],
  sizes: Sizes,
): void {
  const check = (subject: string, needs: number, most: number, what: string): void => {
    if (needs > most)
      throw runtimeError("limit", subject, `${subject} needs ${needs} ${what}, the device allows ${most}`);
  };
  const { subgroupMinSize: least, subgroupMaxSize: most } = adapterInfo ?? {};
  for (const { name, buffers, subgroup } of kernels) {
    const kernel = `the kernel ${name}`;
    check(kernel, buffers.length, limits.maxStorageBuffersPerShaderStage, "buffers");
    if (subgroup !== undefined && (least !== subgroup || most !== subgroup))
      throw runtimeError(
        "limit",
        kernel,
        `${kernel} is for subgroups of ${subgroup}, the device has ${least} to ${most}`,
      );
  }
  for (const d of chosenDispatches(steps, sizes)) {
    check(
      d.label ?? d.kernel,
      Math.max(...gridOf(d, sizes)),
      limits.maxComputeWorkgroupsPerDimension,
      "workgroups along an axis",
    );
    for (const bound of Object.values(d.bind)) {
      const r = resources.find(({ id }) => id === resourceOf(bound));
      if (r === undefined) continue;
      // what these steps do not touch may have sizes that nothing has bound yet
      const name = r.name || r.id;
      check(name, byteLength(r, sizes), limits.maxBufferSize, "bytes in a buffer");
      check(name, windowOf(bound, r, 1, sizes).size, limits.maxStorageBufferBindingSize, "bytes in one binding");
    }
  }
}
