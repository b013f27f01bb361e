/** The sizes of a sweep: the least, doubled while it is below the greatest, and the greatest. */
export function doublings(lo: number, hi: number): readonly number[] {
  const values: number[] = [];
  for (let n = lo; n < hi; n *= 2) values.push(n);
  return [...values, hi];
}
