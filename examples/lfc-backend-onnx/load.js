import { foldDim, plainNumbers } from "./dims.js";

/** @import { Artifact, Dim, Executable, Host } from "./types.js" */
/** @import { Interface, Port } from "./emit.js" */
/** @typedef {Awaited<ReturnType<Executable["run"]>>[string]} TensorData */

/** One thread: the same numbers each time. @type {import("onnxruntime-node").InferenceSession.SessionOptions} */
const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };

/** @param {Artifact} artifact */
async function session(artifact) {
  const ort = await import("onnxruntime-node");
  const bytes = artifact.files.find((f) => f.path.endsWith(".onnx"))?.text;
  if (!(bytes instanceof Uint8Array)) throw new Error("the artifact carries no .onnx file");
  return { ort, session: await ort.InferenceSession.create(bytes, options) };
}

/** What ONNX Runtime says against the model; nothing: it accepts it. @param {Artifact} artifact @returns {Promise<readonly string[]>} */
export async function validate(artifact) {
  try {
    const made = await session(artifact);
    await made.session.release();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/**
 * Runs the model with ONNX Runtime on the CPU.
 *
 * @param {Artifact} artifact
 * @param {Host} host
 * @returns {Promise<Executable>}
 */
export async function load(artifact, host) {
  const face = /** @type {Interface} */ (artifact.meta.interface);
  const params = face.params.map((p) => {
    const data = host.params.get(p.name);
    if (data === undefined) throw new Error(`the parameter ${p.name} has no value`);
    checkForm("parameter", p, data);
    const wanted = p.shape.map((dim) => foldDim(dim, { ...plainNumbers, symbol: () => -1 }));
    if (wanted.join() !== data.shape.join())
      throw new Error(`the parameter ${p.name} has the shape [${data.shape}], not [${wanted}]`);
    return { onnx: p.onnx, data };
  });
  const { ort, session: model } = await session(artifact);
  /** @param {TensorData} t */
  const toOrt = ({ dtype, shape, data }) => {
    if (dtype === "bool")
      return new ort.Tensor(
        "bool",
        Uint8Array.from(data, (x) => (x === 0 ? 0 : 1)),
        shape,
      );
    return dtype === "i32" ? new ort.Tensor("int32", data, shape) : new ort.Tensor("float32", data, shape);
  };
  const weights = Object.fromEntries(params.map((p) => [p.onnx, toOrt(p.data)]));
  let disposed = false;
  return {
    async run(inputs) {
      bindSizes(face.inputs, inputs);
      const given = Object.fromEntries(face.inputs.map((p) => [p.onnx, toOrt(inputs[p.name])]));
      const results = await model.run({ ...weights, ...given });
      return Object.fromEntries(
        face.outputs.map(({ name, onnx, dtype }) => {
          const { dims, data } = results[onnx];
          // f32, i32 and bool are all that the outputs of a model can be
          const values = /** @type {Float32Array | Int32Array | Uint8Array} */ (data);
          return [
            name,
            { dtype, shape: [...dims], data: values instanceof Uint8Array ? Uint32Array.from(values) : values.slice() },
          ];
        }),
      );
    },
    dispose() {
      if (!disposed) void model.release();
      disposed = true;
    },
  };
}

/** @param {string} kind @param {Port} port @param {TensorData} data */
function checkForm(kind, { name, dtype, shape }, data) {
  if (data.dtype !== dtype) throw new Error(`the ${kind} ${name} holds ${data.dtype}, not ${dtype}`);
  if (data.shape.length !== shape.length)
    throw new Error(`the ${kind} ${name} has ${data.shape.length} axes, not ${shape.length}`);
}

/** Run-time sizes from the shapes of the inputs, which have to agree with each other. @param {readonly Port[]} ports @param {Readonly<Record<string, TensorData>>} inputs */
function bindSizes(ports, inputs) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const p of ports) {
    const data = inputs[p.name];
    if (data === undefined) throw new Error(`the input ${p.name} has no value`);
    checkForm("input", p, data);
    p.shape.forEach((dim, axis) => {
      if (dim.op !== "symbol") return;
      const size = data.shape[axis];
      const known = sizes.get(dim.name) ?? size;
      if (known !== size) throw new Error(`${dim.name} is ${known} and, by the input ${p.name}, ${size}`);
      if (size < dim.lo || size > dim.hi || size % dim.step !== 0)
        throw new Error(`${dim.name} = ${size} is not in ${dim.lo}..${dim.hi} step ${dim.step}`);
      sizes.set(dim.name, size);
    });
  }
  for (const p of ports) {
    const { shape } = inputs[p.name];
    const wanted = p.shape.map((dim) => foldDim(dim, { ...plainNumbers, symbol: (name) => sizes.get(name) ?? 0 }));
    if (wanted.join() !== shape.join())
      throw new Error(`the input ${p.name} has the shape [${shape}], not [${wanted}]`);
  }
}
