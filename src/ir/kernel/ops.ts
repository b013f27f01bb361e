import type { Dim } from "../dim.js";
import type { DType } from "../dtype.js";
import type { ScalarFn } from "../scalar.js";

/**
 * The kernel IR: loops bound to grid, workgroup or serial execution; buffers in four memory spaces; barriers.
 *
 * Rules (each is one function of `verify.ts`; in brackets the pass after which it holds):
 *
 *  1. A body is a perfect nest of grid loops, inside it local loops, inside it everything else. Grid iterations are
 *     unordered and independent: none reads what another of the same dispatch writes. Steps run in order. [schedule]
 *  2. `length` and `at` count elements of the buffer's own type. A global buffer has one width in a kernel. One lane of a
 *     vec4 buffer is read as `lane(load(i / 4), i % 4)`. A write narrower than the buffer's width is forbidden. [schedule]
 *  3. Vectors are types, not loops: a schedule asks for width 4 where its source says lanes are contiguous. [schedule]
 *  4. After `unroll` every index into a register buffer is a literal; a printer turns element i into a named local. [unroll]
 *  5. `unroll` loops are gone before printing. [unroll]
 *  6. Run-time sizes: a dispatch lists in `dims` the value of each slot that the body reads, as a closed `Dim`. A kernel
 *     never computes a size. Without run-time sizes `dims` is 0 and all bounds are literals. [schedule]
 *  7. Shared buffers of a kernel fit `Target.sharedBytes` together; a barrier stands between uses that overlap. [planShared]
 *  8. `scratch` is private memory of one grid cell (cpu) or one invocation (simt). `Target.execution: "cpu"` forbids
 *     `shared`, local loops other than of 1, `barrier` and `subgroup`. [schedule]
 *  9. Arithmetic: indices are i32, proved < 2^31; `select` may evaluate both arms, so a load in an arm must be in bounds by
 *     itself. Every barrier is in uniform control flow. [guardBounds]
 * 10. Edges: loads are proved in range, clamped or guarded, never left to robustness; stores are guarded. [guardBounds]
 */
export type BufId = string;
/** The name of a variable, of its own in a kernel. */
export type VarId = string;

/** Lanes of a value. */
export type Width = 1 | 2 | 4;
/** A value of one or more lanes. `bool` has no storage of its own: buffers hold it as u32 words of 0 and 1. */
export interface KType {
  readonly dtype: DType;
  readonly width: Width;
}

/** Memory that a kernel touches. */
export type KBuffer =
  | {
      readonly space: "global";
      readonly id: BufId;
      readonly type: KType;
      /** In elements of `type`. */
      readonly length: Dim;
      readonly access: "read" | "write" | "read_write";
    }
  | { readonly space: "shared" | "scratch"; readonly id: BufId; readonly type: KType; readonly length: number }
  | { readonly space: "register"; readonly id: BufId; readonly type: KType; readonly length: number };

/**
 * `madd4(x, c0, c1, c2, c3, acc)` is acc + x.x·c0 + x.y·c1 + x.z·c2 + x.w·c3, summed and rounded in any order: four steps of
 * a product, or a matrix times a vector. The columns and the sum have any width, x has four lanes.
 */
export type KOp = ScalarFn | "fma" | "madd4" | "select" | "splat" | "convert" | "bitcast";

/** A value: scalar or vector. */
export type KExpr =
  | { readonly k: "lit"; readonly type: KType; readonly value: number }
  | { readonly k: "var"; readonly var: VarId; readonly type: KType }
  /** Slot of the dispatch's `dims`; an i32. */
  | { readonly k: "dim"; readonly slot: number }
  | { readonly k: "load"; readonly buffer: BufId; readonly at: KExpr; readonly type: KType }
  | { readonly k: "op"; readonly op: KOp; readonly args: readonly KExpr[]; readonly type: KType }
  | { readonly k: "lane"; readonly of: KExpr; readonly lane: 0 | 1 | 2 | 3; readonly type: KType }
  | { readonly k: "pack"; readonly lanes: readonly KExpr[]; readonly type: KType }
  /** Across the lanes of one vector. */
  | { readonly k: "fold"; readonly op: "add" | "max" | "min" | "mul"; readonly of: KExpr; readonly type: KType }
  | {
      readonly k: "subgroup";
      readonly op: "broadcast" | "shuffleXor" | "add" | "max" | "min" | "mul";
      readonly of: KExpr;
      readonly lane?: number;
      readonly type: KType;
    };

/** Who runs the turns of a loop. */
export type Bind =
  | { readonly to: "grid" | "local"; readonly axis: 0 | 1 | 2 }
  | { readonly to: "serial" }
  | { readonly to: "unroll" };

/** A statement. */
export type KStmt =
  | {
      readonly s: "for";
      readonly var: VarId;
      readonly from: KExpr;
      readonly to: KExpr;
      readonly step: number;
      readonly bind: Bind;
      readonly body: readonly KStmt[];
    }
  | { readonly s: "let"; readonly var: VarId; readonly value: KExpr }
  | { readonly s: "store"; readonly buffer: BufId; readonly at: KExpr; readonly value: KExpr }
  | { readonly s: "if"; readonly cond: KExpr; readonly then: readonly KStmt[]; readonly else: readonly KStmt[] }
  /** Ends a basic block on a CPU; WGSL prints nothing. */
  | { readonly s: "pin" }
  | { readonly s: "barrier" };

/** A kernel: what one dispatch runs. */
export interface Kernel {
  readonly name: string;
  readonly buffers: readonly KBuffer[];
  /** Number of run-time size slots. */
  readonly dims: number;
  readonly local: readonly [number, number, number];
  /** Invocations of a subgroup, where the body counts on it. */
  readonly subgroup?: number;
  readonly body: readonly KStmt[];
}
