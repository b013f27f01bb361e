/** Every order of some factors as a text: `(a·b)·c`, `a·(b·c)`, … */
export function everyOrder(names: readonly string[]): readonly string[] {
  const [first, ...rest] = names;
  if (first === undefined) return [];
  if (rest.length === 0) return [first];
  const inner = (text: string): string => (text.includes("·") ? `(${text})` : text);
  const found: string[] = [];
  // the left side holds the first name
  for (let bits = 0; bits < (1 << rest.length) - 1; bits++) {
    const left = [first, ...rest.filter((_, i) => (bits >> i) & 1)];
    const right = rest.filter((_, i) => !((bits >> i) & 1));
    for (const a of everyOrder(left)) for (const b of everyOrder(right)) found.push(`${inner(a)}·${inner(b)}`);
  }
  return found;
}
