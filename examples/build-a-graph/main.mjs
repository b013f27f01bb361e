// A Linformer head (Wang et al. 2020, equation 7) built without a text, run, and compiled to WGSL.
// After `npm run build` in the folder of lfc: node examples/build-a-graph/main.mjs
import { lf, textOfFn } from "lfc";

// The range feeds the cost model; the size itself comes with the input.
const Seq = lf.dim("Seq", { min: 16, max: 512 });
const Model = lf.dim("Model", 32);
const Head = lf.dim("Head", 16);
const Proj = lf.dim("Proj", 8);

/** Generics are functions of the host language: one projection for keys and one for values. */
const project = (name) =>
  lf.fn(
    { x: lf.f32(Seq, Model), e: lf.f32(Proj, Seq), w: lf.f32(Model, Head) },
    // A product of three inside of one sum: its order is the compiler's.
    ({ x, e, w }) => lf.tensor((k, c) => lf.sum((m, d) => e.at(k, m).mul(x.at(m, d)).mul(w.at(d, c)))),
    { name },
  );

export const head = lf.fn(
  { x: lf.f32(Seq, Model), e: lf.f32(Proj, Seq) },
  ({ x, e }, param) => {
    const init = lf.normal(lf.value(1).div(lf.sqrt(Model)));
    const [wq, wk, wv] = ["wq", "wk", "wv"].map((name) => param(name, lf.f32(Model, Head), { init }));
    const q = lf.tensor((n, c) => lf.sum((d) => x.at(n, d).mul(wq.at(d, c))), { name: "q" });
    const keys = project("keys_of").call({ x, e, w: wk });
    const values = project("values_of").call({ x, e, w: wv });
    const p = lf.tensor((n) => lf.softmax((k) => lf.sum((c) => q.at(n, c).mul(keys.at(k, c))).div(lf.sqrt(Head))), {
      name: "p",
    });
    return lf.tensor((n, c) => lf.sum((k) => p.at(n, k).mul(values.at(k, c))), { name: "o" });
  },
  { name: "LinformerHead", doc: "One Linformer head; `e` is shared by keys and values." },
);

console.log(textOfFn(head));

const tensor = (rows, columns, f) => ({
  dtype: "f32",
  shape: [rows, columns],
  data: Float32Array.from({ length: rows * columns }, (_, i) => f(Math.floor(i / columns), i % columns)),
});
const inputs = {
  x: tensor(20, 32, (n, d) => Math.sin(n + d / 7)),
  e: tensor(8, 20, (k, n) => (Math.floor(n / 2.5) === k ? 0.4 : 0)),
};
const { output: exact } = await lf.run(head, inputs);
const { output } = await lf.run(head, inputs, { backend: "js" });
const apart = output.data.reduce((most, value, i) => Math.max(most, Math.abs(value - exact.data[i])), 0);
console.log(`output [${output.shape.join(", ")}], at most ${apart.toExponential(1)} from the float64 reference`);

const { files } = await lf.compile(head, { backend: "wgsl" });
for (const { path, text } of files) if (path.endsWith(".wgsl")) console.log(`${path}: ${text.length} characters`);
