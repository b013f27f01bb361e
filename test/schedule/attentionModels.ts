/** Small models with an attention each, and the sizes at which they are run. */
export interface AttentionModel {
  readonly name: string;
  readonly text: string;
  readonly sizes?: readonly Readonly<Record<string, number>>[];
  /** The strategies that it can have beside leaving it as it is, under the written order of products. */
  readonly legal: readonly string[];
}

/** One layer: `before` declares sizes, `keys` and `vals` say how keys and values come about. */
const layer = (rows: string, slots: number, heads: number, width: number, head: number): string => `lf 1
dim N = ${rows}
dim K = ${slots}
dim H = ${heads}
dim D = ${width}
dim C = ${head}
model Layer(x: f32[N, D], e: f32[K, N], f: f32[K, N]) -> f32[N, D] {
  param wq, wk, wv: f32[H, D, C] = normal(1 / sqrt(D))
  param wo: f32[H, C, D] = normal(1 / sqrt(D))
  param bq: f32[H, C] = normal(1)
  param bo: f32[D] = normal(1)
  let q[h, n, c]    = bq[h, c] + sum[d] x[n, d] * wq[h, d, c]
  let keys[h, k, c] = sum[n, d] e[k, n] * x[n, d] * wk[h, d, c]
  let vals[h, k, c] = sum[n, d] f[k, n] * x[n, d] * wv[h, d, c]
  let p[h, n, k]    = softmax[k] (sum[c] q[h, n, c] * keys[h, k, c]) / sqrt(C)
  let o[h, n, c]    = sum[k] p[h, n, k] * vals[h, k, c]
  let y[n, j]       = x[n, j] + bo[j] + sum[h, c] o[h, n, c] * wo[h, c, j]
  return y
}
`;

const everything = ["fused", "streaming", "fuseQ", "fuseO", "fuseQ+fuseO"];

export const models: readonly AttentionModel[] = [
  { name: "one Linformer layer", text: layer("8", 8, 2, 8, 4), legal: everything },
  { name: "odd sizes everywhere", text: layer("19", 7, 3, 10, 5), legal: everything },
  { name: "one row", text: layer("1", 2, 2, 3, 2), legal: everything },
  {
    name: "a run-time length",
    legal: everything,
    text: layer("? in 1..40", 9, 2, 8, 4),
    sizes: [1, 16, 17].map((N) => ({ N })),
  },
  {
    name: "standard attention with padded keys",
    legal: ["streaming", "fuseQ", "fuseO", "fuseQ+fuseO"],
    text: `lf 1
import "std/attention.lf" (MultiHead)
dim N = ? in 1..40
model Padded(x: f32[N, 8], keep: bool[N]) -> f32[N, 8] {
  param a: MultiHead
  return a(x, keep, 2)
}
`,
    sizes: [1, 17].map((N) => ({ N })),
  },
  {
    name: "causal standard attention",
    legal: ["streaming", "fuseQ", "fuseO", "fuseQ+fuseO"],
    text: `lf 1
import "std/attention.lf" (CausalMultiHead)
dim N = ? in 1..40
model Causal(x: f32[N, 8]) -> f32[N, 8] {
  param a: CausalMultiHead
  return a(x, 2)
}
`,
    sizes: [1, 18].map((N) => ({ N })),
  },
  {
    name: "a sliding window",
    legal: ["fused", "streaming"],
    text: `lf 1
dim N = 37
model Window(q: f32[N, 6], k: f32[N, 6], v: f32[N, 5]) -> f32[N, 5] {
  let p[n, m] = softmax[n - 5 < m <= n] sum[c] q[n, c] * k[m, c]
  let y[n, c] = sum[n - 5 < m <= n] p[n, m] * v[m, c]
  return y
}
`,
  },
  {
    name: "cross attention with grouped keys and a bias",
    legal: ["streaming"],
    text: `lf 1
dim N = 13
dim M = ? in 1..40
model Cross(q: f32[4, N, 8], k: f32[2, M, 8], v: f32[2, M, 6], bias: f32[N]) -> f32[N, 4, 6] {
  let s[h, n, m] = (sum[c] q[h, n, c] * k[h / 2, m, c]) / sqrt(8) + bias[n] * f32(m)
  let p[h, n, m] = softmax[m] s[h, n, m]
  let y[n, h, c] = sum[m] p[h, n, m] * v[h / 2, m, c]
  return y
}
`,
    sizes: [1, 21].map((M) => ({ M })),
  },
  {
    name: "one key head for all, a batch, rows that see nothing",
    legal: ["fused", "streaming"],
    text: `lf 1
model Shared(q: f32[2, 3, 9, 4], k: f32[2, 6, 4], v: f32[2, 6, 4], live: bool[2, 6]) -> f32[2, 3, 9, 4] {
  let p[b, h, n, m] = softmax[m where live[b, m] and f32(m) < f32(n)] sum[c] q[b, h, n, c] * k[b, m, c]
  let y[b, h, n, c] = sum[m where live[b, m]] p[b, h, n, m] * v[b, m, c]
  return y
}
`,
  },
  {
    name: "head groups of different k",
    legal: ["fused", "streaming", "fuseQ"],
    text: `lf 1
dim Rows = 12
dim Proj[h: 3] = [6, 6, 3]
model Groups(x: f32[Rows, 8], e: f32[h: 3, Proj[h], Rows]) -> f32[Rows, 8] {
  param wq, wk, wv: f32[h: 3, 8, 4] = normal(0.4)
  param wo: f32[h: 3, 4, 8] = normal(0.4)
  let o[h: 3]         = head(x, wq[h], wk[h], wv[h], e[h])
  let y[n, j]       = sum[h, c] o[h, n, c] * wo[h, c, j]
  return y
}
fn head<N, D, C, K>(x: f32[N, D], wq: f32[D, C], wk: f32[D, C], wv: f32[D, C], e: f32[K, N]) -> f32[N, C] {
  let q[n, c]    = sum[d] x[n, d] * wq[d, c]
  let keys[k, c] = sum[n, d] e[k, n] * x[n, d] * wk[d, c]
  let vals[k, c] = sum[n, d] e[k, n] * x[n, d] * wv[d, c]
  let p[n, k]    = softmax[k] (sum[c] q[n, c] * keys[k, c]) / sqrt(C)
  let y[n, c]    = sum[k] p[n, k] * vals[k, c]
  return y
}
`,
  },
  {
    name: "folded: no queries and no outputs of heads",
    legal: ["folded"],
    text: `lf 1
model Folded(x: f32[11, 6], m: f32[3, 5, 6], u: f32[3, 5, 6]) -> f32[11, 6] {
  let p[h, n, k] = softmax[k] sum[d] x[n, d] * m[h, k, d]
  let y[n, j]    = sum[h, k] p[h, n, k] * u[h, k, j]
  return y
}
`,
  },
];

export function modelNamed(name: string): AttentionModel {
  const found = models.find((m) => m.name === name);
  if (found === undefined) throw new Error(`there is no model named ${name}`);
  return found;
}
