/** What is said of repeated measurements. On a machine with other work the least is what the program takes; the rest is noise. */
export interface Sample {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  /** Half the distance between the quartiles, over the median: 0.05 is five per cent either way. */
  readonly spread: number;
}

/** The value below which a share `q` of the values lies, linear between neighbours; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function summarise(values: readonly number[]): Sample {
  const middle = median(values);
  return {
    count: values.length,
    min: Math.min(...values),
    median: middle,
    spread: values.length < 2 ? 0 : (quantile(values, 0.75) - quantile(values, 0.25)) / (2 * middle),
  };
}

/** How two series that ran side by side compare: below 1, the first is faster. */
export interface Comparison {
  /** Of the minima. */
  readonly ratio: number;
  /** The median of the ratios of runs of one round, which shared what else the machine did. */
  readonly paired: number;
  /** Rounds in which the first was faster. */
  readonly wins: number;
  readonly rounds: number;
}

export function compareRuns(first: readonly number[], second: readonly number[]): Comparison {
  const rounds = Math.min(first.length, second.length);
  const ratios = Array.from({ length: rounds }, (_, i) => (first[i] ?? Number.NaN) / (second[i] ?? Number.NaN));
  return {
    ratio: Math.min(...first) / Math.min(...second),
    paired: median(ratios),
    wins: ratios.filter((r) => r < 1).length,
    rounds,
  };
}

/** Spearman's rank correlation: 1 where both rise together, ties sharing their rank; NaN where one is constant. */
export function rankCorrelation(xs: readonly number[], ys: readonly number[]): number {
  const [a, b] = [ranks(xs), ranks(ys)];
  const mean = (xs.length - 1) / 2;
  let [both, first, second] = [0, 0, 0];
  a.forEach((x, i) => {
    const [dx, dy] = [x - mean, (b[i] ?? 0) - mean];
    both += dx * dy;
    first += dx * dx;
    second += dy * dy;
  });
  return both / Math.sqrt(first * second);
}

function ranks(values: readonly number[]): readonly number[] {
  const order = values.map((_, i) => i).toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const result: number[] = new Array(values.length).fill(0);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] ?? 0] === values[order[from] ?? 0]) to++;
    for (let i = from; i <= to; i++) result[order[i] ?? 0] = (from + to) / 2;
    from = to + 1;
  }
  return result;
}
