import type { DType, TensorData, TensorValues } from "../ir/dtype.js";
import { runtimeError } from "./errors.js";
import type { ModelFace, ModelTensor } from "./model.js";
import { createQueue } from "./queue.js";
import {
  bindInputs,
  box,
  checkForm,
  checkRanges,
  checkShape,
  checkSubscripts,
  evaluate,
  type Given,
  member,
  type Sizes,
} from "./sizes.js";

export { isRuntimeError, type RuntimeError, type RuntimeErrorCode } from "./errors.js";

/**
 * Runs the functions that the tfjs backend emits, with the same interface as `webgpu.ts`. The library is passed in: with
 * whatever backend it has set.
 */
export type Tf = typeof import("@tensorflow/tfjs-core");
/** A tensor of the library. */
export type Tensor = import("@tensorflow/tfjs-core").Tensor;
/** Tensors of the library by name. */
export type TfTensors = Readonly<Record<string, Tensor>>;

/** The emitted function. */
export type MakeModel = (
  tf: Tf,
  weights: TfTensors,
) => {
  /** The outputs by name; the caller disposes of them. */
  readonly run: (inputs: TfTensors) => TfTensors;
  /** Frees what was made of the weights. */
  readonly dispose: () => void;
};

/** All that its caller has to know. */
export interface TfjsFace extends ModelFace {
  readonly inputs: readonly ModelTensor[];
  readonly params: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
}

/** Inputs by name: arrays, or tensors of the library. */
export type Inputs = Readonly<Record<string, Given<Tensor>>>;
type Tensors = Readonly<Record<string, TensorData>>;
type DeviceTensors = Readonly<
  Record<string, { readonly dtype: DType; readonly shape: readonly number[]; readonly data: Tensor }>
>;

/** A model that is ready to run. */
export interface LoadedTfjs {
  /** With `outputs: "device"` results stay tensors of the library, which the caller disposes of. */
  run(
    inputs: Inputs,
    options?: { readonly signal?: AbortSignal | undefined; readonly outputs?: undefined },
  ): Promise<Tensors>;
  /** Runs once, and leaves the results to the library. */
  run(
    inputs: Inputs,
    options: { readonly signal?: AbortSignal | undefined; readonly outputs: "device" },
  ): Promise<DeviceTensors>;
  /** Runs on zeros, so that the first run finds all in place. Sizes not given are the least. */
  warmup(sizes?: Readonly<Record<string, number>>): Promise<void>;
  /** Frees all memory, after a run that is under way. */
  dispose(): void;
  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void;
}

const names: Readonly<Partial<Record<DType, "float32" | "int32" | "bool">>> = {
  f32: "float32",
  i32: "int32",
  bool: "bool",
};

/**
 * Makes the model: weights become tensors once.
 *
 * @param weights by path; tensors of the library among them stay the caller's
 * @throws RuntimeError
 */
export async function load(
  tf: Tf,
  make: MakeModel,
  face: TfjsFace,
  weights: ReadonlyMap<string, TensorData> | Inputs,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<LoadedTfjs> {
  const { name, symbols } = face;
  const own: Tensor[] = [];
  let model: ReturnType<MakeModel> | undefined;

  const queue = createQueue(
    name,
    () => {
      model?.dispose();
      tf.dispose(own);
    },
    async (error) => runtimeError("device", name, `${name}: ${error instanceof Error ? error.message : error}`, error),
  );

  /** A tensor of the library for a value; one that had to be made is added to `made`. */
  const tensorOf = (
    code: "input" | "parameter",
    r: ModelTensor,
    data: TensorValues | Tensor,
    shape: readonly number[],
    made: Tensor[],
  ): Tensor => {
    const dtype = names[r.dtype] ?? "float32";
    if (!ArrayBuffer.isView(data)) {
      if (data.dtype === dtype && data.shape.join() === shape.join()) return data;
      throw runtimeError(
        code,
        r.name,
        `the ${code} ${r.name} is a tensor of ${dtype} [${shape.join(", ")}], not of ${data.dtype} [${data.shape.join(", ")}]`,
      );
    }
    const values = dtype === "bool" ? Uint8Array.from(data, (word) => (word === 0 ? 0 : 1)) : data;
    const tensor = tf.tensor(values as Float32Array, [...shape], dtype);
    made.push(tensor);
    return tensor;
  };

  const execute = async (given: (made: Tensor[]) => TfTensors, where?: "device"): Promise<Tensors | DeviceTensors> => {
    const made: Tensor[] = [];
    let results: TfTensors = {};
    let kept = false;
    try {
      results = (model as ReturnType<MakeModel>).run(given(made)); // nothing is queued before it is there
      const collect = async <T>(data: (r: ModelTensor, t: Tensor) => T | Promise<T>) =>
        Object.fromEntries(
          await Promise.all(
            face.outputs.map(async (r) => {
              const t = results[r.name] as Tensor; // the function gives each
              return [r.name, { dtype: r.dtype, shape: [...t.shape], data: await data(r, t) }] as const;
            }),
          ),
        );
      if (where === "device") {
        const all = await collect((_, t) => t);
        kept = true;
        return all;
      }
      return await collect(async (r, t) => {
        // A copy: the library gives out arrays that it goes on using.
        const values = await t.data();
        return r.dtype === "f32"
          ? Float32Array.from(values)
          : r.dtype === "i32"
            ? Int32Array.from(values)
            : Uint32Array.from(values);
      });
    } finally {
      tf.dispose(made);
      if (!kept) tf.dispose(Object.values(results));
    }
  };

  const loading = queue.add(async () => {
    const tensors = Object.fromEntries(
      face.params.map((r) => {
        const given = member<Given<Tensor>>(weights, r.name);
        if (given === undefined) throw runtimeError("parameter", r.name, `the parameter ${r.name} is missing`);
        const boxed = box("parameter", r, given);
        checkForm("parameter", r, boxed);
        checkShape("parameter", r, boxed, new Map());
        return [r.name, tensorOf("parameter", r, boxed.data, boxed.shape, own)];
      }),
    );
    model = make(tf, tensors);
  }, signal);
  try {
    await loading;
  } catch (error) {
    queue.dispose();
    throw error;
  }

  const run = (inputs: Inputs, options: { readonly signal?: AbortSignal; readonly outputs?: "device" } = {}) =>
    queue.add(async () => {
      const { sizes, tensors } = bindInputs<Tensor>(symbols, face.inputs, inputs);
      checkSubscripts(face.subscripts, tensors, sizes);
      return execute(
        (made) => Object.fromEntries(tensors.map(([r, t]) => [r.name, tensorOf("input", r, t.data, t.shape, made)])),
        options.outputs,
      );
    }, options.signal);

  return {
    run: run as LoadedTfjs["run"],
    async warmup(wanted = {}) {
      await queue.add(async () => {
        const sizes: Sizes = new Map(
          symbols.flatMap((s) => (s.op === "symbol" ? [[s.name, member(wanted, s.name) ?? s.lo]] : [])),
        );
        checkRanges(symbols, sizes);
        await execute((made) =>
          Object.fromEntries(
            face.inputs.map((r) => {
              const zeros = tf.zeros(
                r.shape.map((d) => evaluate(d, sizes)),
                names[r.dtype] ?? "float32",
              );
              made.push(zeros);
              return [r.name, zeros];
            }),
          ),
        );
      });
    },
    dispose: queue.dispose,
    [Symbol.dispose ?? Symbol()]: queue.dispose,
  };
}
