/**
 * What can go wrong while a program is loaded or run. All are errors with a `code`, so that a page can act on them:
 *
 * - `input`, `parameter`, `output`: a tensor that is missing, unknown, misshapen, of another dtype or out of range;
 * - `size`: a run-time size outside its declared range, or not the same in two inputs;
 * - `limit`, `feature`: the device grants less than the program needs; - `memory`: it ran out of memory;
 * - `worker`: a thread failed or ended; the model is of no use any more;
 * - `kernel`: the driver refused a kernel; - `device`: any other refusal; - `device-lost`, `disposed`;
 * - `aborted`: the caller's signal ended the wait; `cause` is its reason.
 */
export type RuntimeErrorCode =
  | "input"
  | "parameter"
  | "output"
  | "size"
  | "limit"
  | "feature"
  | "memory"
  | "kernel"
  | "worker"
  | "device"
  | "device-lost"
  | "disposed"
  | "aborted";

/** An error with a code that a program can act on. */
export interface RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  /** The input, parameter, output, size, resource or kernel concerned. */
  readonly subject: string;
}

export function runtimeError(code: RuntimeErrorCode, subject: string, message: string, cause?: unknown): RuntimeError {
  return Object.assign(new Error(message, { cause }), { name: "LfcRuntimeError", code, subject });
}

/** Whether something that was thrown is a `RuntimeError`, of whatever copy of the runtime. */
export const isRuntimeError = (error: unknown): error is RuntimeError =>
  error instanceof Error && error.name === "LfcRuntimeError";
