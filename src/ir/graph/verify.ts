import { InternalError } from "../../util/invariant.js";
import { constValue, type Dim, dimRange, sameDim } from "../dim.js";
import { type DType, isFloat } from "../dtype.js";
import { sameType } from "./builder.js";
import { fnTypeError } from "./functions.js";
import { keyMaker } from "./key.js";
import type { Graph, Index, Ix, Node, Scalar, TensorType, Use, ValueId } from "./ops.js";
import { printType } from "./print.js";
import { inferType, scalarType } from "./types.js";
import { operands, operandUses, reducedIndices, scalarIndices, useIndices } from "./visit.js";

/**
 * What holds of every graph, at any time between two passes. One function each, in this order.
 *
 *  1. `locs` has an entry for each node.
 *  2. The inputs are the first nodes, in the order of `inputs`, under different names.
 *  3. Parameters have different paths, initialisers that their dtype can hold, and a name for each axis or for none.
 *  4. A node reads earlier nodes only.
 *  5. There is an output; outputs name existing values, each name once.
 *  6. No computation stands in the graph twice.
 *  7. A use has one subscript for each axis of its value.
 *  8. Every index has an extent. No index is twice in `out`; a `map` reduces none; a `softmax` runs along one of its own.
 *  9. Sizes are whole and at least 1, the divisors and factors of subscripts too.
 * 10. A gather reads whole numbers.
 * 11. Scalar expressions are well typed, read existing arguments, and hold constants that their dtype can represent.
 * 12. A condition is bool.
 * 13. The factors of a `contract` are numbers of one dtype, or f16 beside f32; it accumulates in a float at least as wide,
 *     whole numbers in their own dtype.
 * 14. `reduce` folds numbers, `argmax` and `argmin` along exactly one index; `softmax` takes floats.
 * 15. The parts of a `concat` differ in nothing but the extent of its axis.
 * 16. The body of a `region` and each of its plans is a graph of which all this holds, that takes the region's arguments
 *     and gives its result; all plans give what the body gives.
 * 17. The type of a node is the one that its op and operands give.
 * 18. Elaborated: there is no `region` yet.
 * 19. Reassociated: no `contract` has more than two factors, in bodies and plans neither.
 */
export type Phase = "elaborated" | "reassociated";

/** What is wrong with a graph, one line each; empty if nothing is. `phase` adds what holds after certain passes only. */
export function verifyGraph(graph: Graph, phase?: Phase): readonly string[] {
  const problems = graphRules.flatMap((rule) => [...rule(graph)]);
  // What follows looks nodes up by their operands.
  if (problems.length > 0) return problems;
  graph.nodes.forEach((node, id) => {
    const cx: Cx = { graph, node, phase };
    for (const rule of nodeRules) {
      const found = [...rule(cx)];
      problems.push(...found.map((problem) => `%${id} ${node.op}: ${problem}`));
      // Later rules rely on earlier ones.
      if (found.length > 0) break;
    }
  });
  if (problems.length === 0) problems.push(...notTwice(graph));
  return problems;
}

interface Cx {
  readonly graph: Graph;
  readonly node: Node;
  readonly phase: Phase | undefined;
}

type Problems = Generator<string, void>;

function* locations(graph: Graph): Problems {
  if (graph.locs.length !== graph.nodes.length) yield `${graph.nodes.length} nodes with ${graph.locs.length} locations`;
}

function* inputsFirst(graph: Graph): Problems {
  const names = new Set<string>();
  graph.inputs.forEach((value, position) => {
    if (value !== position) names.add(`input ${position} is %${value}, not among the first nodes`);
  });
  yield* names;
  const count = graph.nodes.filter((node) => node.op === "input").length;
  if (count !== graph.inputs.length) yield `${count} input nodes, ${graph.inputs.length} listed`;
  const seen = new Set<string>();
  for (const value of graph.inputs) {
    const node = graph.nodes[value];
    if (node?.op !== "input") yield `%${value} is listed as an input but is ${node ? `a ${node.op}` : "missing"}`;
    else if (seen.has(node.name)) yield `two inputs are named ${node.name}`;
    else seen.add(node.name);
  }
}

function* parameters(graph: Graph): Problems {
  const seen = new Set<string>();
  for (const node of graph.nodes) {
    if (node.op !== "param") continue;
    if (seen.has(node.path)) yield `two parameters have the path ${node.path}`;
    seen.add(node.path);
    const { init } = node;
    if (init.kind !== "zeros" && init.kind !== "ones" && !isFloat(node.type.dtype))
      yield `parameter ${node.path} of ${node.type.dtype} has the initialiser ${init.kind}`;
    if (init.kind === "normal" && !(Number.isFinite(init.std) && init.std >= 0))
      yield `parameter ${node.path} has the standard deviation ${init.std}`;
    if (init.kind === "uniform" && !(Number.isFinite(init.lo) && Number.isFinite(init.hi) && init.lo <= init.hi))
      yield `parameter ${node.path} is uniform in ${init.lo} … ${init.hi}`;
    const names = node.from?.axes?.length ?? node.type.shape.length;
    if (names !== node.type.shape.length)
      yield `parameter ${node.path} of rank ${node.type.shape.length} names ${names} axes`;
  }
}

function* earlierOperands(graph: Graph): Problems {
  for (const [id, node] of graph.nodes.entries())
    for (const value of operands(node))
      if (!(Number.isInteger(value) && value >= 0 && value < id)) yield `%${id} ${node.op} reads %${value}`;
}

function* outputs(graph: Graph): Problems {
  if (graph.outputs.length === 0) yield "there is no output";
  const seen = new Set<string>();
  for (const { name, value } of graph.outputs) {
    if (graph.nodes[value] === undefined) yield `output ${name} is %${value}, which does not exist`;
    if (seen.has(name)) yield `two outputs are named ${name}`;
    seen.add(name);
  }
}

const graphRules: readonly ((graph: Graph) => Problems)[] = [
  locations,
  inputsFirst,
  parameters,
  earlierOperands,
  outputs,
];

function* notTwice(graph: Graph): Problems {
  const keys = keyMaker();
  const seen = new Map<string, ValueId>();
  for (const [id, node] of graph.nodes.entries()) {
    const key = keys.op(node);
    const earlier = seen.get(key);
    if (earlier !== undefined) yield `%${id} ${node.op} is %${earlier} once more`;
    else seen.set(key, id);
  }
}

const typeIn =
  (graph: Graph) =>
  (value: ValueId): TensorType =>
    // rule 4 has been checked
    (graph.nodes[value] as Node).type;

/** All uses of a node, those inside gathers too. */
function allUses(node: Node): readonly Use[] {
  const found: Use[] = [];
  const inIndex = (index: Index): void => {
    if (index.i === "value") inUse(index.of);
    else if (index.i === "add") index.of.forEach(inIndex);
    else if (index.i === "mul" || index.i === "floordiv" || index.i === "mod") inIndex(index.of);
  };
  const inUse = (use: Use): void => {
    found.push(use);
    use.at.forEach(inIndex);
  };
  operandUses(node).forEach(inUse);
  return found;
}

function* subscriptCount({ graph, node }: Cx): Problems {
  for (const use of allUses(node)) {
    const rank = typeIn(graph)(use.value).shape.length;
    if (use.at.length !== rank) yield `%${use.value} of rank ${rank} has ${use.at.length} subscripts`;
  }
}

function* indicesExist({ node }: Cx): Problems {
  if (!("extents" in node)) return;
  const rank = node.extents.length;
  const exists = (ix: Ix): boolean => Number.isInteger(ix) && ix >= 0 && ix < rank;
  const used = new Set<Ix>();
  for (const use of operandUses(node)) for (const ix of useIndices(use)) used.add(ix);
  if (node.op === "map") for (const ix of scalarIndices(node.body)) used.add(ix);
  else if (node.where) for (const ix of scalarIndices(node.where.body)) used.add(ix);
  for (const ix of used) if (!exists(ix)) yield `index ${ix} has no extent`;
  if (node.op === "softmax") {
    if (!exists(node.axis)) yield `the axis ${node.axis} is none of its ${rank} indices`;
    return;
  }
  for (const ix of node.out) if (!exists(ix)) yield `index ${ix} of the result has no extent`;
  if (new Set(node.out).size !== node.out.length) yield "an index is twice in the result";
  if (node.op === "map" && node.out.length !== rank)
    yield `${rank - node.out.length} indices are missing in the result`;
}

function* wholeSizes({ node }: Cx): Problems {
  const wrong = (dim: Dim): boolean => {
    const value = constValue(dim);
    return value === undefined ? dimRange(dim).hi < 1 : !(Number.isSafeInteger(value) && value >= 1);
  };
  for (const [axis, extent] of node.type.shape.entries())
    if (wrong(extent)) yield `axis ${axis} has the size ${size(extent)}`;
  if ("extents" in node)
    for (const [ix, extent] of node.extents.entries())
      if (wrong(extent)) yield `index ${ix} has the extent ${size(extent)}`;
  const inIndex = function* (index: Index): Problems {
    if (index.i === "add") for (const part of index.of) yield* inIndex(part);
    if (index.i === "dim" && !isWholeNumber(index.dim)) yield `a subscript adds ${size(index.dim)}`;
    if (index.i === "mul" && !isWholeNumber(index.by)) yield `a subscript is multiplied by ${size(index.by)}`;
    if ((index.i === "floordiv" || index.i === "mod") && wrong(index.by))
      yield `a subscript is divided by ${size(index.by)}`;
    if (index.i === "mul" || index.i === "floordiv" || index.i === "mod") yield* inIndex(index.of);
  };
  for (const use of allUses(node)) for (const index of use.at) yield* inIndex(index);
}

const isWholeNumber = (dim: Dim): boolean => {
  const value = constValue(dim);
  return value === undefined || Number.isSafeInteger(value);
};
const size = (dim: Dim): string => String(constValue(dim) ?? "below 1");

function* gathersOfWholeNumbers({ graph, node }: Cx): Problems {
  for (const use of allUses(node))
    for (const index of use.at) {
      const read = gatheredValues(index);
      for (const value of read) {
        const { dtype } = typeIn(graph)(value);
        if (dtype !== "i32" && dtype !== "u32") yield `a subscript reads %${value} of ${dtype}`;
      }
    }
}

function gatheredValues(index: Index): readonly ValueId[] {
  switch (index.i) {
    case "value":
      return [index.of.value];
    case "add":
      return index.of.flatMap(gatheredValues);
    case "mul":
    case "floordiv":
    case "mod":
      return gatheredValues(index.of);
    default:
      return [];
  }
}

function* scalarsTyped({ graph, node }: Cx): Problems {
  if (node.op === "map") yield* scalarProblems(node.body, node.args, graph);
  else if ("where" in node && node.where) yield* scalarProblems(node.where.body, node.where.args, graph);
}

function* scalarProblems(body: Scalar, args: readonly Use[], graph: Graph): Problems {
  const argType = (arg: number): DType => typeIn(graph)((args[arg] as Use).value).dtype;
  const check = function* (part: Scalar): Problems {
    switch (part.e) {
      case "arg":
        if (args[part.arg] === undefined) yield `argument ${part.arg} of ${args.length}`;
        return;
      case "const":
        if (!holds(part.dtype, part.value)) yield `${part.value} is no ${part.dtype}`;
        return;
      case "call": {
        for (const arg of part.args) yield* check(arg);
        const problem = fnTypeError(
          part.fn,
          part.args.map((arg) => scalarType(arg, argType)),
        );
        if (problem !== undefined) yield problem;
        return;
      }
      case "select": {
        for (const arm of [part.cond, part.then, part.else]) yield* check(arm);
        const [cond, yes, no] = [part.cond, part.then, part.else].map((arm) => scalarType(arm, argType));
        if (cond !== "bool") yield `select by ${cond}`;
        if (yes !== no) yield `select between ${yes} and ${no}`;
        return;
      }
      case "convert":
        yield* check(part.of);
        return;
      default:
    }
  };
  // An argument that does not exist has no type; the first problem is enough.
  for (const problem of check(body)) {
    yield problem;
    return;
  }
}

function holds(dtype: DType, value: number): boolean {
  switch (dtype) {
    case "f32":
      return Number.isFinite(Math.fround(value));
    case "f16":
      return Math.abs(value) < 65520;
    case "i32":
      return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
    case "u32":
      return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
    case "bool":
      return value === 0 || value === 1;
  }
}

function* boolConditions({ graph, node }: Cx): Problems {
  if (!("where" in node) || !node.where) return;
  const { args, body } = node.where;
  const dtype = scalarType(body, (arg) => typeIn(graph)((args[arg] as Use).value).dtype);
  if (dtype !== "bool") yield `the condition is ${dtype}`;
}

function* factorsAgree({ graph, node }: Cx): Problems {
  if (node.op !== "contract") return;
  const dtypes = new Set(node.factors.map((use) => typeIn(graph)(use.value).dtype));
  if (dtypes.size === 0) yield "there is no factor";
  const floats = [...dtypes].every(isFloat);
  if (dtypes.has("bool") || (dtypes.size > 1 && !floats)) yield `the factors are ${[...dtypes].join(", ")}`;
  else if (floats ? !isFloat(node.accum) || (dtypes.has("f32") && node.accum === "f16") : !dtypes.has(node.accum))
    yield `${[...dtypes].join(", ")} accumulated in ${node.accum}`;
}

function* foldsNumbers({ graph, node }: Cx): Problems {
  if (node.op !== "reduce" && node.op !== "softmax") return;
  const { dtype } = typeIn(graph)(node.arg.value);
  if (node.op === "softmax") {
    if (!isFloat(dtype)) yield `of ${dtype}`;
    return;
  }
  if (dtype === "bool") yield "of bool";
  const count = reducedIndices(node).length;
  if ((node.monoid === "argmax" || node.monoid === "argmin") && count !== 1)
    yield `${node.monoid} along ${count} indices`;
}

function* partsFit({ graph, node }: Cx): Problems {
  if (node.op !== "concat") return;
  const types = node.args.map(typeIn(graph));
  const first = types[0];
  if (!first) {
    yield "there is no part";
    return;
  }
  if (!(node.axis >= 0 && node.axis < first.shape.length))
    yield `axis ${node.axis} of parts of rank ${first.shape.length}`;
  for (const type of types) {
    const fits =
      type.dtype === first.dtype &&
      type.shape.length === first.shape.length &&
      type.shape.every((extent, axis) => axis === node.axis || sameDim(extent, first.shape[axis] as Dim));
    if (!fits) yield `${printType(type)} beside ${printType(first)}`;
  }
}

function* regionsFit({ graph, node, phase }: Cx): Problems {
  if (node.op !== "region") return;
  const args = node.args.map(typeIn(graph));
  const signature = (g: Graph): readonly TensorType[] => g.outputs.map((output) => typeIn(g)(output.value));
  for (const [i, inner] of [node.body, ...(node.plans ?? [])].entries()) {
    const name = i === 0 ? "body" : `plan ${i - 1}`;
    const problems = verifyGraph(inner, phase);
    yield* problems.map((problem) => `${name}: ${problem}`);
    if (problems.length > 0) continue;
    const inputs = inner.inputs.map(typeIn(inner));
    if (inputs.length !== args.length) yield `${name} takes ${inputs.length} arguments, not ${args.length}`;
    for (const [position, type] of inputs.entries()) {
      const arg = args[position];
      if (arg && !sameType(arg, type)) yield `${name} takes ${printType(type)}, not ${printType(arg)}`;
    }
    if (inner.outputs[node.result] === undefined) yield `${name} has no result ${node.result}`;
    else if (i > 0) {
      const [expected, given] = [signature(node.body), signature(inner)];
      if (expected.length !== given.length || expected.some((type, o) => !sameType(type, given[o] as TensorType)))
        yield `${name} gives ${given.map(printType).join(", ")}, not ${expected.map(printType).join(", ")}`;
    }
  }
}

function* typeFits({ graph, node }: Cx): Problems {
  if (node.op === "input" || node.op === "param") return;
  let inferred: TensorType;
  try {
    inferred = inferType(node, typeIn(graph));
  } catch (error) {
    if (!(error instanceof InternalError)) throw error;
    yield error.message;
    return;
  }
  if (!sameType(inferred, node.type)) yield `has type ${printType(node.type)}, but is ${printType(inferred)}`;
}

function* noRegionYet({ node, phase }: Cx): Problems {
  if (phase === "elaborated" && node.op === "region") yield "before any pass";
}

function* twoFactors({ node, phase }: Cx): Problems {
  if (phase === "reassociated" && node.op === "contract" && node.factors.length > 2)
    yield `${node.factors.length} factors after reassociate`;
}

const nodeRules: readonly ((cx: Cx) => Problems)[] = [
  subscriptCount,
  indicesExist,
  wholeSizes,
  gathersOfWholeNumbers,
  scalarsTyped,
  boolConditions,
  factorsAgree,
  foldsNumbers,
  partsFit,
  regionsFit,
  typeFits,
  noRegionYet,
  twoFactors,
];
