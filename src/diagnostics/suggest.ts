/**
 * The name among `candidates` that a user most likely meant by `name`: the smallest Damerau-Levenshtein distance
 * (insert, delete, replace, swap of neighbours; a change of case counts half), if it is small beside the length of the
 * word. Of equally near ones the first in code-point order, so that messages don't depend on the order of declaration.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const longest = 64; // names beyond this are not typing slips, and the table below is quadratic
  if (name.length > longest) return undefined;
  const limit = name.length <= 2 ? 1 : name.length <= 5 ? 1.5 : Math.min(3, Math.floor(name.length / 3));
  let best: string | undefined;
  let bestDistance = limit;
  for (const candidate of candidates) {
    if (candidate === name || candidate.length > longest) continue;
    if (Math.abs(candidate.length - name.length) > bestDistance) continue;
    const d = distance(name, candidate);
    // A word must share something with the suggestion: `q` is not a slip for `x`.
    if (d >= Math.max(name.length, candidate.length)) continue;
    if (d < bestDistance || (d === bestDistance && (best === undefined || candidate < best))) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** Edit distance with swaps of neighbours (optimal string alignment), three rows of the table at a time. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const x = a.charAt(i - 1);
      const y = b.charAt(j - 1);
      const change = x === y ? 0 : x.toLowerCase() === y.toLowerCase() ? 0.5 : 1;
      let d = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      if (i > 1 && j > 1 && x === b.charAt(j - 2) && a.charAt(i - 2) === y) d = Math.min(d, (before[j - 2] ?? 0) + 1);
      row.push(d);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
