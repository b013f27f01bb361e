import { expect, test } from "vitest";
import type { TensorData } from "../../src/ir/dtype.js";
import { call, indexValue } from "../../src/ir/graph/scalars.js";
import { build } from "../passes/support.js";
import { runOn } from "../support/model.js";
import { agreesOn, onnx } from "./support.js";

const tensor = (shape: readonly number[], value: (at: number) => number): TensorData => ({
  dtype: "f32",
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => value(at)),
});

/** y[n, k, d] = sum of e[k, m] · v[m, d] over m ≤ n: neither factor has both indices of the condition. */
function prefixSums() {
  const t = build();
  const [e, v] = [t.input("e", 3, 6), t.input("v", 6, 4)];
  const sizes = { n: 6, k: 3, m: 6, d: 4 };
  const y = t.contract(
    "nkd",
    sizes,
    [
      [e, "km"],
      [v, "md"],
    ],
    (i) => ({ args: [], body: call("le", indexValue(i("m")), indexValue(i("n"))) }),
  );
  return t.finish({ y });
}

const e = tensor([3, 6], (at) => Math.sin(at + 1));

test.each(["e", "v"])(
  "NaN and infinity in %s that a prefix does not reach do no harm, those in it show",
  async (bad) => {
    const row = (at: number): number => (bad === "e" ? at % 6 : Math.floor(at / 4));
    const spoil = (at: number): number =>
      row(at) === 4 ? Number.NaN : row(at) === 5 ? Number.POSITIVE_INFINITY : Math.sin(at + 1);
    const inputs = {
      e: bad === "e" ? tensor([3, 6], spoil) : e,
      v: bad === "v" ? tensor([6, 4], spoil) : tensor([6, 4], (at) => Math.cos(at)),
    };
    const graph = prefixSums();
    expect(await agreesOn(graph, inputs, new Map())).toBeGreaterThanOrEqual(4 * 3 * 4);
    const { y } = await runOn(graph, await onnx(), inputs, new Map());
    const values = [...(y?.data ?? [])];
    expect(values.slice(0, 4 * 12).every(Number.isFinite)).toBe(true);
    expect(values.slice(4 * 12).every(Number.isNaN)).toBe(true);
  },
);
