/**
 * `lfc/backend`: all that a backend package imports. The contract, the two representations that a backend may consume with
 * what walks them, and what a backend that runs needs to bind sizes to inputs.
 */
export type { Choice, Decision, Plan } from "../cost/plan.js";
export type { Target } from "../cost/target.js";
export { targets } from "../cost/targets.js";
export type { Diagnostic } from "../diagnostics/diagnostic.js";
export { unknownBackendOption, wrongBackendOption } from "../diagnostics/messages/backend.js";
export { constValue, type Dim, evalDim, type Power, printDim, symbolsOf, type Term } from "../ir/dim.js";
export { allocate, byteSize, type DType, isFloat, type TensorData, type TensorValues } from "../ir/dtype.js";
export type { Graph, Index, Node, Op, Scalar, TensorType, Use, Where } from "../ir/graph/ops.js";
export { operandUses, walkScalar } from "../ir/graph/visit.js";
export { typeOf } from "../ir/kernel/expr.js";
export type { Bind, BufId, KBuffer, KExpr, Kernel, KOp, KStmt, KType, VarId, Width } from "../ir/kernel/ops.js";
export { mapExprs, mapStmts, walkExprs, walkStmts } from "../ir/kernel/visit.js";
export type { Bound, Program, Resource, Step } from "../ir/program/program.js";
export type { ScalarFn } from "../ir/scalar.js";
export { isRuntimeError, type RuntimeError } from "../runtime/errors.js";
export { type Boxed, bindSizes, type Given, type Sizes } from "../runtime/sizes.js";
export { fail, ok, type Result } from "../util/result.js";
export * from "./backend.js";
