import type { Target } from "../../src/cost/target.js";

/**
 * The least cost of a set of products by trying everything: each binary tree of each product, in every combination, equal
 * parts of different products paid once. Written from the definition, in letters, with nothing of the compiler in it.
 */
export interface Tensor {
  readonly name: string;
  /** `hkm`. */
  readonly at: string;
  /** A parameter: what parameters alone give is made at load. */
  readonly weight?: boolean;
}

export interface Problem {
  readonly factors: readonly Tensor[];
  readonly out: string;
  /** A condition: what it reads. */
  readonly where?: Tensor;
}

export interface Least {
  readonly seconds: number;
  readonly flops: number;
}

type Machine = Pick<Target["peak"], "flops" | "bandwidth" | "dispatch">;

interface Part {
  readonly factors: readonly number[];
  readonly letters: string;
}

/** What one tree does: its steps by the key of what they make. */
type Steps = ReadonlyMap<string, Least>;

export function leastCost(
  problems: readonly Problem[],
  sizes: Readonly<Record<string, number>>,
  machine: Machine,
): Least {
  const all = problems.map((p) => undominated(treesOf(p, sizes, machine), problems.length === 1));
  let best: Least = { seconds: Number.POSITIVE_INFINITY, flops: Number.POSITIVE_INFINITY };
  const visit = (at: number, made: Steps, so: Least): void => {
    if (so.seconds > best.seconds * (1 + 1e-12)) return;
    const trees = all[at];
    if (trees === undefined) {
      if (so.seconds < best.seconds * (1 - 1e-12) || so.flops < best.flops) best = so;
      return;
    }
    for (const steps of trees) {
      let { seconds, flops } = so;
      for (const [key, cost] of steps) {
        if (made.has(key)) continue;
        seconds += cost.seconds;
        flops += cost.flops;
      }
      visit(at + 1, new Map([...made, ...steps]), { seconds, flops });
    }
  };
  visit(0, new Map(), { seconds: 0, flops: 0 });
  return best;
}

/** One product alone: only its cheapest tree counts. */
function undominated(trees: readonly Steps[], alone: boolean): readonly Steps[] {
  const total = (s: Steps): number => [...s.values()].reduce((sum, c) => sum + c.seconds, 0);
  const sorted = [...trees].sort((a, b) => total(a) - total(b));
  return alone ? sorted.slice(0, 50) : sorted;
}

const lettersOf = (texts: readonly string[]): string => [...new Set(texts.join(""))].join("");

function treesOf(p: Problem, sizes: Readonly<Record<string, number>>, machine: Machine): readonly Steps[] {
  const volume = (letters: string): number => [...letters].reduce((n, l) => n * (sizes[l] ?? Number.NaN), 1);
  const everything = p.factors.map((_, i) => i);
  const condition = p.where?.at ?? "";
  const holders = everything.filter((i) =>
    [...condition].some((l) => !p.out.includes(l) && p.factors[i]?.at.includes(l)),
  );
  const applies = (factors: readonly number[]): boolean =>
    p.where !== undefined && (holders.length > 0 ? holders : everything).every((i) => factors.includes(i));
  const kept = (factors: readonly number[]): string => {
    if (factors.length === p.factors.length) return p.out;
    const inside = lettersOf([...factors.map((i) => p.factors[i]?.at ?? ""), applies(factors) ? condition : ""]);
    const outside = [
      p.out,
      ...everything.filter((i) => !factors.includes(i)).map((i) => p.factors[i]?.at ?? ""),
      applies(factors) ? "" : condition,
    ].join("");
    return [...inside].filter((l) => outside.includes(l)).join("");
  };
  const keyOf = (factors: readonly number[]): string => {
    let least: string | undefined;
    for (const order of permutations(factors)) {
      const number = new Map<string, number>();
      const rename = (text: string): string =>
        [...text]
          .map((l) => {
            if (!number.has(l)) number.set(l, number.size);
            return `${number.get(l)}`;
          })
          .join(".");
      const text = order.map((i) => `${p.factors[i]?.name}[${rename(p.factors[i]?.at ?? "")}]`).join("*");
      const where = applies(factors) ? `?${p.where?.name}[${rename(condition)}]` : "";
      const result = [...kept(factors)].map((l) => number.get(l) ?? -1).sort((a, b) => a - b);
      const extents = [...number].map(([l]) => sizes[l]).join();
      const whole = `${text}${where}->${result.join()}:${extents}`;
      if (least === undefined || whole < least) least = whole;
    }
    return least ?? "";
  };
  const atLoad = (factors: readonly number[]): boolean => {
    if (!factors.every((i) => p.factors[i]?.weight) || (applies(factors) && !p.where?.weight)) return false;
    const inputs = factors.reduce((sum, i) => sum + volume(p.factors[i]?.at ?? ""), 0);
    return volume(kept(factors)) <= 4 * inputs;
  };
  const step = (factors: readonly number[], operands: readonly Part[]): Least => {
    if (atLoad(factors)) return { seconds: 0, flops: 0 };
    const fresh = applies(factors) && !operands.some((o) => o.factors.length > 1 && applies(o.factors));
    const loops = lettersOf([
      ...operands.map((o) => o.letters),
      fresh ? condition : "",
      factors.length === p.factors.length ? p.out : "",
    ]);
    const flops = operands.length * volume(loops);
    const bytes =
      4 *
      (volume(kept(factors)) +
        operands.reduce((sum, o) => sum + volume(o.letters), 0) +
        (fresh ? volume(condition) : 0));
    return { seconds: Math.max(flops / machine.flops, bytes / machine.bandwidth) + machine.dispatch, flops };
  };
  const memo = new Map<string, readonly { readonly part: Part; readonly steps: Steps }[]>();
  const visit = (factors: readonly number[]): readonly { readonly part: Part; readonly steps: Steps }[] => {
    const name = factors.join();
    const known = memo.get(name);
    if (known !== undefined) return known;
    const found: { readonly part: Part; readonly steps: Steps }[] = [];
    const result = { factors, letters: kept(factors) };
    const [only] = factors;
    if (factors.length === 1 && only !== undefined) {
      const bare = { factors, letters: lettersOf([p.factors[only]?.at ?? ""]) };
      found.push({ part: bare, steps: new Map() });
      if (bare.letters.length !== result.letters.length)
        found.push({ part: result, steps: new Map([[keyOf(factors), step(factors, [bare])]]) });
    } else {
      const key = keyOf(factors);
      for (const left of splits(factors)) {
        const right = factors.filter((i) => !left.includes(i));
        for (const a of visit(left))
          for (const b of visit(right))
            found.push({
              part: result,
              steps: new Map([...a.steps, ...b.steps, [key, step(factors, [a.part, b.part])]]),
            });
      }
    }
    memo.set(name, found);
    return found;
  };
  return visit(everything).map((t) => t.steps);
}

/** Every half of a set that holds its first member, the whole set left out. */
function splits(items: readonly number[]): readonly (readonly number[])[] {
  const [first, ...rest] = items;
  if (first === undefined) return [];
  const found: (readonly number[])[] = [];
  for (let bits = 0; bits < (1 << rest.length) - 1; bits++)
    found.push([first, ...rest.filter((_, i) => (bits >> i) & 1)]);
  return found;
}

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((first) => permutations(items.filter((i) => i !== first)).map((rest) => [first, ...rest]));
}
