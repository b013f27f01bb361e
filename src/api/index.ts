/** `lfc`: models built by a program, and the compiler as functions. */

export type { Instrument } from "../../passes/manager.js";
export type { Artifact, Backend, Remark } from "../backend/backend.js";
export type { Measured } from "../cost/profile.js";
export type { Diagnostic, Note, Severity } from "../diagnostics/diagnostic.js";
export type { SourceFile, Span } from "../diagnostics/span.js";
export type { ExtraPass } from "../driver/compile.js";
export type { Parameters } from "../driver/parameters.js";
export type { TensorData } from "../ir/dtype.js";
export {
  type Compiled,
  type CompileOptions,
  compile,
  compileText,
  graphOfFn,
  graphOfText,
  type Model,
  type RunInput,
  type RunOptions,
  run,
  type TextOptions,
  textOfFn,
} from "./compile.js";
export { LfError } from "./error.js";
export type { Declare, Fn, FnOptions } from "./fn.js";
export { type Axes, type Indexed, lf, type Reduce, type RuntimeRange, type TensorOptions } from "./lf.js";
export { Size, type SizeLike } from "./size.js";
export { Index, type Initialiser, type Operand, type ParamOptions, type Sub, type TensorSpec, Value } from "./value.js";
