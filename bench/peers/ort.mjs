/** The layer as an ONNX graph of plain operators, weights inside, run by ONNX Runtime Web. */
import { model, node, tensor } from "../../examples/lfc-backend-onnx/protobuf.js";

/** The model's bytes. */
export function layerModel({ n, d, heads, k }, order, values) {
  const width = d / heads;
  const nodes = [];
  const constants = [];
  let count = 0;
  const op = (type, inputs, attributes = {}) => {
    const name = `v${count++}`;
    nodes.push(node(type, inputs, name, attributes));
    return name;
  };
  for (const [name, { shape, data }] of Object.entries(values))
    if (name !== "x") constants.push(tensor(name, "f32", shape, data));
  constants.push(tensor("split", "i64", [3], [-1, heads, width]));
  constants.push(tensor("merge", "i64", [2], [n, d]));
  constants.push(tensor("scale", "f32", [], [1 / Math.sqrt(width)]));
  const matmul = (a, b) => op("MatMul", [a, b]);
  const project = (e, w) =>
    k === undefined ? matmul("x", w) : order === "textbook" ? matmul(e, matmul("x", w)) : matmul(matmul(e, "x"), w);
  const split = (t, perm) => op("Transpose", [op("Reshape", [t, "split"])], { perm });
  const q = split(matmul("x", "wq"), [1, 0, 2]);
  const keys = split(project("e", "wk"), [1, 2, 0]);
  const vals = split(project("f", "wv"), [1, 0, 2]);
  const p = op("Softmax", [op("Mul", [matmul(q, keys), "scale"])], { axis: -1 });
  const mixed = op("Reshape", [op("Transpose", [matmul(p, vals)], { perm: [1, 0, 2] }), "merge"]);
  const out = op("Add", [matmul(mixed, "wo"), "bias"]);
  nodes.push(node("Add", [out, "x"], "y", {}));
  const value = (name) => ({ name, type: "f32", shape: [n, d] });
  return model({ name: "layer", nodes, constants, inputs: [value("x")], outputs: [value("y")] });
}

export async function ortRunner(ort, provider, { size, order, tensors }, tools) {
  const values = Object.fromEntries(Object.entries(tensors).map(([name, source]) => [name, tools.tensor(source)]));
  const session = await ort.InferenceSession.create(layerModel(size, order, values), {
    executionProviders: [provider],
  });
  const { n, d } = size;
  let last;
  return {
    async run() {
      const x = new ort.Tensor("float32", values.x.data, [n, d]);
      const { y } = await session.run({ x });
      last = await y.getData();
      y.dispose();
    },
    output: async () => ({ y: { dtype: "f32", shape: [n, d], data: last } }),
    dispose: () => void session.release(),
  };
}
