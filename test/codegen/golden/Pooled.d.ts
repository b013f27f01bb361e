// Pooled for WebGPU, compiled by lfc 0.0.0 from test.lf.
/// <reference types="@webgpu/types" />
/// <reference lib="esnext.disposable" />

/** The sizes by name. */
export interface Dims {
  /**
   * Texts at a time.
   * 1 to 4, chosen by the inputs.
   */
  readonly Batch: { readonly min: 1; readonly max: 4; readonly step: 1 };
  /**
   * Tokens of a text.
   * 8 to 64 in steps of 8, chosen by the inputs.
   */
  readonly Seq: { readonly min: 8; readonly max: 64; readonly step: 8 };
  readonly Model: 16;
  readonly Vocab: 11;
  readonly Proj: 8;
}

export declare const dims: Dims;
/** Limits that the device must be asked for, beyond those that all have; at the greatest run-time sizes. */
export declare const requiredLimits: Readonly<Record<string, number>>;
/** Features that the device must be asked for. */
export declare const requiredFeatures: readonly GPUFeatureName[];

/** The arrays that hold values on the host. */
export interface Arrays {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
}

export type DType = keyof Arrays;

/** Values row by row, on the host unless told otherwise. */
export interface Tensor<T extends DType, Shape extends readonly number[], Data = Arrays[T]> {
  readonly dtype: T;
  readonly shape: Shape;
  readonly data: Data;
}

/** Values on the device: a buffer of the model's device that holds the values from its start, `bool` as words of 0 and 1. */
export type DeviceTensor<T extends DType, Shape extends readonly number[]> = Tensor<T, Shape, GPUBuffer>;
/** Where every size is fixed the data alone will do. */
export type Given<T extends DType, Shape extends readonly number[], Data> =
  | { readonly dtype?: T; readonly shape: Shape; readonly data: Data }
  | (number extends Shape[number] ? never : Data);
/** Values on the host, or a buffer of the model's device that holds the values from its start, `bool` as words of 0 and 1. */
export type Input<T extends DType, Shape extends readonly number[]> = Given<T, Shape, Arrays[T] | GPUBuffer>;
export type DeviceInput<T extends DType, Shape extends readonly number[]> = Given<T, Shape, GPUBuffer>;

/** The parameters by their paths. A buffer among them needs the usage STORAGE, is used as it is and stays the caller's. */
export interface PooledWeights {
  /**
   * One row a token.
   * `f32[Vocab, Model]`
   */
  readonly table: Input<"f32", readonly [Vocab: 11, Model: 16]>;
  /** `f32[Proj, 64]` */
  readonly e: Input<"f32", readonly [Proj: 8, axis1: 64]>;
}

/** What Pooled takes. A buffer needs the usage COPY_SRC; it is copied. */
export interface PooledInputs {
  /** `i32[Batch, Seq]` */
  readonly tokens: Input<"i32", readonly [Batch: number, Seq: number]>;
}

/** The same on the device. */
export interface PooledDeviceInputs {
  /** `i32[Batch, Seq]` */
  readonly tokens: DeviceInput<"i32", readonly [Batch: number, Seq: number]>;
}

/** What Pooled gives. */
export interface PooledOutputs {
  /**
   * What each token has heard.
   * `f32[Batch, Seq, Model]`
   */
  readonly rows: Tensor<"f32", readonly [Batch: number, Seq: number, Model: 16]>;
  /** `f32[Batch, Model]` */
  readonly pooled: Tensor<"f32", readonly [Batch: number, Model: 16]>;
}

/** The same on the device. */
export interface PooledDeviceOutputs {
  /**
   * What each token has heard.
   * `f32[Batch, Seq, Model]`
   */
  readonly rows: DeviceTensor<"f32", readonly [Batch: number, Seq: number, Model: 16]>;
  /** `f32[Batch, Model]` */
  readonly pooled: DeviceTensor<"f32", readonly [Batch: number, Model: 16]>;
}

/** Where outputs are to be written: buffers with the usage COPY_DST. */
export interface PooledBuffers {
  readonly rows?: GPUBuffer;
  readonly pooled?: GPUBuffer;
}

/** The sizes that are chosen at run time. */
export interface PooledSizes {
  /**
   * Texts at a time.
   * 1 to 4, chosen by the inputs.
   */
  readonly Batch?: number;
  /**
   * Tokens of a text.
   * 8 to 64 in steps of 8, chosen by the inputs.
   */
  readonly Seq?: number;
}

export interface RunOptions {
  /** Ends the wait with the error `aborted`; a run that waits for others is not begun. */
  readonly signal?: AbortSignal | undefined;
  readonly outputs?: undefined;
}

export interface DeviceRunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Results stay on the device, in new buffers or in these. The caller destroys either. */
  readonly outputs: "device" | PooledBuffers;
}

/**
 * Looks tokens up, mixes them in linear time
 * and pools them: a *\/ in a comment is harmless.
 */
export interface Pooled {
  /**
   * Runs once. Calls that overlap run one after the other.
   * @throws {RuntimeError} names the input, size or tensor that is wrong
   */
  run(inputs: PooledInputs, options?: RunOptions): Promise<PooledOutputs>;
  /** Runs once and leaves the results on the device. */
  run(inputs: PooledInputs, options: DeviceRunOptions): Promise<PooledDeviceOutputs>;
  /**
   * Records a run into a command encoder, which the caller submits before `dispose`. Results go to the buffers in
   * `outputs`, or to new ones that the caller destroys.
   */
  encode(encoder: GPUCommandEncoder, inputs: PooledDeviceInputs, outputs?: PooledBuffers): PooledDeviceOutputs;
  /**
   * Runs once on nothing, so that the next run finds memory and code in place.
   * A size that is not given is the least.
   */
  warmup(sizes?: PooledSizes): Promise<void>;
  /** Frees all memory on the device, after a run that is under way. Later runs are refused. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * Loads Pooled: makes its code and brings its weights to the device.
 * @param device made with at least `requiredFeatures` and `requiredLimits`
 * @throws {RuntimeError} what the device lacks is found before any work
 */
export declare function load(
  device: GPUDevice,
  weights: PooledWeights,
  options?: { readonly signal?: AbortSignal | undefined },
): Promise<Pooled>;
/** What can go wrong. */
export type RuntimeErrorCode =
  | "input"
  | "parameter"
  | "output"
  | "size"
  | "limit"
  | "feature"
  | "memory"
  | "kernel"
  | "device"
  | "device-lost"
  | "disposed"
  | "aborted";

/** Every error of this module. */
export interface RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  /** The input, parameter, output, size, tensor or kernel concerned. */
  readonly subject: string;
}

export declare function isRuntimeError(error: unknown): error is RuntimeError;
