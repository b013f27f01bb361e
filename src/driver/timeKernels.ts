import type { Backend, Executable } from "../backend/backend.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { noProfile } from "../diagnostics/messages/bench.js";
import { backendFailed, emitOnly } from "../diagnostics/messages/io.js";
import { InternalError } from "../util/invariant.js";
import { fail, ok, type Result } from "../util/result.js";
import type { Lowered } from "./compile.js";
import { isolate } from "./isolate.js";

/** The kernels of one subject, compiled in one way, by themselves on a machine. */
export interface TimedKernel {
  /** Seconds on the device of one run of its dispatches; infinite where the machine refuses or breaks off. */
  time(): Promise<number>;
  dispose(): void;
}

/** What a compilation made of a subject, ready to be timed; nothing where a run has no step for it. */
export async function kernelOf(
  { backend, program, target }: Pick<Lowered, "backend" | "program" | "target">,
  subject: string,
  sizes: ReadonlyMap<string, number>,
  device: GPUDevice | undefined,
  backendOptions: Readonly<Record<string, unknown>>,
): Promise<Result<TimedKernel | undefined, Diagnostic>> {
  if (backend.load === undefined) return fail(emitOnly(backend.name));
  const part = program === undefined ? undefined : isolate(program, subject, sizes);
  if (part === undefined || backend.consumes !== "kernel") return ok(undefined);
  const options = backend.parseOptions(backendOptions);
  if (!options.ok) return options;
  const cx = { target, strategies: backend.strategies, fp: "relaxed", remark: () => {} } as const;
  const artifact = backend.emit(part.program, cx, options.value);
  let executable: Executable;
  try {
    executable = await backend.load(artifact, { params: part.params, ...(device === undefined ? {} : { device }) });
  } catch (error) {
    return fail(backendFailed(backend.name, error instanceof Error ? error.message : String(error)));
  }
  const { profile } = executable;
  if (profile === undefined) {
    executable.dispose();
    return fail(noProfile(backend.name, "timing kernels"));
  }
  return ok({
    async time() {
      try {
        const { steps } = await profile.call(executable, {});
        return steps.reduce((sum, s) => sum + s.seconds, 0);
      } catch (error) {
        if (error instanceof InternalError) throw error;
        return Number.POSITIVE_INFINITY;
      }
    },
    dispose: () => executable.dispose(),
  });
}

/**
 * The subject to time for decisions of one form. A label that several forms have names its first in a plan, and the others with a
 * number behind it (`passes/schedule/lowering.ts`): steps do not tell them apart, so only what a bare label names is timed, along
 * with its namesakes, which stay as they are. Nothing: none of them can be.
 */
export const timeable = (subjects: readonly string[]): string | undefined => subjects.find((s) => !/~\d+$/.test(s));

/** Whether kernels can be timed on a backend at all, as far as can be told without loading one. */
export const canTime = (backend: Backend): boolean => backend.consumes === "kernel" && backend.load !== undefined;
