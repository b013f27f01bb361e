/** A fault of lfc itself, never of the user's program. The command line turns it into a bug report with exit code 3. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** Throws an `InternalError` unless `condition` holds; the message is built only on failure. */
export function invariant(condition: unknown, message: () => string): asserts condition {
  if (!condition) throw new InternalError(message());
}

/** The end of an exhaustive `switch`: the compiler proves it unreachable, a corrupt value reaches it anyway. */
export function unreachable(value: never): never {
  throw new InternalError(`unexpected variant: ${JSON.stringify(value)}`);
}
