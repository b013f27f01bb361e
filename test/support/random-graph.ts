import { noLoc } from "../../src/diagnostics/span.js";
import { addDim, constDim, constValue, type Dim, dimKey, dimRange, scaleDim, symbolDim } from "../../src/ir/dim.js";
import { allocate, type DType, type TensorData } from "../../src/ir/dtype.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import { initialise, randomInput } from "../../src/ir/graph/initialise.js";
import type { Graph, Index, Ix, Op, Scalar, TensorType, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument, call, constant, convert, indexValue, select } from "../../src/ir/graph/scalars.js";
import { type Random, randomFrom } from "./random.js";

/**
 * Random well-typed graphs: every op, constant and run-time sizes, gathers, affine subscripts, conditions, nested
 * regions. Numbers stay tame (functions are kept inside their domains), so that few elements are undecided.
 */
export interface RandomGraphOptions {
  /** Computing nodes, besides inputs and parameters. */
  readonly nodes?: number;
  /** Sizes known at run time only. */
  readonly symbolic?: boolean;
  readonly regions?: boolean;
  /** Some f16 values. */
  readonly half?: boolean;
  /** Comparisons and truncations of computed floats: what makes elements undecided. */
  readonly decisions?: boolean;
}

export function randomGraph(seed: number, options: RandomGraphOptions = {}): Graph {
  const r = randomFrom(seed);
  const { nodes = 8, symbolic = true, regions = true, half = false, decisions = true } = options;
  const g: Gen = { r, b: graphBuilder(), dims: dimPool(r, symbolic), values: [], half, decisions, regions, path: "" };
  const runtime = g.dims.filter((dim) => dim.op === "symbol");
  // Every run-time size is an axis of some input by itself.
  addInput(g, "x", { dtype: "f32", shape: [...runtime, ...pickDims(g, runtime.length === 0 ? 2 : 1)].slice(0, 3) });
  if (r.chance(0.6)) addInput(g, "z", { dtype: "f32", shape: pickDims(g, r.int(0, 2)) });
  if (r.chance(0.6)) addInput(g, "tokens", { dtype: "i32", shape: pickDims(g, r.int(1, 2)) });
  if (r.chance(0.6)) addInput(g, "keep", { dtype: "bool", shape: pickDims(g, 1) });
  if (half) addInput(g, "h", { dtype: "f16", shape: pickDims(g, 2) });
  addParams(g, r.int(1, 3));
  for (let i = 0; i < nodes; i++) addNode(g);
  return finish(g, "random");
}

/** Values for the inputs and parameters of a random graph at random run-time sizes. */
export function randomValues(
  graph: Graph,
  seed: number,
): { readonly inputs: Record<string, TensorData>; readonly params: Map<string, TensorData> } {
  const r = randomFrom(seed ^ 0x5bd1e995);
  const sizes = new Map<string, number>();
  const inputs: Record<string, TensorData> = {};
  for (const value of graph.inputs) {
    const node = graph.nodes[value];
    if (node?.op !== "input") continue;
    for (const extent of node.type.shape)
      if (extent.op === "symbol" && !sizes.has(extent.name))
        sizes.set(
          extent.name,
          extent.step * r.int(Math.ceil(extent.lo / extent.step), Math.floor(extent.hi / extent.step)),
        );
    inputs[node.name] = randomInput(node.type, node.name, seed, sizes);
  }
  const params = new Map<string, TensorData>();
  const collect = (g: Graph): void => {
    for (const node of g.nodes) {
      if (node.op === "param") params.set(node.path, initialise(node.init, node.type, node.path, seed));
      if (node.op === "region") collect(node.body);
    }
  };
  collect(graph);
  return { inputs, params };
}

/** The inputs with some elements of a float tensor made NaN. */
export function poison(data: TensorData, where: (element: number) => boolean): TensorData {
  const copy = allocate(data.dtype, data.data.length);
  data.data.forEach((x, i) => {
    copy[i] = where(i) ? Number.NaN : x;
  });
  return { ...data, data: copy };
}

interface Gen {
  readonly r: Random;
  readonly b: GraphBuilder;
  readonly dims: readonly Dim[];
  readonly values: ValueId[];
  readonly half: boolean;
  readonly decisions: boolean;
  readonly regions: boolean;
  readonly path: string;
}

function dimPool(r: Random, symbolic: boolean): readonly Dim[] {
  const constants = r.shuffle([1, 2, 3, 4, 5, 6]).slice(0, 3).map(constDim);
  if (!symbolic || r.chance(0.3)) return constants;
  const S = symbolDim("S", 2, 5);
  const T = symbolDim("T", 2, 6, 2);
  return r.chance(0.5) ? [...constants, S] : [...constants, S, T];
}

const pickDims = (g: Gen, count: number): Dim[] => Array.from({ length: count }, () => g.r.pick(g.dims));
const typeOf = (g: Gen, value: ValueId): TensorType => g.b.type(value);

function addInput(g: Gen, name: string, type: TensorType): void {
  g.values.push(g.b.add({ op: "input", name }, noLoc, type));
}

function addParams(g: Gen, count: number): void {
  const fixedDims = g.dims.filter((dim) => dim.op === "const");
  for (let i = 0; i < count; i++) {
    const shape = Array.from({ length: g.r.int(1, 3) }, () => g.r.pick(fixedDims));
    const init = g.r.pick([
      { kind: "normal", std: 0.7 },
      { kind: "uniform", lo: -1, hi: 1 },
      { kind: "xavier" },
      { kind: "ones" },
    ] as const);
    const dtype: DType = g.half && g.r.chance(0.3) ? "f16" : "f32";
    g.values.push(
      g.b.add({ op: "param", path: `${g.path}w${i}`, init, fixed: g.r.chance(0.2) }, noLoc, { dtype, shape }),
    );
  }
}

function finish(g: Gen, name: string): Graph {
  const last = g.values.at(-1) ?? 0;
  const others = g.values.filter((value) => value !== last && g.r.chance(0.15));
  return g.b.finish(
    name,
    [...new Set([last, ...others])].map((value, i) => ({ name: `y${i}`, value })),
  );
}

const valuesOf = (g: Gen, ...dtypes: readonly DType[]): ValueId[] =>
  g.values.filter((value) => dtypes.includes(typeOf(g, value).dtype));

/** A float value, of one dtype where `like` is given; later ones are likelier. */
function floatValue(g: Gen, like?: DType): ValueId {
  const found = like ? valuesOf(g, like) : valuesOf(g, "f32", "f16");
  const recent = found.slice(-4);
  return g.r.chance(0.6) ? g.r.pick(recent) : g.r.pick(found);
}

const add = (g: Gen, op: Op): void => {
  const value = g.b.add(op, noLoc);
  const size = typeOf(g, value).shape.reduce((product, extent) => product * dimRange(extent).hi, 1);
  // Large values make large graphs; they stay in the graph but nothing more is built on them.
  if (size <= 2000) g.values.push(value);
};

function addNode(g: Gen): void {
  const makers = [
    ...[addMap, addMap, addMap, addContract, addContract, addContract, addReduce, addReduce],
    ...[addSoftmax, addConcat, addWhole, addBool],
    ...(g.regions ? [addRegion] : []),
    ...(g.half ? [addConvert] : []),
  ];
  g.r.pick(makers)(g);
}

// ---- uses -----------------------------------------------------------------------------------------------------------

/** Subscripts for a value under indices whose extents are known; `grow` makes a new index where none fits. */
function makeUse(g: Gen, value: ValueId, extents: Dim[], grow: boolean, depth = 0): Use {
  const taken = new Set<Ix>();
  const at = typeOf(g, value).shape.map((extent): Index => {
    const fitting = extents.map((_, ix) => ix).filter((ix) => sameSize(extents[ix] as Dim, extent));
    const free = fitting.filter((ix) => !taken.has(ix));
    const use = (ix: Ix): Index => {
      taken.add(ix);
      return { i: "ix", ix };
    };
    if (free.length > 0 && g.r.chance(0.8)) return use(g.r.pick(free));
    if (grow && extents.length < 5 && g.r.chance(0.85)) {
      extents.push(extent);
      return use(extents.length - 1);
    }
    return oddIndex(g, extent, extents, fitting, depth);
  });
  return { value, at };
}

const sameSize = (a: Dim, b: Dim): boolean => dimKey(a) === dimKey(b);

function oddIndex(g: Gen, extent: Dim, extents: readonly Dim[], fitting: readonly Ix[], depth: number): Index {
  const least = dimRange(extent).lo;
  const kind = g.r.int(0, 6);
  if (kind === 0 && fitting.length > 0)
    return {
      i: "add",
      of: [
        { i: "dim", dim: addDim(extent, constDim(-1)) },
        { i: "mul", of: { i: "ix", ix: g.r.pick(fitting) }, by: constDim(-1) },
      ],
    };
  if (kind === 1 && fitting.length > 0)
    return { i: "mod", of: { i: "ix", ix: g.r.pick(fitting) }, by: constDim(g.r.int(1, Math.max(1, least))) };
  if (kind === 2 && fitting.length > 0)
    return { i: "floordiv", of: { i: "ix", ix: g.r.pick(fitting) }, by: constDim(g.r.int(1, 3)) };
  if (kind === 3 && extents.length > 0) {
    // May leave the axis: then the nearest row is read.
    const ix = g.r.int(0, extents.length - 1);
    return {
      i: "add",
      of: [
        { i: "mul", of: { i: "ix", ix }, by: constDim(g.r.int(1, 2)) },
        { i: "dim", dim: constDim(g.r.int(-1, 1)) },
      ],
    };
  }
  const tokens = valuesOf(g, "i32");
  if (kind >= 4 && tokens.length > 0 && depth < 2) {
    const gather: Index = { i: "value", of: makeUse(g, g.r.pick(tokens), [...extents], false, depth + 1) };
    return g.r.chance(0.3) ? { i: "add", of: [gather, { i: "dim", dim: constDim(1) }] } : gather;
  }
  return { i: "dim", dim: constDim(g.r.int(0, Math.max(0, least - 1))) };
}

function makeWhere(g: Gen, extents: readonly Dim[]): Where | undefined {
  if (!g.r.chance(0.35) || extents.length === 0) return undefined;
  const pairs: [Ix, Ix][] = [];
  extents.forEach((a, i) => {
    extents.forEach((b, j) => {
      if (i !== j && sameSize(a, b)) pairs.push([i, j]);
    });
  });
  const masks = valuesOf(g, "bool");
  const parts: Scalar[] = [];
  const args: Use[] = [];
  if (pairs.length > 0 && g.r.chance(0.6)) {
    const [a, b] = g.r.pick(pairs);
    parts.push(call(g.r.pick(["le", "lt", "ge"] as const), indexValue(a), indexValue(b)));
  }
  if (masks.length > 0 && g.r.chance(0.6)) {
    args.push(makeUse(g, g.r.pick(masks), [...extents], false));
    parts.push(argument(args.length - 1));
  }
  const whole = valuesOf(g, "i32");
  if (whole.length > 0 && g.r.chance(0.3)) {
    args.push(makeUse(g, g.r.pick(whole), [...extents], false));
    parts.push(call("gt", argument(args.length - 1), indexValue(g.r.int(0, extents.length - 1))));
  }
  const [first, ...rest] = parts;
  if (!first) return { args: [], body: call("ne", indexValue(g.r.int(0, extents.length - 1)), constant(1, "i32")) };
  return { args, body: rest.reduce((sum, part) => call(g.r.pick(["and", "or"] as const), sum, part), first) };
}

// ---- scalars --------------------------------------------------------------------------------------------------------

/** A float expression of one dtype over arguments of that dtype. */
function floatScalar(g: Gen, args: readonly Scalar[], ixs: readonly Ix[], dtype: DType, depth: number): Scalar {
  const { r } = g;
  const one = constant(1, dtype);
  const sub = (): Scalar => floatScalar(g, args, ixs, dtype, depth - 1);
  if (depth === 0 || r.chance(0.15)) {
    const kind = r.int(0, 9);
    if (kind < 7 && args.length > 0) return r.pick(args);
    if (kind < 8 && ixs.length > 0) return convert(dtype, indexValue(r.pick(ixs)));
    return constant(r.pick([0.5, -1.25, 2, 0.1, 1e-3]), dtype);
  }
  switch (r.int(0, 17)) {
    case 0:
    case 1:
      return call("add", sub(), sub());
    case 2:
      return call("sub", sub(), sub());
    case 3:
    case 4:
      return call("mul", sub(), sub());
    case 5:
      return call(r.pick(["max", "min"] as const), sub(), sub());
    case 6:
      return call("div", sub(), call("add", one, call("abs", sub())));
    case 7:
      return call(r.pick(["tanh", "erf", "sigmoid", "gelu", "gelu_tanh", "silu"] as const), sub());
    case 8:
      return call("exp", call("min", sub(), constant(2, dtype)));
    case 9:
      return call("log", call("add", one, call("abs", sub())));
    case 10:
      return call(r.pick(["sqrt", "rsqrt"] as const), call("add", one, call("mul", sub(), constant(0, dtype))));
    case 11: {
      const square = sub();
      return call(r.pick(["sqrt", "rsqrt"] as const), call("add", one, call("mul", square, square)));
    }
    case 12:
      return call(r.pick(["sin", "cos"] as const), sub());
    case 13:
      return call(r.pick(["neg", "abs", "relu"] as const), sub());
    case 14:
      return call("pow", sub(), constant(r.pick([1, 2, 3]), dtype));
    case 15:
      return call("pow", call("add", one, call("abs", sub())), constant(r.pick([0.5, -1.5, 1.25]), dtype));
    case 16:
      return select(boolScalar(g, args, ixs, dtype), sub(), sub());
    default:
      return call("mul", sub(), constant(0.25, dtype));
  }
}

function boolScalar(g: Gen, args: readonly Scalar[], ixs: readonly Ix[], dtype: DType): Scalar {
  const { r } = g;
  const compare = r.pick(["lt", "le", "gt", "ge", "eq", "ne"] as const);
  if (g.decisions && args.length > 0 && r.chance(0.5)) return call(compare, r.pick(args), constant(0.25, dtype));
  if (ixs.length > 0) return call(compare, indexValue(r.pick(ixs)), constant(r.int(0, 2), "i32"));
  return call(r.pick(["and", "or"] as const), constant(1, "bool"), call("not", constant(r.int(0, 1), "bool")));
}

// ---- nodes ----------------------------------------------------------------------------------------------------------

function addMap(g: Gen): void {
  const dtype = typeOf(g, floatValue(g)).dtype;
  const shaped = g.r.pick(valuesOf(g, dtype));
  const extents = g.r.chance(0.7) ? [...typeOf(g, shaped).shape] : pickDims(g, g.r.int(0, 3));
  const args = Array.from({ length: g.r.int(1, 3) }, () =>
    makeUse(g, g.r.pick(valuesOf(g, dtype)), [...extents], false),
  );
  const ixs = extents.map((_, ix) => ix);
  const body = floatScalar(
    g,
    args.map((_, i) => argument(i)),
    ixs,
    dtype,
    g.r.int(0, 3),
  );
  add(g, { op: "map", args, out: g.r.shuffle(ixs), extents, body });
}

function addContract(g: Gen): void {
  const extents: Dim[] = [];
  const count = g.r.pick([1, 2, 2, 2, 3, 3, 4]);
  const factors: Use[] = [];
  const first = floatValue(g);
  const { dtype } = typeOf(g, first);
  for (let i = 0; i < count; i++) factors.push(makeUse(g, i === 0 ? first : floatValue(g, dtype), extents, true));
  if (g.r.chance(0.05)) extents.push(g.r.pick(g.dims));
  const ixs = extents.map((_, ix) => ix);
  const out = g.r.shuffle(ixs.filter(() => g.r.chance(0.45))).slice(0, 3);
  const where = makeWhere(g, extents);
  add(g, { op: "contract", factors, out, extents, ...(where && { where }), accum: "f32" });
}

function addReduce(g: Gen): void {
  const monoid = g.r.pick(["sum", "max", "min", "prod", "argmax", "argmin"] as const);
  if ((monoid === "argmax" || monoid === "argmin") && !g.decisions) return;
  const extents: Dim[] = [];
  const arg = makeUse(
    g,
    g.r.chance(0.15) && valuesOf(g, "i32").length > 0 && monoid !== "prod"
      ? g.r.pick(valuesOf(g, "i32"))
      : floatValue(g),
    extents,
    true,
  );
  if (extents.length === 0) extents.push(g.r.pick(g.dims));
  const ixs = extents.map((_, ix) => ix);
  const reduced = monoid.startsWith("arg") ? [g.r.pick(ixs)] : g.r.shuffle(ixs).slice(0, g.r.int(1, 2));
  const out = g.r.shuffle(ixs.filter((ix) => !reduced.includes(ix)));
  const where = makeWhere(g, extents);
  add(g, { op: "reduce", monoid, arg, out, extents, ...(where && { where }) });
}

function addSoftmax(g: Gen): void {
  const value = floatValue(g);
  const extents = [...typeOf(g, value).shape];
  if (extents.length === 0) {
    addMap(g);
    return;
  }
  const arg: Use = { value, at: extents.map((_, ix) => ({ i: "ix", ix })) };
  const where = makeWhere(g, extents);
  add(g, { op: "softmax", arg, axis: g.r.int(0, extents.length - 1), extents, ...(where && { where }) });
}

function addConcat(g: Gen): void {
  const value = g.r.pick(g.values);
  const { dtype, shape } = typeOf(g, value);
  if (shape.length === 0) {
    addMap(g);
    return;
  }
  const axis = g.r.int(0, shape.length - 1);
  const fits = g.values.filter((other) => {
    const type = typeOf(g, other);
    return (
      type.dtype === dtype &&
      type.shape.length === shape.length &&
      type.shape.every((extent, a) => a === axis || sameSize(extent, shape[a] as Dim))
    );
  });
  add(g, { op: "concat", args: Array.from({ length: g.r.int(1, 3) }, () => g.r.pick(fits)), axis });
}

function addWhole(g: Gen): void {
  const extents = pickDims(g, g.r.int(1, 2));
  const ixs = extents.map((_, ix) => ix);
  const whole = valuesOf(g, "i32");
  const args = whole.length > 0 ? [makeUse(g, g.r.pick(whole), [...extents], false)] : [];
  const base: Scalar = args.length > 0 ? argument(0) : indexValue(g.r.pick(ixs));
  const parts: Scalar[] = [
    call("add", base, indexValue(g.r.pick(ixs))),
    call("mod", call("mul", base, constant(3, "i32")), constant(g.r.int(1, 5), "i32")),
    call("floordiv", base, constant(2, "i32")),
    call("max", call("sub", base, constant(1, "i32")), constant(0, "i32")),
    select(call("lt", indexValue(g.r.pick(ixs)), constant(1, "i32")), base, call("neg", base)),
  ];
  if (g.decisions) {
    const value = floatValue(g, "f32");
    const use = makeUse(g, value, [...extents], false);
    args.push(use);
    parts.push(convert("i32", call("mul", argument(args.length - 1), constant(2))));
  }
  add(g, { op: "map", args, out: ixs, extents, body: g.r.pick(parts) });
}

function addBool(g: Gen): void {
  const extents = pickDims(g, g.r.int(1, 2));
  const ixs = extents.map((_, ix) => ix);
  const masks = valuesOf(g, "bool");
  const args = masks.length > 0 ? [makeUse(g, g.r.pick(masks), [...extents], false)] : [];
  const test = call(g.r.pick(["lt", "ge", "ne"] as const), indexValue(g.r.pick(ixs)), constant(g.r.int(0, 3), "i32"));
  const body = args.length > 0 ? call(g.r.pick(["and", "or"] as const), argument(0), test) : test;
  add(g, { op: "map", args, out: ixs, extents, body });
}

function addConvert(g: Gen): void {
  const value = floatValue(g);
  const { dtype, shape } = typeOf(g, value);
  const ixs = shape.map((_, ix) => ix);
  add(g, {
    op: "map",
    args: [{ value, at: ixs.map((ix) => ({ i: "ix", ix })) }],
    out: ixs,
    extents: shape,
    body: convert(dtype === "f32" ? "f16" : "f32", argument(0)),
  });
}

/** A region whose plan is its body with the factors of every contraction the other way round. */
function addRegion(g: Gen): void {
  const { r } = g;
  const args = Array.from({ length: r.int(1, 3) }, () => r.pick(g.values));
  if (!args.some((value) => typeOf(g, value).dtype === "f32")) args[0] = floatValue(g, "f32");
  const inner: Gen = {
    ...g,
    b: graphBuilder(),
    values: [],
    regions: false,
    half: false,
    path: `${g.path}r${g.b.size()}.`,
  };
  args.forEach((value, i) => {
    addInput(inner, `a${i}`, typeOf(g, value));
  });
  if (r.chance(0.4)) addParams(inner, 1);
  const nodes = r.int(1, 3);
  for (let i = 0; i < nodes; i++) addNode(inner);
  const body = finish(inner, "body");
  const turned: Graph = {
    ...body,
    nodes: body.nodes.map((node) =>
      node.op === "contract" ? { ...node, factors: [...node.factors].reverse() } : node,
    ),
  };
  // Turning factors round can make two nodes equal; then there is no second plan.
  const turnedKeys = new Set(turned.nodes.map((node) => JSON.stringify(node)));
  const plans = turnedKeys.size === turned.nodes.length ? [body, turned] : [body];
  const result = r.int(0, body.outputs.length - 1);
  const size =
    body.nodes[body.outputs[result]?.value ?? 0]?.type.shape.reduce(
      (product, extent) => product * dimRange(extent).hi,
      1,
    ) ?? 0;
  if (size > 2000) return;
  add(g, { op: "region", strategy: "contractions", args, body, result, ...(r.chance(0.7) && { plans }) });
}

/** Half of a size, where it is whole. */
export const halfOf = (dim: Dim): Dim | undefined => {
  const value = constValue(dim);
  return value === undefined || value % 2 === 0 ? scaleDim(dim, 1, 2) : undefined;
};
