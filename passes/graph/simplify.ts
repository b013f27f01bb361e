import { noLoc } from "../../src/diagnostics/span.js";
import { constDim, constValue, type Dim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Graph, Ix, Monoid, Node, Op, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument, constant, select } from "../../src/ir/graph/scalars.js";
import { mapUses, reducedIndices, useIndices, whereIndices } from "../../src/ir/graph/visit.js";
import type { Pass } from "../pass.js";
import { type AnyRule, type GraphView, type Rule, rewrite } from "../rewrite.js";
import { simplifyScalar } from "./simplifyScalar.js";
import { copiesWhole, dropIndex, dropScalarIndex, simplifyUse, tidyArgs } from "./simplifyUse.js";

/**
 * Local algebra: constants, neutral elements, copies read through, trivial conditions, indices of extent 1. No rule
 * makes a node dearer, and none has an alternative.
 */
export const simplify: Pass<Graph> = {
  name: "simplify",
  summary: "fold constants, read through copies, drop trivial conditions and reductions",
  run: (graph) => rewrite(graph, simplifyRules),
};

const argTypes =
  (args: readonly Use[], g: GraphView) =>
  (arg: number): DType => {
    const use = args[arg];
    return use === undefined ? "f32" : g.type(use.value).dtype;
  };

const replace = (b: { add(op: Op, loc: typeof noLoc): ValueId }, op: Op): ValueId => b.add(op, noLoc);

/** The op of a node, without its type. */
function opOf<K extends Op["op"]>(node: Extract<Node, { op: K }>): Extract<Op, { op: K }> {
  const { type: _, ...op } = node;
  return op as unknown as Extract<Op, { op: K }>; // `node` is that op and a type
}

// t[i, j] = x[i, j]  →  x, unless x is an input or parameter: these keep a name of their own in the result
const wholeCopy: Rule<"map"> = {
  name: "copy of a whole value",
  on: "map",
  apply(node, g) {
    const use = copiesWhole(node, g);
    if (use === undefined) return undefined;
    const { op } = g.node(use.value);
    return op === "input" || op === "param" ? undefined : use.value;
  },
};

// algebra of one element: simplifyScalar.ts
const scalarAlgebra: Rule<"map"> = {
  name: "scalar algebra",
  on: "map",
  apply(node, g, b) {
    const body = simplifyScalar(node.body, { argType: argTypes(node.args, g), extents: node.extents });
    const tidy = tidyArgs(node.args, body);
    if (tidy.body === node.body && tidy.args === node.args) return undefined;
    return replace(b, { ...opOf(node), ...tidy });
  },
};

// subscripts in normal form; f(t[i]) = f(x[g(i)]) where t[j] = x[g(j)]; concat(a, b)[i + A] = b[i]
function subscripts<K extends "map" | "contract" | "reduce" | "softmax">(on: K): Rule<K> {
  return {
    name: "subscripts",
    on,
    apply(node, g, b) {
      const op: Op = opOf<K>(node);
      const { extents } = node as { readonly extents: readonly Dim[] };
      const next = mapUses(op, (use) => simplifyUse(use, extents, g));
      return next === op ? undefined : replace(b, next);
    },
  };
}

type Selecting = "contract" | "reduce" | "softmax";

/** What an op gives when no element takes part. */
function nothingSelected(node: Extract<Node, { op: Selecting }>): Scalar {
  if (node.op !== "reduce") return constant(0, node.type.dtype);
  return constant(identity(node.monoid, node.type.dtype), node.type.dtype);
}

const largest: Readonly<Record<DType, number>> = {
  f32: 3.4028234663852886e38,
  f16: 65504,
  i32: 2 ** 31 - 1,
  u32: 2 ** 32 - 1,
  bool: 1,
};
const lowest: Readonly<Record<DType, number>> = {
  ...largest,
  f32: -largest.f32,
  f16: -largest.f16,
  i32: -(2 ** 31),
  u32: 0,
  bool: 0,
};

function identity(monoid: Monoid, dtype: DType): number {
  switch (monoid) {
    case "sum":
    case "argmax":
    case "argmin":
      return 0;
    case "prod":
      return 1;
    case "max":
      return lowest[dtype];
    case "min":
      return largest[dtype];
  }
}

// where true  →  no condition;  where false  →  what a selection of nothing gives
function conditions<K extends Selecting>(on: K): Rule<K> {
  return {
    name: "condition",
    on,
    apply(node, g, b) {
      const selecting = node as Extract<Node, { op: Selecting }>;
      const { where } = selecting;
      if (where === undefined) return undefined;
      const body = simplifyScalar(where.body, { argType: argTypes(where.args, g), extents: selecting.extents });
      const tidy: Where = tidyArgs(where.args, body);
      if (tidy.body.e === "const") {
        const { where: _, ...rest } = opOf<Selecting>(selecting);
        if (tidy.body.value !== 0) return replace(b, rest);
        const extents = selecting.type.shape;
        return replace(b, {
          op: "map",
          args: [],
          out: extents.map((_, i) => i),
          extents,
          body: nothingSelected(selecting),
        });
      }
      if (tidy.body === where.body && tidy.args === where.args) return undefined;
      return replace(b, { ...opOf<Selecting>(selecting), where: { args: tidy.args, body: tidy.body } });
    },
  };
}

/** A reduced index of extent 1, if there is one. */
const trivialIndex = (node: { readonly out: readonly Ix[]; readonly extents: readonly Dim[] }): Ix | undefined =>
  reducedIndices(node).find((ix) => constValue(node.extents[ix] ?? constDim(0)) === 1);

const zero = constDim(0);
const without = (extents: readonly Dim[], dropped: Ix): readonly Dim[] => extents.filter((_, ix) => ix !== dropped);
const shifted = (out: readonly Ix[], dropped: Ix): readonly Ix[] => out.map((ix) => (ix > dropped ? ix - 1 : ix));
const dropInWhere = (where: Where, ix: Ix): Where => ({
  args: where.args.map((u) => dropIndex(u, ix, zero)),
  body: dropScalarIndex(where.body, ix, constant(0, "i32")),
});

// Σ over one element: j = 0
const contractOverOne: Rule<"contract"> = {
  name: "contraction over extent 1",
  on: "contract",
  apply(node, _, b) {
    const ix = trivialIndex(node);
    if (ix === undefined) return undefined;
    const { where, ...op } = opOf<"contract">(node);
    return replace(b, {
      ...op,
      factors: op.factors.map((u) => dropIndex(u, ix, zero)),
      out: shifted(op.out, ix),
      extents: without(op.extents, ix),
      ...(where && { where: dropInWhere(where, ix) }),
    });
  },
};

const reduceOverOne: Rule<"reduce"> = {
  name: "reduction over extent 1",
  on: "reduce",
  apply(node, _, b) {
    const ix = trivialIndex(node);
    // argmax over several indices does not exist
    if (ix === undefined || node.monoid === "argmax" || node.monoid === "argmin") return undefined;
    const { where, ...op } = opOf<"reduce">(node);
    return replace(b, {
      ...op,
      arg: dropIndex(op.arg, ix, zero),
      out: shifted(op.out, ix),
      extents: without(op.extents, ix),
      ...(where && { where: dropInWhere(where, ix) }),
    });
  },
};

/** `use` where the condition holds, else `otherwise`: a reduction that has nothing left to reduce. */
function selected(use: Use, where: Where | undefined, otherwise: Scalar): { args: readonly Use[]; body: Scalar } {
  if (where === undefined) return { args: [use], body: argument(0) };
  return { args: [...where.args, use], body: select(where.body, argument(where.args.length), otherwise) };
}

// max over no index  →  the element; the same for one factor alone
const reduceOverNothing: Rule<"reduce"> = {
  name: "reduction over nothing",
  on: "reduce",
  apply(node, _, b) {
    if (reducedIndices(node).length > 0 || node.monoid === "argmax" || node.monoid === "argmin") return undefined;
    const { out, extents } = node;
    return replace(b, { op: "map", out, extents, ...selected(node.arg, node.where, nothingSelected(node)) });
  },
};

const contractOverNothing: Rule<"contract"> = {
  name: "contraction of one factor over nothing",
  on: "contract",
  apply(node, _, b) {
    const [factor, ...others] = node.factors;
    if (factor === undefined || others.length > 0 || reducedIndices(node).length > 0) return undefined;
    const { out, extents } = node;
    return replace(b, { op: "map", out, extents, ...selected(factor, node.where, nothingSelected(node)) });
  },
};

// Σ c · f  →  c · Σ f for a constant c, where f mentions every index that is left
const constantFactor: Rule<"contract"> = {
  name: "constant factor",
  on: "contract",
  apply(node, g, b) {
    for (const [position, factor] of node.factors.entries()) {
      const of = g.node(factor.value);
      if (of.op !== "map" || of.body.e !== "const") continue;
      const others = node.factors.filter((_, i) => i !== position);
      const mentioned = new Set([
        ...others.flatMap((u) => [...useIndices(u)]),
        ...(node.where ? whereIndices(node.where) : []),
      ]);
      const sameType = others.some((u) => g.type(u.value).dtype === node.type.dtype);
      if (others.length === 0 || !sameType || node.extents.some((_, ix) => !mentioned.has(ix))) continue;
      const rest = replace(b, { ...opOf<"contract">(node), factors: others });
      if (of.body.value === 1) return rest;
      const shape = g.type(rest).shape;
      return replace(b, {
        op: "map",
        args: [{ value: rest, at: shape.map((_, ix) => ({ i: "ix", ix })) }],
        out: shape.map((_, ix) => ix),
        extents: shape,
        body: { e: "call", fn: "mul", args: [argument(0), constant(of.body.value, node.type.dtype)] },
      });
    }
    return undefined;
  },
};

// concat(a) = a; concat(concat(a, b), c) = concat(a, b, c)
const nestedConcat: Rule<"concat"> = {
  name: "nested concat",
  on: "concat",
  apply(node, g, b) {
    const [only] = node.args;
    if (node.args.length === 1 && only !== undefined) return only;
    const args = node.args.flatMap((v) => {
      const part = g.node(v);
      return part.op === "concat" && part.axis === node.axis ? part.args : [v];
    });
    return args.length === node.args.length ? undefined : replace(b, { op: "concat", args, axis: node.axis });
  },
};

export const simplifyRules: readonly AnyRule[] = [
  subscripts("map"),
  subscripts("contract"),
  subscripts("reduce"),
  subscripts("softmax"),
  scalarAlgebra,
  wholeCopy,
  conditions("contract"),
  conditions("reduce"),
  conditions("softmax"),
  contractOverOne,
  reduceOverOne,
  reduceOverNothing,
  contractOverNothing,
  constantFactor,
  nestedConcat,
];
