import type { Graph } from "../../src/ir/graph/ops.js";
import { argument } from "../../src/ir/graph/scalars.js";
import type { Problem, Tensor } from "./bruteForce.js";
import { build, ix } from "./support.js";

/** Who shares a projection: nobody, the keys and values of one head, the heads, both. */
export type Sharing = "none" | "heads' own, E = F" | "headwise" | "key-value";

export interface Point {
  readonly n: number;
  readonly k: number;
  readonly d: number;
  readonly h: number;
  readonly sharing: Sharing;
  readonly mask: boolean;
}

/** The two products of five factors of a Linformer layer, in letters. */
export function layer({ n, k, d, h, sharing, mask }: Point): {
  readonly sizes: Readonly<Record<string, number>>;
  readonly problems: readonly Problem[];
} {
  const sizes = { n, m: n, k, d, p: d, c: d / h, h, o: d };
  const e: Tensor = {
    name: "e",
    at: sharing === "headwise" || sharing === "key-value" ? "km" : "hkm",
    weight: true,
  };
  const f: Tensor = { ...e, name: sharing === "none" || sharing === "headwise" ? "f" : "e" };
  const where = mask ? { where: { name: "keep", at: "m" } } : {};
  const weight = (name: string, at: string): Tensor => ({ name, at, weight: true });
  return {
    sizes,
    problems: [
      {
        factors: [{ name: "x", at: "nd" }, weight("wq", "hdc"), e, { name: "x", at: "mp" }, weight("wk", "hpc")],
        out: "hnk",
        ...where,
      },
      {
        factors: [{ name: "p", at: "hnk" }, f, { name: "x", at: "mp" }, weight("wv", "hpc"), weight("wo", "hco")],
        out: "no",
        ...where,
      },
    ],
  };
}

/** The same as a graph. */
export function graphOfLayer({ sizes, problems }: ReturnType<typeof layer>): Graph {
  const t = build();
  const tensors = problems.flatMap((p) => [...p.factors, ...(p.where ? [p.where] : [])]);
  const values = new Map<string, number>();
  // inputs come first in a graph
  for (const { name, at, weight } of [...tensors.filter((x) => !x.weight), ...tensors.filter((x) => x.weight)]) {
    if (values.has(name)) continue;
    const shape = [...at].map((l) => sizes[l] ?? 1);
    values.set(
      name,
      name === "keep" ? t.bools(name, ...shape) : weight ? t.param(name, ...shape) : t.input(name, ...shape),
    );
  }
  const value = ({ name }: Tensor): number => values.get(name) ?? -1;
  const outputs = problems.map(({ factors, out, where }, i) => {
    const uses = factors.map((f) => [value(f), f.at] as const);
    const keep = where && value(where);
    const node = t.contract(
      out,
      sizes,
      uses,
      where && keep !== undefined
        ? (letter) => ({ args: [{ value: keep, at: [...where.at].map((l) => ix(letter(l))) }], body: argument(0) })
        : undefined,
    );
    return [`y${i}`, node] as const;
  });
  return t.finish(Object.fromEntries(outputs));
}
