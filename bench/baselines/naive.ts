import type { LayerSize } from "../layer/layer.js";
import type { LayerKernels } from "./kernels.js";

/*
 * FROZEN. What a straightforward port of the formulas to WGSL is: one output a thread, workgroups of 16×16, a loop of
 * scalar multiply-adds, nine dispatches for Linformer and seven for standard attention. Every speed-up that is claimed
 * over "naive" is over this text, so it is neither improved nor slowed: a change here changes what old numbers mean.
 */

interface Product {
  readonly label: string;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Subscripts of the operands in terms of row, col, i and head. */
  readonly a: string;
  readonly b: string;
  readonly out: string;
  readonly heads?: number;
  /** What is stored, in terms of sum, row and col. */
  readonly value?: string;
  readonly bind: readonly string[];
}

function product(p: Product): LayerKernels["steps"][number] {
  const extra = p.bind.slice(2, -1).map((name, i) => declare(i + 2, name));
  const code = `${declare(0, "a")}
${declare(1, "b")}
${[...extra, declare(p.bind.length - 1, "out", "read_write")].join("\n")}
@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let col = id.x;
  let row = id.y;
  let head = id.z;
  if (row >= ${p.rows}u || col >= ${p.columns}u) { return; }
  var sum = 0.0;
  for (var i = 0u; i < ${p.inner}u; i++) {
    sum += a[${p.a}] * b[${p.b}];
  }
  out[${p.out}] = ${p.value ?? "sum"};
}
`;
  const grid = [Math.ceil(p.columns / 16), Math.ceil(p.rows / 16), p.heads ?? 1] as const;
  return { label: p.label, code, bind: p.bind, grid };
}

const declare = (binding: number, name: string, access = "read"): string =>
  `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<f32>;`;

const matmul = (label: string, m: number, k: number, n: number, bind: readonly string[], value?: string) =>
  product({
    label,
    rows: m,
    columns: n,
    inner: k,
    a: `row * ${k}u + i`,
    b: `i * ${n}u + col`,
    out: `row * ${n}u + col`,
    bind,
    ...(value === undefined ? {} : { value }),
  });

const softmax = (rows: number, columns: number): LayerKernels["steps"][number] => ({
  label: "softmax",
  code: `${declare(0, "scores", "read_write")}
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= ${rows}u) { return; }
  let at = id.x * ${columns}u;
  var top = scores[at];
  for (var i = 1u; i < ${columns}u; i++) { top = max(top, scores[at + i]); }
  var sum = 0.0;
  for (var i = 0u; i < ${columns}u; i++) {
    let e = exp(scores[at + i] - top);
    scores[at + i] = e;
    sum += e;
  }
  for (var i = 0u; i < ${columns}u; i++) { scores[at + i] /= sum; }
}
`,
  bind: ["scores"],
  grid: [Math.ceil(rows / 256), 1, 1],
});

/** The layer in textbook order. */
export function naiveLayer({ n, d, heads, k }: LayerSize): LayerKernels {
  const c = d / heads;
  const slots = k ?? n;
  const [keys, values] = k === undefined ? ["keys", "values"] : ["slotKeys", "slotValues"];
  const projections =
    k === undefined
      ? []
      : [matmul("e·k", k, n, d, ["e", "keys", "slotKeys"]), matmul("f·v", k, n, d, ["f", "values", "slotValues"])];
  return {
    steps: [
      matmul("q", n, d, d, ["x", "wq", "queries"]),
      matmul("k", n, d, d, ["x", "wk", "keys"]),
      matmul("v", n, d, d, ["x", "wv", "values"]),
      ...projections,
      product({
        label: "scores",
        rows: n,
        columns: slots,
        inner: c,
        heads,
        a: `row * ${d}u + head * ${c}u + i`,
        b: `col * ${d}u + head * ${c}u + i`,
        out: `(head * ${n}u + row) * ${slots}u + col`,
        value: `sum / sqrt(${c}.0)`,
        bind: ["queries", keys, "scores"],
      }),
      softmax(heads * n, slots),
      product({
        label: "heads",
        rows: n,
        columns: c,
        inner: slots,
        heads,
        a: `(head * ${n}u + row) * ${slots}u + i`,
        b: `i * ${d}u + head * ${c}u + col`,
        out: `row * ${d}u + head * ${c}u + col`,
        bind: ["scores", values, "mixed"],
      }),
      matmul("output", n, d, d, ["mixed", "wo", "x", "bias", "y"], `sum + x[row * ${d}u + col] + bias[col]`),
    ],
    scratch: {
      queries: 4 * n * d,
      keys: 4 * n * d,
      values: 4 * n * d,
      ...(k === undefined ? {} : { slotKeys: 4 * k * d, slotValues: 4 * k * d }),
      scores: 4 * heads * n * slots,
      mixed: 4 * n * d,
      y: 4 * n * d,
    },
  };
}
