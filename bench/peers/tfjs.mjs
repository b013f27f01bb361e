/** The layer in TensorFlow.js, eager, as its users write it. `backend` is registered by whoever imports this. */
import {
  add,
  dispose,
  getBackend,
  matMul,
  mul,
  ready,
  reshape,
  setBackend,
  softmax,
  tensor,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";

export async function tfjsRunner(backend, { size, order, tensors }, tools) {
  if (!(await setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend}`);
  await ready();
  const given = Object.fromEntries(Object.entries(tensors).map(([name, source]) => [name, tools.tensor(source)]));
  const { x: input, ...rest } = given;
  const p = Object.fromEntries(Object.entries(rest).map(([name, t]) => [name, tensor(t.data, t.shape, "float32")]));
  const { n, d, heads, k } = size;
  const width = d / heads;
  const split = (t) => transpose(reshape(t, [-1, heads, width]), [1, 0, 2]);
  const project = (x, e, w) =>
    k === undefined ? matMul(x, w) : order === "textbook" ? matMul(e, matMul(x, w)) : matMul(matMul(e, x), w);
  const layer = (x) => {
    const q = split(matMul(x, p.wq));
    const scores = mul(matMul(q, split(project(x, p.e, p.wk)), false, true), 1 / Math.sqrt(width));
    const mixed = matMul(softmax(scores), split(project(x, p.f, p.wv)));
    return add(add(matMul(reshape(transpose(mixed, [1, 0, 2]), [n, d]), p.wo), p.bias), x);
  };
  let last;
  return {
    async run() {
      const y = tidy(() => layer(tensor(input.data, input.shape, "float32")));
      last = await y.data();
      y.dispose();
    },
    output: async () => ({ y: { dtype: "f32", shape: [n, d], data: last } }),
    dispose: () => dispose(p),
    about: getBackend(),
  };
}
