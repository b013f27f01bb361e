// LinformerHead for WebGPU, compiled by lfc 0.0.0 from linformer_head.lf.
/// <reference types="@webgpu/types" />
/// <reference lib="esnext.disposable" />

/** The sizes by name. */
export interface Dims {
  readonly Seq: 128;
  readonly Model: 64;
  readonly Head: 32;
  readonly Proj: 16;
}

export declare const dims: Dims;
/** Limits that the device must be asked for, beyond those that all have; at the greatest run-time sizes. */
export declare const requiredLimits: Readonly<Record<string, number>>;
/** Features that the device must be asked for. */
export declare const requiredFeatures: readonly GPUFeatureName[];

/** The arrays that hold values on the host. */
export interface Arrays {
  readonly f32: Float32Array;
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
export interface LinformerHeadWeights {
  /** `f32[Model, Head]` */
  readonly wq: Input<"f32", readonly [Model: 64, Head: 32]>;
  /** `f32[Model, Head]` */
  readonly wk: Input<"f32", readonly [Model: 64, Head: 32]>;
  /** `f32[Model, Head]` */
  readonly wv: Input<"f32", readonly [Model: 64, Head: 32]>;
  /** `f32[Proj, Seq]` */
  readonly e: Input<"f32", readonly [Proj: 16, Seq: 128]>;
  /** `f32[Proj, Seq]` */
  readonly f: Input<"f32", readonly [Proj: 16, Seq: 128]>;
}

/** What LinformerHead takes. A buffer needs the usage COPY_SRC; it is copied. */
export interface LinformerHeadInputs {
  /** `f32[Seq, Model]` */
  readonly x: Input<"f32", readonly [Seq: 128, Model: 64]>;
}

/** The same on the device. */
export interface LinformerHeadDeviceInputs {
  /** `f32[Seq, Model]` */
  readonly x: DeviceInput<"f32", readonly [Seq: 128, Model: 64]>;
}

/** What LinformerHead gives. */
export interface LinformerHeadOutputs {
  /** `f32[Seq, Head]` */
  readonly output: Tensor<"f32", readonly [Seq: 128, Head: 32]>;
}

/** The same on the device. */
export interface LinformerHeadDeviceOutputs {
  /** `f32[Seq, Head]` */
  readonly output: DeviceTensor<"f32", readonly [Seq: 128, Head: 32]>;
}

/** Where outputs are to be written: buffers with the usage COPY_DST. */
export interface LinformerHeadBuffers {
  readonly output?: GPUBuffer;
}

export interface RunOptions {
  /** Ends the wait with the error `aborted`; a run that waits for others is not begun. */
  readonly signal?: AbortSignal | undefined;
  readonly outputs?: undefined;
}

export interface DeviceRunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Results stay on the device, in new buffers or in these. The caller destroys either. */
  readonly outputs: "device" | LinformerHeadBuffers;
}

/** The model LinformerHead, loaded. */
export interface LinformerHead {
  /**
   * Runs once. Calls that overlap run one after the other.
   * @throws {RuntimeError} names the input, size or tensor that is wrong
   */
  run(inputs: LinformerHeadInputs, options?: RunOptions): Promise<LinformerHeadOutputs>;
  /** Runs once and leaves the results on the device. */
  run(inputs: LinformerHeadInputs, options: DeviceRunOptions): Promise<LinformerHeadDeviceOutputs>;
  /**
   * Records a run into a command encoder, which the caller submits before `dispose`. Results go to the buffers in
   * `outputs`, or to new ones that the caller destroys.
   */
  encode(
    encoder: GPUCommandEncoder,
    inputs: LinformerHeadDeviceInputs,
    outputs?: LinformerHeadBuffers,
  ): LinformerHeadDeviceOutputs;
  /** Runs once on nothing, so that the next run finds memory and code in place. */
  warmup(): Promise<void>;
  /** Frees all memory on the device, after a run that is under way. Later runs are refused. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * Loads LinformerHead: makes its code and brings its weights to the device.
 * @param device made with at least `requiredFeatures` and `requiredLimits`
 * @throws {RuntimeError} what the device lacks is found before any work
 */
export declare function load(
  device: GPUDevice,
  weights: LinformerHeadWeights,
  options?: { readonly signal?: AbortSignal | undefined },
): Promise<LinformerHead>;
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
