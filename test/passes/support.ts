import type { PassContext, Remark } from "../../passes/pass.js";
import type { Target } from "../../src/cost/target.js";
import { noLoc } from "../../src/diagnostics/span.js";
import { constDim, type Dim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, Index, Op, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument } from "../../src/ir/graph/scalars.js";

/** A machine of round numbers, so that tests do not depend on a real one. */
export const testTarget: Target = {
  name: "test",
  execution: "simt",
  dtypes: new Set<DType>(["f32", "i32", "u32", "bool"]),
  subgroups: false,
  subgroupSize: 32,
  maxInvocations: 256,
  maxGrid: 65535,
  sharedBytes: 16384,
  privateBytes: 8192,
  maxBuffers: 8,
  maxBinding: 128 * 1024 * 1024,
  registers: 128,
  vectors: true,
  peak: { flops: 1e12, bandwidth: 1e11, exps: 1e11, dispatch: 1e-5, workgroup: 1e-7 },
};

/** A machine on which only arithmetic costs. */
export const flopsTarget: Target = {
  ...testTarget,
  peak: { ...testTarget.peak, bandwidth: Number.POSITIVE_INFINITY, dispatch: 0, workgroup: 0 },
};

export interface TestContext extends PassContext {
  readonly remarks: readonly Remark[];
}

export function testContext(
  fp: "relaxed" | "strict" = "relaxed",
  changes: Partial<Pick<PassContext, "target" | "plan">> = {},
): TestContext {
  const remarks: Remark[] = [];
  return { target: testTarget, strategies: new Set(), fp, remark: (r) => remarks.push(r), remarks, ...changes };
}

type Size = number | Dim;
const size = (s: Size): Dim => (typeof s === "number" ? constDim(s) : s);

/** Reads a value by letters: `n`, or any subscript over numbered indices. */
export interface Build {
  readonly b: GraphBuilder;
  input(name: string, ...shape: Size[]): ValueId;
  ints(name: string, ...shape: Size[]): ValueId;
  bools(name: string, ...shape: Size[]): ValueId;
  param(path: string, ...shape: Size[]): ValueId;
  /** `contract("hnk", { h: 2, … }, [[q, "hnc"], [k, "hkc"]])`. */
  contract(
    out: string,
    sizes: Readonly<Record<string, Size>>,
    factors: readonly (readonly [ValueId, string])[],
    where?: (ix: (letter: string) => number) => Where,
  ): ValueId;
  map(
    out: string,
    sizes: Readonly<Record<string, Size>>,
    args: readonly (readonly [ValueId, string | readonly Index[]])[],
    body: Scalar,
  ): ValueId;
  add(op: Op): ValueId;
  finish(outputs: Readonly<Record<string, ValueId>>): Graph;
}

export function build(): Build {
  const b = graphBuilder();
  const numbered = (out: string, sizes: Readonly<Record<string, Size>>, others: readonly string[]) => {
    const letters = [...new Set([...out, ...others.join("")])];
    const ix = (letter: string): number => {
      if (!letters.includes(letter)) letters.push(letter);
      return letters.indexOf(letter);
    };
    return {
      ix,
      out: [...out].map(ix),
      extents: () => letters.map((l) => size(sizes[l] ?? Number.NaN)),
      use: (value: ValueId, at: string | readonly Index[]): Use => ({
        value,
        at: typeof at === "string" ? [...at].map((l) => ({ i: "ix", ix: ix(l) })) : at,
      }),
    };
  };
  const lettersOf = (pairs: readonly (readonly [ValueId, string | readonly Index[]])[]): string[] =>
    pairs.map(([, at]) => (typeof at === "string" ? at : ""));
  return {
    b,
    input: (name, ...shape) => b.add({ op: "input", name }, noLoc, { dtype: "f32", shape: shape.map(size) }),
    ints: (name, ...shape) => b.add({ op: "input", name }, noLoc, { dtype: "i32", shape: shape.map(size) }),
    bools: (name, ...shape) => b.add({ op: "input", name }, noLoc, { dtype: "bool", shape: shape.map(size) }),
    param: (path, ...shape) =>
      b.add({ op: "param", path, init: { kind: "zeros" }, fixed: false }, noLoc, {
        dtype: "f32",
        shape: shape.map(size),
      }),
    contract(out, sizes, factors, where) {
      const n = numbered(out, sizes, lettersOf(factors));
      const condition = where && { where: where(n.ix) };
      return b.add(
        {
          op: "contract",
          factors: factors.map(([v, at]) => n.use(v, at)),
          out: n.out,
          extents: n.extents(),
          accum: "f32",
          ...condition,
        },
        noLoc,
      );
    },
    map(out, sizes, args, body) {
      const n = numbered(out, sizes, lettersOf(args));
      return b.add(
        { op: "map", args: args.map(([v, at]) => n.use(v, at)), out: n.out, extents: n.extents(), body },
        noLoc,
      );
    },
    add: (op) => b.add(op, noLoc),
    finish: (outputs) =>
      b.finish(
        "t",
        Object.entries(outputs).map(([name, value]) => ({ name, value })),
      ),
  };
}

export const ix = (i: number): Index => ({ i: "ix", ix: i });
export const at = (n: number): Index => ({ i: "dim", dim: constDim(n) });
export const x = argument;

/** How many nodes of each op a graph has, inputs and parameters left out. */
export function countOps(graph: Graph): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const node of graph.nodes)
    if (node.op !== "input" && node.op !== "param") counts[node.op] = (counts[node.op] ?? 0) + 1;
  return counts;
}
