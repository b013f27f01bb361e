/** The kernels of `probes.ts`. Each binds a source, a result and a size, `size.x` being how often its loop turns. */

/** Invocations of a workgroup. */
export const lanes = 64;
/** Vector operations in a turn of each loop: enough that the loop itself costs little, few enough to compile at once. */
export const perTurn = { fma: 64, load: 16, exp: 8 } as const;

const head = `
@group(0) @binding(0) var<storage, read_write> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> result: array<vec4f>;
@group(0) @binding(2) var<uniform> size: vec4u;

@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
`;

const lines = (n: number, line: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => line(i)).join("\n");
const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

/** A loop over `n` vectors `x0`, `x1` … whose sum is stored, so that no compiler leaves any out. */
const looping = (n: number, first: (i: number) => string, body: string): string => `${head}
let at = id.x & 255u;
let a = vec4f(0.5 + f32(size.y));
let b = vec4f(f32(at) + 1.0);
${lines(n, (i) => `var x${i} = ${first(i)};`)}
for (var i = 0u; i < size.x; i++) {
${body}
}
result[at] = ${range(n)
  .map((i) => `x${i}`)
  .join(" + ")};
}
`;

const chains = 16;

/** Multiply-adds that depend on nothing but themselves. */
export const arithmetic = looping(
  chains,
  (i) => `b + ${i}.0`,
  lines(perTurn.fma, (i) => `x${i % chains} = fma(x${i % chains}, a, b);`),
);

/** Loads from four kilobytes, each at a place of its own. */
export const loading = looping(
  8,
  () => "b",
  lines(perTurn.load, (i) => `x${i % 8} += source[(at + i + ${i}u) & 255u];`),
);

export const exponentials = looping(
  8,
  (i) => `b * 0.001 - ${i}.0`,
  lines(perTurn.exp, (i) => `x${i % 8} = exp(-x${i % 8});`),
);

/** Rows and vectors of columns of the register tiles that are tried, least first. */
const shapes = [
  [4, 2],
  [8, 2],
  [8, 4],
  [16, 4],
] as const;
export const tileAccumulators: readonly number[] = shapes.map(([rows, cols]) => rows * cols);

/** One step of a product of matrices out of the cache: a value for each row, a vector for each column, all with all. */
export const tiles: readonly string[] = shapes.map(([rows, cols]) =>
  looping(
    rows * cols,
    (i) => `b + ${i}.0`,
    [
      lines(rows / 4, (r) => `let l${r} = source[(at + i + ${r}u) & 255u];`),
      lines(cols, (c) => `let r${c} = source[(at + i + ${c + 64}u) & 255u];`),
      lines(rows * cols, (i) => {
        const [row, col] = [Math.floor(i / cols), i % cols];
        return `x${i} = fma(vec4f(l${Math.floor(row / 4)}.${"xyzw"[row % 4]}), r${col}, x${i});`;
      }),
    ].join("\n"),
  ),
);

export const idle = `${head}
result[id.x & 255u] = source[id.x & 255u];
}
`;

/** `size.x` vectors, neighbours beside each other, by `size.y` invocations. */
export const copying = `${head}
for (var i = id.x; i < size.x; i += size.y) {
  result[i] = source[i];
}
}
`;
