import type { TensorData } from "../ir/dtype.js";

export interface TensorFacts {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly std: number;
  readonly nonFinite: number;
  readonly first: readonly number[];
}

/** What one wants to know of a tensor at a glance. */
export function tensorFacts(t: TensorData): TensorFacts {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let squares = 0;
  let nonFinite = 0;
  for (const x of t.data) {
    if (!Number.isFinite(x)) {
      nonFinite++;
      continue;
    }
    if (x < min) min = x;
    if (x > max) max = x;
    sum += x;
    squares += x * x;
  }
  const count = t.data.length - nonFinite;
  const mean = count === 0 ? 0 : sum / count;
  const std = count === 0 ? 0 : Math.sqrt(Math.max(0, squares / count - mean * mean));
  return { dtype: t.dtype, shape: t.shape, min, max, mean, std, nonFinite, first: [...t.data.slice(0, 6)] };
}

const short = (x: number): string => (Number.isInteger(x) && Math.abs(x) < 1e6 ? String(x) : x.toPrecision(6));

export function describeTensor(name: string, t: TensorData, file: string | undefined): string {
  const f = tensorFacts(t);
  const more = t.data.length > f.first.length ? ", …" : "";
  return [
    `${name}: ${f.dtype}[${f.shape.join(", ")}]${file === undefined ? "" : ` → ${file}`}`,
    `  min ${short(f.min)}  max ${short(f.max)}  mean ${short(f.mean)}  std ${short(f.std)}${f.nonFinite === 0 ? "" : `  NOT FINITE: ${f.nonFinite}`}`,
    `  ${f.first.map(short).join(", ")}${more}`,
  ].join("\n");
}
