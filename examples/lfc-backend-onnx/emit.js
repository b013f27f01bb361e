import { model } from "./protobuf.js";
import { contraction, reduction, softmax } from "./reduce.js";
import { scalarTensor, typeOf } from "./scalar.js";
import { modelWriter } from "./writer.js";

/** @import { Scope } from "./scope.js" */
/** @import { Value } from "./protobuf.js" */
/** @import { Artifact, Dim, DType, Graph } from "./types.js" */

/**
 * A tensor of the model's interface: its name in the source, and in the ONNX model.
 *
 * @typedef {{ readonly name: string, readonly onnx: string, readonly dtype: DType, readonly shape: readonly Dim[] }} Port
 */

/** What `load` needs to know; plain JSON. @typedef {{ readonly inputs: readonly Port[], readonly params: readonly Port[], readonly outputs: readonly Port[] }} Interface */

/**
 * One ONNX model. Parameters are inputs of the graph like any other, so the file holds no weights.
 *
 * @param {Graph} graph
 * @returns {Artifact}
 */
export function emit(graph) {
  const taken = new Set();
  /** @param {string} name @param {{ readonly dtype: DType, readonly shape: readonly Dim[] }} type @returns {Port} */
  const port = (name, { dtype, shape }) => {
    let onnx = name;
    for (let i = 2; taken.has(onnx); i++) onnx = `${name}#${i}`;
    taken.add(onnx);
    return { name, onnx, dtype, shape };
  };
  const inputs = graph.nodes.flatMap((n) => (n.op === "input" ? [port(n.name, n.type)] : []));
  const params = [...parametersOf(graph)].map(([path, type]) => port(path, type));
  const outputs = graph.outputs.map((o) => port(o.name, graph.nodes[o.value].type));
  const inputNames = new Map(inputs.map((p) => [p.name, p.onnx]));
  const paramNames = new Map(params.map((p) => [p.name, p.onnx]));

  const w = modelWriter(taken);
  for (const { onnx, shape } of inputs)
    shape.forEach((dim, axis) => {
      if (dim.op === "symbol" && dim.lo !== dim.hi) w.bindSymbol(dim.name, onnx, axis);
    });

  /** The ONNX names of a graph's values. @param {Graph} g @param {readonly string[]} args names of a region's inputs @returns {readonly string[]} */
  const write = (g, args) => {
    /** @type {string[]} */
    const names = [];
    /** @type {Scope} */
    const scope = { w, extents: [], value: (v) => names[v], type: (v) => g.nodes[v].type };
    g.nodes.forEach((node, v) => {
      switch (node.op) {
        case "input":
          names[v] = args.length > 0 ? args[g.inputs.indexOf(v)] : nameIn(inputNames, node.name);
          break;
        case "param":
          names[v] = nameIn(paramNames, node.path);
          break;
        case "map":
          names[v] = scalarTensor(node.body, node.args, node.out, { ...scope, extents: node.extents });
          break;
        case "contract":
          names[v] = contraction(node, { ...scope, extents: node.extents });
          break;
        case "reduce":
          names[v] = reduction(node, { ...scope, extents: node.extents });
          break;
        case "softmax":
          names[v] = softmax(node, { ...scope, extents: node.extents });
          break;
        case "concat":
          names[v] = w.op("Concat", node.args.map(scope.value), { axis: node.axis });
          break;
        case "region":
          names[v] = write(node.body, node.args.map(scope.value))[node.body.outputs[node.result].value];
          break;
      }
    });
    return names;
  };
  const names = write(graph, []);
  outputs.forEach((o, i) => {
    w.rename(names[graph.outputs[i].value], o.onnx);
  });

  const bytes = model({
    name: graph.name,
    nodes: w.nodes,
    constants: w.constants,
    inputs: [...inputs, ...params].map(typedPort),
    outputs: outputs.map(typedPort),
  });
  const file = graph.name.replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+$/, "") || "model";
  /** @type {Interface} */
  const face = { inputs, params, outputs };
  return { files: [{ path: `${file}.onnx`, text: bytes }], meta: { interface: face } };
}

/** By path, those of regions included. @param {Graph} graph @returns {ReadonlyMap<string, { readonly dtype: DType, readonly shape: readonly Dim[] }>} */
const parametersOf = (graph) =>
  new Map(
    graph.nodes.flatMap((n) =>
      n.op === "param" ? [[n.path, n.type]] : n.op === "region" ? [...parametersOf(n.body)] : [],
    ),
  );

/** @param {ReadonlyMap<string, string>} names @param {string} name */
function nameIn(names, name) {
  const found = names.get(name);
  if (found === undefined) throw new Error(`the model has no ${name}`);
  return found;
}

/** @param {Port} port @returns {Value} */
const typedPort = ({ onnx, dtype, shape }) => ({
  name: onnx,
  type: typeOf(dtype),
  shape: shape.map((dim) => {
    if (dim.op === "const") return dim.value;
    if (dim.op === "symbol") return dim.lo === dim.hi ? dim.lo : dim.name;
    return ""; // computed from others: unknown to ONNX
  }),
});
