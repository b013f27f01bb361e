import type { LayerOrder, LayerSize } from "../layer/layer.js";
import type { LayerKernels } from "./kernels.js";

/*
 * FROZEN. What a person who knows the machine writes by hand: each thread a register tile of rows by vec4 columns, the
 * inner loop unrolled, shapes in the text, no workgroup memory and no barriers (they cost most on SwiftShader), scores in
 * memory, the softmax's division in the product behind it. Textbook order, nine dispatches (seven for standard
 * attention), and the same kernels with the order rewritten by hand.
 *
 * Whatever lfc is said to gain "over tuned WGSL" is over this text, so it is neither improved nor slowed: a change here
 * changes what old numbers mean. Tiles were chosen by a sweep on SwiftShader in Chromium and are no forecast for a GPU.
 *
 * All sizes are multiples of 4, and rows of the tile.
 */

/** Rows and vec4 columns of a thread's tile, and threads of a workgroup along columns and rows. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
  readonly across: number;
  readonly down: number;
}

interface Gemm {
  readonly label: string;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Floats from row to row of the operands and the result, and from head to head. */
  readonly strides: readonly [a: number, b: number, c: number];
  readonly heads?: number;
  readonly headStrides?: readonly [a: number, b: number, c: number];
  /** Stores the transpose: row strides are then those of the transposed result. */
  readonly transposed?: boolean;
  readonly scale?: number;
  /** Divides each row by its sum, in this buffer by head and row. */
  readonly divide?: string;
  /** Adds the tensor of the result's form, and the vector to each row. */
  readonly add?: readonly [tensor: string, vector: string];
  readonly bind: readonly [a: string, b: string, c: string];
}

const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const divisor = (n: number, ...wanted: readonly number[]): number => wanted.find((w) => n % w === 0) ?? 1;

/** The tile for a product: the largest that divides it, with threads enough for both cores. */
export function tileFor(m: number, n: number): Tile {
  const rows = divisor(m, 32, 16, 8, 4, 2);
  const vectors = divisor(n / 4, 4, 2, 1);
  return { rows, vectors, across: divisor(n / 4 / vectors, 8, 4, 2), down: 1 };
}

/** c = a·b, row-major, heads along z. */
export function gemm(g: Gemm, tile: Tile = tileFor(g.m, g.n)): LayerKernels["steps"][number] {
  const { rows, vectors, across, down } = tile;
  const [sa, sb, sc] = g.strides.map((s) => s / 4);
  const [ha, hb, hc] = (g.headStrides ?? [0, 0, 0]).map((s) => s / 4);
  const declarations = ["a", "b"].map((name, i) => declare(i, name));
  const bind: string[] = [g.bind[0], g.bind[1]];
  const extra = (name: string, buffer: string, type: string): void => {
    declarations.push(declare(bind.length, name, "read", type));
    bind.push(buffer);
  };
  if (g.divide !== undefined) extra("total", g.divide, "f32");
  if (g.add !== undefined) {
    extra("residual", g.add[0], "vec4f");
    extra("bias", g.add[1], "vec4f");
  }
  declarations.push(declare(bind.length, "c", "read_write"));
  bind.push(g.bind[2]);

  const body: string[] = [];
  for (const r of range(rows)) for (const v of range(vectors)) body.push(`  var c${r}_${v} = vec4f();`);
  body.push(`  for (var i = 0u; i < ${g.k / 4}u; i++) {`);
  for (const q of range(4))
    for (const v of range(vectors)) body.push(`    let b${q}_${v} = b[bAt + (4u * i + ${q}u) * ${sb}u + ${v}u];`);
  for (const r of range(rows)) {
    body.push(`    let a${r} = a[aAt + ${r * (sa ?? 0)}u + i];`);
    for (const v of range(vectors)) {
      const terms = range(4).map((q) => `a${r}.${"xyzw"[q]} * b${q}_${v}`);
      body.push(`    c${r}_${v} += ${terms.join(" + ")};`);
    }
  }
  body.push("  }");
  for (const r of range(rows)) {
    const factor =
      g.divide !== undefined ? ` / total[z * ${g.m}u + row + ${r}u]` : g.scale !== undefined ? ` * ${g.scale}` : "";
    for (const v of range(vectors)) {
      const plus = g.add === undefined ? "" : ` + residual[cAt + ${r * (sc ?? 0) + v}u] + bias[column + ${v}u]`;
      if (factor + plus !== "") body.push(`  c${r}_${v} = c${r}_${v}${factor}${plus};`);
      if (!g.transposed) body.push(`  c[cAt + ${r * (sc ?? 0) + v}u] = c${r}_${v};`);
    }
  }
  if (g.transposed)
    for (const v of range(vectors))
      for (const q of range(4))
        for (const r of range(rows / 4)) {
          const lanes = range(4).map((l) => `c${4 * r + l}_${v}.${"xyzw"[q]}`);
          body.push(`  c[cAt + ${(4 * v + q) * (sc ?? 0) + r}u] = vec4f(${lanes.join(", ")});`);
        }
  const at = g.transposed ? `column * ${4 * (sc ?? 0)}u + row / 4u` : `row * ${sc}u + column`;
  const code = `${declarations.join("\n")}
@compute @workgroup_size(${across}, ${down})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x * ${vectors}u;
  let row = id.y * ${rows}u;
  let z = id.z;
  let aAt = z * ${ha}u + row * ${sa}u;
  let bAt = z * ${hb}u + column;
  let cAt = z * ${hc}u + ${at};
${body.join("\n")}
}
`;
  const grid = [g.n / 4 / vectors / across, g.m / rows / down, g.heads ?? 1] as const;
  return { label: g.label, code, bind, grid };
}

const declare = (binding: number, name: string, access = "read", type = "vec4f"): string =>
  `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${type}>;`;

/** exp(s - max) in place, and each row's sum; one row a thread. */
function exponentials(rows: number, columns: number): LayerKernels["steps"][number] {
  const width = columns / 4;
  const unroll = divisor(width, 8, 4, 2);
  const each = (text: (u: number) => string): string => range(unroll).map(text).join("\n");
  return {
    label: "softmax",
    code: `${declare(0, "scores", "read_write")}
${declare(1, "total", "read_write", "f32")}
@compute @workgroup_size(${divisor(rows, 16, 8, 4)})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x * ${width}u;
  var top = scores[at];
  for (var i = at; i < at + ${width}u; i += ${unroll}u) {
${each((u) => `    top = max(top, scores[i + ${u}u]);`)}
  }
  let most = max(max(top.x, top.y), max(top.z, top.w));
  var sum = vec4f();
  for (var i = at; i < at + ${width}u; i += ${unroll}u) {
${each((u) => `    let e${u} = exp(scores[i + ${u}u] - most);\n    scores[i + ${u}u] = e${u};\n    sum += e${u};`)}
  }
  total[id.x] = sum.x + sum.y + sum.z + sum.w;
}
`,
    bind: ["scores", "total"],
    grid: [rows / divisor(rows, 16, 8, 4), 1, 1],
  };
}

/** The layer; `order` is for Linformer. */
export function tunedLayer({ n, d, heads, k }: LayerSize, order: LayerOrder = "textbook"): LayerKernels {
  const w = d / heads;
  const slots = k ?? n;
  const plain = (label: string, m: number, inner: number, cols: number, bind: Gemm["bind"], more?: Partial<Gemm>) =>
    gemm({ label, m, k: inner, n: cols, strides: [inner, cols, cols], bind, ...more });
  // keys are kept transposed, so that the product with them reads along slots
  const turned = (label: string, m: number, inner: number, cols: number, bind: Gemm["bind"]) =>
    gemm({ label, m, k: inner, n: cols, strides: [inner, cols, m], bind, transposed: true });
  const projected = {
    standard: () => [turned("k", n, d, d, ["x", "wk", "keys"]), plain("v", n, d, d, ["x", "wv", "values"])],
    textbook: (k: number) => [
      plain("k", n, d, d, ["x", "wk", "longKeys"]),
      plain("v", n, d, d, ["x", "wv", "longValues"]),
      turned("e·k", k, n, d, ["e", "longKeys", "keys"]),
      plain("f·v", k, n, d, ["f", "longValues", "values"]),
    ],
    reordered: (k: number) => [
      plain("e·x", k, n, d, ["e", "x", "ex"]),
      plain("f·x", k, n, d, ["f", "x", "fx"]),
      turned("k", k, d, d, ["ex", "wk", "keys"]),
      plain("v", k, d, d, ["fx", "wv", "values"]),
    ],
  };
  const between: Readonly<Record<string, number>> =
    k === undefined
      ? {}
      : order === "textbook"
        ? { longKeys: 4 * n * d, longValues: 4 * n * d }
        : { ex: 4 * k * d, fx: 4 * k * d };
  return {
    steps: [
      plain("q", n, d, d, ["x", "wq", "queries"], { scale: 1 / Math.sqrt(w) }),
      ...(k === undefined ? projected.standard() : projected[order](k)),
      gemm({
        label: "scores",
        m: n,
        k: w,
        n: slots,
        strides: [d, slots, slots],
        heads,
        headStrides: [w, w * slots, n * slots],
        bind: ["queries", "keys", "scores"],
      }),
      exponentials(heads * n, slots),
      gemm({
        label: "heads",
        m: n,
        k: slots,
        n: w,
        strides: [slots, d, d],
        heads,
        headStrides: [n * slots, w, w],
        divide: "total",
        bind: ["scores", "values", "mixed"],
      }),
      plain("output", n, d, d, ["mixed", "wo", "y"], { add: ["x", "bias"] }),
    ],
    scratch: {
      queries: 4 * n * d,
      ...between,
      keys: 4 * slots * d,
      values: 4 * slots * d,
      scores: 4 * heads * n * slots,
      total: 4 * heads * n,
      mixed: 4 * n * d,
      y: 4 * n * d,
    },
  };
}
