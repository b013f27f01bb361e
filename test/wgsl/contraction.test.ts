import { expect, test } from "vitest";
import backend, { modelOf } from "../../backends/wgsl/index.js";
import { constDim } from "../../src/ir/dim.js";
import { testDevice, validateWgsl } from "../support/dawn.js";
import { contractionProgram, dynamicRows, emitWgsl, product, tensor } from "./contraction.js";

const device = testDevice();
const w = tensor(16, 24, (i) => (i % 5) - 2);
const params = new Map([["layer.w", w]]);

test("a contraction in kernel IR gives the right numbers on the device", async () => {
  const artifact = emitWgsl(contractionProgram(constDim(13), 16, 24));
  const model = await backend.load(artifact, { device: await device(), params });
  const a = tensor(13, 16, (i) => (i % 7) - 3);
  const { y } = await model.run({ a });
  expect(y?.shape).toEqual([13, 24]);
  expect([...(y?.data ?? [])]).toEqual(product(a, w));
  model.dispose();
});

test("run-time sizes are bound by the inputs, and may change from run to run", async () => {
  const model = await backend.load(emitWgsl(contractionProgram(dynamicRows, 16, 24)), {
    device: await device(),
    params,
  });
  for (const rows of [1, 8, 9, 64, 9]) {
    const a = tensor(rows, 16, (i) => (i % 11) - 5);
    const { y } = await model.run({ a });
    expect(y?.shape).toEqual([rows, 24]);
    expect([...(y?.data ?? [])]).toEqual(product(a, w));
  }
  model.dispose();
});

test("the text is readable and Tint accepts it", async () => {
  const [text] = Object.values(modelOf(emitWgsl(contractionProgram(dynamicRows, 16, 24))).wgsl);
  expect(text).toMatchInlineSnapshot(`
    "// y[m, n] = sum[k] a[m, k] * w[k, n]

    struct Sizes {
      s0: i32, // ceil(Rows / 8)
      s1: i32, // Rows
    }

    @group(0) @binding(0) var<storage, read> b_a: array<f32>;
    @group(0) @binding(1) var<storage, read> b_w: array<f32>;
    @group(0) @binding(2) var<storage, read_write> b_y: array<f32>;
    @group(0) @binding(3) var<uniform> sizes: Sizes;

    @compute @workgroup_size(8, 8, 1)
    fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
      var r_acc: f32;
      let v_group_n = i32(group_id.x);
      let v_group_m = i32(group_id.y);
      let v_n_in = i32(local_id.x);
      let v_m_in = i32(local_id.y);
      let v_m = v_group_m * 8i + v_m_in;
      let v_n = v_group_n * 8i + v_n_in;
      if (v_m < sizes.s1) {
        r_acc = 0.0f;
        for (var v_i = 0i; v_i < 16i; v_i += 1i) {
          r_acc = fma(b_a[v_m * 16i + v_i], b_w[v_i * 24i + v_n], r_acc);
        }
        b_y[v_m * 24i + v_n] = r_acc;
      }
    }
    "
  `);
  expect(await validateWgsl(await device(), text ?? "")).toEqual([]);
});
