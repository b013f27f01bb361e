import { describe, expect, test } from "vitest";
import { resolveBackend } from "../../src/driver/backends.js";
import { lower } from "../../src/driver/compile.js";
import { runReference } from "../../src/driver/machine.js";
import { isFloat } from "../../src/ir/dtype.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { testDevice } from "../support/dawn.js";
import { graphOfText, randomRun, runOn, unwrap } from "../support/model.js";

/** f16 and u32 run on the reference and on js; another backend runs them too or refuses them with a code. */
const programs = {
  f16: `lf 1
dim N = 12
dim D = 9
model Half(x: f16[N, D]) -> (y: f16[N, N], s: f16[N], wide: f32[N]) {
  param w: f16[D, D] = normal(0.3)
  let t[n, e] = sum[d] x[n, d] * w[d, e]
  let y[n, m] = sum[d] t[n, d] * t[m, d] / 8
  let s[n]    = max[d] x[n, d] * 0.5
  let wide[n] = mean[d] f32(x[n, d]) ^ 2
  return y, s, wide
}
`,
  u32: `lf 1
dim N = 17
dim D = 8
model Unsigned(a: u32[N, D], b: u32[N]) -> (y: u32[N, D], total: u32[D], large: u32[N], real: f32[N]) {
  let y[n, d]  = (a[n, d] + 3) * b[n] / 2 % 7
  let total[d] = sum[n] a[n, d]
  let large[n] = max[d] a[n, d]
  let real[n]  = f32(b[n]) / 4
  return y, total, large, real
}
`,
} as const;

const device = testDevice();

describe.each(Object.entries(programs))("%s", (dtype, text) => {
  const graph = graphOfText(text);
  const { inputs, params } = randomRun(graph, 2);
  const reference = runReference(graph, inputs, params);

  test.each(["js", "tfjs", "wgsl", "wasm"])("%s runs it or refuses it with a code", async (name) => {
    const backend = unwrap(await resolveBackend(name));
    const options = unwrap(backend.parseOptions({}));
    const has = [...backend.target(options).dtypes].includes(dtype as never);
    if (name === "js") expect(has).toBe(true);
    if (!has) {
      const refused = lower(graph, backend);
      expect(refused).toMatchObject({
        ok: false,
        error: [{ code: "LF0417", message: expect.stringContaining(dtype) }],
      });
      return;
    }
    const on = name === "wgsl" ? await device() : undefined;
    const checked = name === "js" ? { backendOptions: { checked: true } } : {};
    const outputs = await runOn(graph, backend, inputs, params, on, checked);
    for (const [output, expected] of Object.entries(reference)) {
      const tensor = outputs[output];
      if (tensor === undefined) throw new Error(`${output} is missing`);
      const comparison = compareToReference(expected, tensor);
      expect(comparison, output).toMatchObject({ passed: true });
      if (!isFloat(tensor.dtype)) expect([...tensor.data], output).toEqual([...expected.value]);
    }
  });
});
