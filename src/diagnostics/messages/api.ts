import type { Diagnostic } from "../diagnostic.js";

/**
 * What only a model built by a program can get wrong, under the codes of the same mistakes in a text. The rest is said
 * of the text that the program stands for. They have no span: the stack of the thrown error leads to the place.
 */
const error = (code: `LF${string}`, message: string, help?: string): Diagnostic => ({
  code,
  severity: "error",
  message,
  ...(help === undefined ? {} : { help }),
});

export const notAName = (name: string): Diagnostic =>
  error("LF0116", `\`${name}\` cannot be a name`, "a name is letters, digits and _, and no keyword of the language");

export const sizeTwice = (name: string): Diagnostic =>
  error("LF0214", `two different dims are called ${name}`, "make the dim once and use it in every place");

export const valueNameTwice = (name: string): Diagnostic =>
  error("LF0214", `two things of one function are called ${name}`, "give one of them another name");

export const indexOutside = (): Diagnostic =>
  error(
    "LF0218",
    "an index is used outside of the tensor or the reduction that binds it",
    "make it an index of the tensor that is read there, or put the inner computation into a function made by lf.fn",
  );

export const foreignValue = (name: string, fn: string): Diagnostic =>
  error(
    "LF0217",
    `${fn} uses ${name}, which belongs to another function`,
    "pass it as an argument: what a function reads are its arguments and its own parameters",
  );

export const unknownRange = (fn: string): Diagnostic =>
  error(
    "LF0202",
    `nothing says what an index of a result of ${fn} ranges over`,
    "use the index by itself as a subscript, or give its size: lf.tensor([Size], (i) => …)",
  );

export const notAValue = (what: string, wanted: string): Diagnostic => error("LF0219", `${what} must be ${wanted}`);

export const missingArgument = (fn: string, name: string): Diagnostic =>
  error("LF0270", `the call of ${fn} gives no value for ${name}`);

export const surplusArgument = (fn: string, name: string, known: readonly string[]): Diagnostic =>
  error("LF0270", `${fn} has no argument ${name}`, `its arguments: ${known.join(", ")}`);

export const expressionTooLarge = (fn: string, limit: number): Diagnostic =>
  error(
    "LF0305",
    `the expressions of ${fn} have more than ${limit} parts`,
    "make a tensor of what is used several times: an expression is written out wherever it is used",
  );

export const unknownPass = (name: string, near: string | undefined, known: readonly string[]): Diagnostic =>
  error(
    "LF0217",
    `there is no graph pass called ${name}`,
    near === undefined ? `the graph passes: ${known.join(", ")}` : `did you mean ${near}?`,
  );
