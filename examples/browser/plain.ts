export interface Sizes {
  readonly rows: number;
  /** Columns of `e`, of which the first `rows` are used. */
  readonly most: number;
  readonly model: number;
  readonly head: number;
  readonly slots: number;
}

export interface Weights {
  readonly wq: Float32Array;
  readonly wk: Float32Array;
  readonly wv: Float32Array;
  readonly e: Float32Array;
}

/** attention.lf by hand, in double precision: what the GPU is held against. */
export function attention(x: Float32Array, { wq, wk, wv, e }: Weights, sizes: Sizes): Float64Array {
  const { rows, most, model, head, slots } = sizes;
  const q = product(x, wq, rows, model, head, model);
  const mixed = product(e, x, slots, rows, model, most);
  const keys = product(mixed, wk, slots, model, head, model);
  const values = product(mixed, wv, slots, model, head, model);
  const result = new Float64Array(rows * head);
  const p = new Float64Array(slots);
  for (let n = 0; n < rows; n++) {
    let greatest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < slots; k++) {
      let score = 0;
      for (let c = 0; c < head; c++) score += (q[n * head + c] ?? 0) * (keys[k * head + c] ?? 0);
      p[k] = score / Math.sqrt(head);
      greatest = Math.max(greatest, p[k] ?? 0);
    }
    let total = 0;
    for (let k = 0; k < slots; k++) {
      p[k] = Math.exp((p[k] ?? 0) - greatest);
      total += p[k] ?? 0;
    }
    for (let k = 0; k < slots; k++) {
      const share = (p[k] ?? 0) / total;
      for (let c = 0; c < head; c++)
        result[n * head + c] = (result[n * head + c] ?? 0) + share * (values[k * head + c] ?? 0);
    }
  }
  return result;
}

/** a[rows, inner] · b[inner, columns], where a row of `a` begins every `stride` elements. */
function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  rows: number,
  inner: number,
  columns: number,
  stride: number,
): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * stride + k] ?? 0;
      for (let j = 0; j < columns; j++)
        result[i * columns + j] = (result[i * columns + j] ?? 0) + factor * (b[k * columns + j] ?? 0);
    }
  }
  return result;
}
