/** Numbers as a person reads them in a table: three figures that say something. */
export function figures(x: number): string {
  if (!Number.isFinite(x)) return "-";
  if (x === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(x)));
  if (size < -4) return x.toExponential(1);
  return x.toFixed(Math.max(0, Math.min(6, 2 - size)));
}

export const milliseconds = (seconds: number): string => figures(1e3 * seconds);

/** A share of one as per cent; a hyphen where it is not known. */
export const percent = (share: number | null): string => {
  if (share === null || !Number.isFinite(share)) return "-";
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
};

/** Seconds with the unit that suits them. */
export function duration(seconds: number): string {
  if (seconds < 1e-3) return `${figures(1e6 * seconds)} µs`;
  if (seconds < 1) return `${figures(1e3 * seconds)} ms`;
  return `${figures(seconds)} s`;
}
