/** The layer in jax-js, compiled by its `jit`. */
import { defaultDevice, init, jit, nn, numpy as np } from "@jax-js/jax";

export async function jaxRunner(device, { size, order, tensors }, tools) {
  if (!(await init(device)).includes(device)) throw new Error(`jax-js has no device ${device}`);
  defaultDevice(device);
  const given = Object.fromEntries(Object.entries(tensors).map(([name, source]) => [name, tools.tensor(source)]));
  const { x: input, ...rest } = given;
  const array = ({ data, shape }) => np.array(data).reshape([...shape]);
  const params = Object.fromEntries(Object.entries(rest).map(([name, t]) => [name, array(t)]));
  const { n, d, heads, k } = size;
  const width = d / heads;
  const split = (t, rows) => t.reshape([rows, heads, width]).transpose([1, 0, 2]);
  const project = (x, e, w) =>
    k === undefined
      ? np.matmul(x, w)
      : order === "textbook"
        ? np.matmul(e, np.matmul(x, w))
        : np.matmul(np.matmul(e, x), w);
  // every argument is consumed once
  const layer = jit((x, p) => {
    const rows = k ?? n;
    const q = split(np.matmul(x.ref, p.wq), n);
    const keys = split(project(x.ref, p.e, p.wk), rows);
    const values = split(project(x.ref, p.f, p.wv), rows);
    const scores = np.matmul(q, keys.transpose([0, 2, 1])).mul(1 / Math.sqrt(width));
    const mixed = np.matmul(nn.softmax(scores, -1), values).transpose([1, 0, 2]).reshape([n, d]);
    return np.matmul(mixed, p.wo).add(p.bias).add(x);
  });
  const held = () => Object.fromEntries(Object.entries(params).map(([name, p]) => [name, p.ref]));
  let last;
  return {
    async run() {
      last = await layer(array(input), held()).data();
    },
    output: async () => ({ y: { dtype: "f32", shape: [n, d], data: last } }),
    dispose() {
      for (const p of Object.values(params)) p.dispose();
      layer.dispose();
    },
  };
}
