/** `lfc/ir`: the graph as data, with what a pass of one's own needs to read, build, rewrite, print, verify and run it. */
export { type GraphOptions, parseGraph, type Read } from "../../grammar/lfir.toIr.js";
export { runPass, runPasses } from "../../passes/manager.js";
export { graphPipeline } from "../../passes/pipelines.js";
export { type AnyRule, copyNode, dropUnreachable, type GraphView, type Rule, rewrite } from "../../passes/rewrite.js";
export type { Pass, PassContext, Remark } from "../backend/backend.js";
export type { Diagnostic, Note, Severity } from "../diagnostics/diagnostic.js";
export { type Loc, noLoc, type SourceFile, type Span } from "../diagnostics/span.js";
export * from "../ir/dim.js";
export { allocate, byteSize, type DType, isFloat, type TensorData, type TensorValues } from "../ir/dtype.js";
export { type GraphBuilder, graphBuilder, inlineGraph, sameType } from "../ir/graph/builder.js";
export { initialise, randomInput } from "../ir/graph/initialise.js";
export {
  type Interpretation,
  type InterpretOptions,
  interpret,
  type ReferenceTensor,
  type RegionNode,
} from "../ir/graph/interpret.js";
export * from "../ir/graph/ops.js";
export { type PrintOptions, printGraph } from "../ir/graph/print.js";
export { inferType, scalarType, type TypeOf } from "../ir/graph/types.js";
export { type Phase, verifyGraph } from "../ir/graph/verify.js";
export * from "../ir/graph/visit.js";
export { type ScalarFn, scalarFns } from "../ir/scalar.js";
