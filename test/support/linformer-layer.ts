/** Who shares a projection of a layer. */
export type LayerSharing = "none" | "headwise" | "key-value";

/** An attention layer of Linformer as a textbook writes it, one product at a time, `E(XW)`: what an order has to be found for. */
export function linformerLayer({
  n,
  k,
  d = 512,
  h = 8,
  sharing,
  mask = false,
  bias = false,
}: {
  readonly n: number | string;
  readonly k: number;
  readonly d?: number;
  readonly h?: number;
  readonly sharing: LayerSharing;
  readonly mask?: boolean;
  readonly bias?: boolean;
}): string {
  const most = typeof n === "number" ? n : Number(/\d+$/.exec(n)?.[0]);
  const shape = sharing === "none" ? "[Heads, Proj, Most]" : "[Proj, Most]";
  const read = (name: string): string =>
    sharing === "none" ? `${name}[:, :, 0..Seq][h, k, m]` : `${name}[:, 0..Seq][k, m]`;
  const second = sharing === "key-value" ? "e" : "f";
  const where = mask ? " where keep[m]" : "";
  const plus = (name: string): string => (bias ? `${name}[h, c] + ` : "");
  return `lf 1
dim Seq   = ${n}
dim Most  = ${most}
dim Model = ${d}
dim Heads = ${h}
dim Head  = Model / Heads
dim Proj  = ${k}
model Layer(x: f32[Seq, Model], keep: bool[Seq]) -> (y: f32[Seq, Model]) {
  param wq, wk, wv: f32[Heads, Model, Head] = normal(1 / sqrt(Model))
  param wo: f32[Heads, Head, Model] = normal(1 / sqrt(Model))
  param e${second === "e" ? "" : ", f"}: f32${shape} = normal(1 / sqrt(Proj))
${bias ? "  param bq, bk, bv: f32[Heads, Head] = normal(0.1)\n" : ""}
  let q[h, n, c]    = ${plus("bq")}sum[d] x[n, d] * wq[h, d, c]
  let kx[h, m, c]   = ${plus("bk")}sum[d] x[m, d] * wk[h, d, c]
  let vx[h, m, c]   = ${plus("bv")}sum[d] x[m, d] * wv[h, d, c]
  let keys[h, k, c] = sum[m${where}] ${read("e")} * kx[h, m, c]
  let vals[h, k, c] = sum[m${where}] ${read(second)} * vx[h, m, c]
  let p[h, n, k]    = softmax[k] (sum[c] q[h, n, c] * keys[h, k, c]) / sqrt(Head)
  let o[h, n, c]    = sum[k] p[h, n, k] * vals[h, k, c]
  let y[n, u]       = x[n, u] + sum[h, c] o[h, n, c] * wo[h, c, u]
  return y
}
`;
}
