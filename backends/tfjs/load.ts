import type { Artifact, Executable, Host } from "../../src/backend/backend.js";
import { allocate, type DType, type TensorData } from "../../src/ir/dtype.js";
import type { Resource } from "../../src/ir/program/program.js";
import { runtimeError } from "../../src/runtime/errors.js";
import { bindSizes, checkForm, checkShape } from "../../src/runtime/sizes.js";
import { invariant } from "../../src/util/invariant.js";
import { moduleHead, type TfjsInterface } from "./emit.js";

export type TfjsDevice = "cpu" | "wasm";

export interface TfjsExecutable extends Executable {
  /** Where it runs. */
  readonly device: TfjsDevice;
  /** Why it does not run where it was asked to; one line. */
  readonly note?: string;
}

type Tf = typeof import("@tensorflow/tfjs-core");
type Tensor = import("@tensorflow/tfjs-core").Tensor;
type Tensors = Readonly<Record<string, Tensor>>;
/** A kernel of the library that a profiled function called. */
type Call = Awaited<ReturnType<Tf["profile"]>>["kernels"][number];

/** What the emitted function gives. */
interface Model {
  run(inputs: Tensors): Tensors;
  dispose(): void;
}

const isInterface = (x: unknown): x is TfjsInterface =>
  typeof x === "object" && x !== null && "inputs" in x && "params" in x && "outputs" in x && "symbols" in x;

/**
 * Makes the model of an artifact: weights become tensors once.
 *
 * @throws RuntimeError `parameter` for weights that are missing or misshapen, `device` where TensorFlow.js is not installed
 */
export async function load(artifact: Artifact, host: Host): Promise<TfjsExecutable> {
  const { interface: face, device: wanted } = artifact.meta;
  invariant(isInterface(face), () => "the artifact carries no interface");
  const module = artifact.files.find((f) => f.path.endsWith(".js"))?.text;
  invariant(typeof module === "string", () => "the artifact carries no module");
  const tf = await library();
  const { device, note } = await start(tf, wanted === "cpu" ? "cpu" : "wasm");

  const weights: Record<string, Tensor> = Object.create(null);
  for (const r of face.params) {
    const data = host.params.get(r.name);
    if (data === undefined) throw runtimeError("parameter", r.name, `the parameter ${r.name} is missing`);
    checkForm("parameter", r, data);
    checkShape("parameter", r, data, new Map());
    weights[r.name] = toTensor(tf, data);
  }
  const model = instantiate(module, tf, weights);
  let disposed = false;
  const compute = async (
    inputs: Readonly<Record<string, TensorData>>,
    run: (given: Tensors) => Tensors | Promise<Tensors>,
  ) => {
    if (disposed) throw runtimeError("disposed", "model", "the model was disposed");
    bindSizes(face.symbols, face.inputs, inputs);
    // the library has one current backend; nothing else runs between here and the last read
    await tf.setBackend(device);
    const given: Record<string, Tensor> = Object.create(null);
    for (const r of face.inputs) given[r.name] = toTensor(tf, inputs[r.name] as TensorData); // `bindSizes` has checked
    let results: Tensors = {};
    try {
      results = await run(given);
      return fromTensors(face.outputs, results);
    } finally {
      tf.dispose([...Object.values(given), ...Object.values(results)]);
    }
  };
  return {
    device,
    ...(note === undefined ? {} : { note }),
    run: (inputs) => compute(inputs, model.run),
    async profile(inputs) {
      let calls: readonly Call[] = [];
      const outputs = await compute(inputs, async (given) => {
        let results: Tensors = {};
        ({ kernels: calls } = await tf.profile(() => {
          results = model.run(given);
          return Object.values(results);
        }));
        return results;
      });
      const times = await Promise.all(calls.map((c) => c.kernelTimeMs));
      const steps = calls.map(({ name, outputShapes: [shape = []] }, i) => {
        const milliseconds = times[i];
        const seconds = typeof milliseconds === "number" ? milliseconds / 1e3 : 0;
        return { label: `[${shape.join(", ")}]`, kernel: name, seconds };
      });
      return { outputs, steps };
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      model.dispose();
      tf.dispose(Object.values(weights));
    },
  };
}

/** Evaluates the module: it imports nothing, so its one function is all of it. */
function instantiate(text: string, tf: Tf, weights: Tensors): Model {
  invariant(text.includes(moduleHead), () => "this is no module of the tfjs backend");
  const make = new Function(`"use strict";\n${text.replace(moduleHead, moduleHead.replace("export", "return"))}`)();
  return make(tf, weights) as Model;
}

async function library(): Promise<Tf> {
  try {
    return await import("@tensorflow/tfjs-core");
  } catch (error) {
    throw runtimeError(
      "device",
      "tfjs",
      `TensorFlow.js is not installed (npm install @tensorflow/tfjs-core): ${reason(error)}`,
    );
  }
}

/** Registers and sets a TensorFlow.js backend; without wasm the one in plain JavaScript. */
async function start(tf: Tf, wanted: TfjsDevice): Promise<{ readonly device: TfjsDevice; readonly note?: string }> {
  if (wanted === "wasm") {
    try {
      const wasm = await import("@tensorflow/tfjs-backend-wasm");
      if (tf.findBackend("wasm") === null) await findWasmFiles(wasm.setWasmPaths);
      if (await tf.setBackend("wasm")) return { device: "wasm" };
      return await plain(tf, "TensorFlow.js could not start its wasm backend");
    } catch (error) {
      return await plain(tf, `no wasm backend (npm install @tensorflow/tfjs-backend-wasm): ${reason(error)}`);
    }
  }
  return await plain(tf);
}

async function plain(tf: Tf, note?: string): Promise<{ readonly device: TfjsDevice; readonly note?: string }> {
  try {
    await import("@tensorflow/tfjs-backend-cpu");
  } catch (error) {
    throw runtimeError(
      "device",
      "tfjs",
      `TensorFlow.js has no backend (npm install @tensorflow/tfjs-backend-cpu): ${reason(error)}`,
    );
  }
  // its advice to use another package is for others
  const backend: object | null = tf.findBackend("cpu");
  if (backend !== null && "firstUse" in backend) backend.firstUse = false;
  await tf.setBackend("cpu");
  return note === undefined ? { device: "cpu" } : { device: "cpu", note };
}

/** In Node the wasm files lie beside the package; in a page they lie where the page says. */
async function findWasmFiles(setWasmPaths: (prefix: string) => void): Promise<void> {
  if (typeof process === "undefined" || process.versions?.node === undefined) return;
  const { createRequire } = await import("node:module");
  const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
  setWasmPaths(manifest.replace(/package\.json$/, "dist/"));
}

const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

function toTensor(tf: Tf, t: TensorData): Tensor {
  const shape = [...t.shape];
  if (t.dtype === "bool")
    return tf.tensor(
      Uint8Array.from(t.data, (word) => (word === 0 ? 0 : 1)),
      shape,
      "bool",
    );
  return t.dtype === "i32"
    ? tf.tensor(t.data as Int32Array, shape, "int32")
    : tf.tensor(t.data as Float32Array, shape, "float32");
}

function fromTensors(outputs: readonly Resource[], results: Tensors): Readonly<Record<string, TensorData>> {
  const given: Record<string, TensorData> = Object.create(null);
  for (const r of outputs) {
    const tensor = results[r.name];
    invariant(tensor !== undefined, () => `the model gave no ${r.name}`);
    given[r.name] = { dtype: r.dtype, shape: [...tensor.shape], data: values(r.dtype, tensor.dataSync()) };
  }
  return given;
}

/** A copy in the array type of the dtype: the library keeps some float32 tensors in other arrays. */
function values(dtype: DType, from: ArrayLike<number>): TensorData["data"] {
  const data = allocate(dtype, from.length);
  data.set(from);
  return data;
}
