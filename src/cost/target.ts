import type { DType } from "../ir/dtype.js";

/** What passes may ask about the machine. A backend answers; passes never ask for its name. */
export interface Target {
  readonly name: string;
  /** `simt`: workgroups of invocations with shared memory and barriers. `cpu`: one thread a grid cell. */
  readonly execution: "simt" | "cpu";
  readonly dtypes: ReadonlySet<DType>;
  readonly subgroups: boolean;
  readonly subgroupSize: number;
  readonly maxInvocations: number;
  readonly maxGrid: number;
  readonly sharedBytes: number;
  readonly privateBytes: number;
  /** Storage buffers that one kernel may bind. */
  readonly maxBuffers: number;
  /** Bytes of one binding. */
  readonly maxBinding: number;
  /** Scalar registers an invocation may hold before it spills. */
  readonly registers: number;
  /** Invocations that keep the whole machine busy; a schedule with fewer leaves part of it idle. Unknown: 1. */
  readonly parallel?: number;
  /** Workgroups that run at the same time, however small they are. Unknown: as many as `parallel` takes. */
  readonly cores?: number;
  /** Multiply-adds of vectors that one vector load takes as long as. Unknown: 4. */
  readonly reuse?: number;
  /** A load from workgroup memory, as a share of one from memory. Unknown: 0.3. */
  readonly sharedLoad?: number;
  /** Multiply-adds of vectors that an invocation could make while it waits at a barrier. Unknown: 20. */
  readonly barrier?: number;
  /** Whether 4-lane vector types exist. */
  readonly vectors: boolean;
  /** Whether a matrix times a vector is faster than the same sums written out (`madd4`). Unknown: no. */
  readonly matrices?: boolean;
  readonly peak: {
    /** Floating-point operations a second (2 a multiply-add). */
    readonly flops: number;
    /** Bytes a second of memory. */
    readonly bandwidth: number;
    /** exp a second. */
    readonly exps: number;
    /** Seconds that one dispatch costs by itself. */
    readonly dispatch: number;
    /** Seconds that one workgroup costs by itself. */
    readonly workgroup: number;
  };
}
