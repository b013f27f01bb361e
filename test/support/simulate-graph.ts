import { evalDim } from "../../src/ir/dim.js";
import type { DType, TensorData } from "../../src/ir/dtype.js";
import type { Graph, Index, Node, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { type Bounded, binaryRule, convertRule, unaryRule } from "../../src/ir/graph/reference/bounds.js";
import { scalarType } from "../../src/ir/graph/types.js";
import { scalarIndices, useIndices } from "../../src/ir/graph/visit.js";
import { roundF16 } from "../../src/ir/kernel/arith.js";
import { type Random, randomFrom } from "./random.js";

/**
 * A machine that computes a graph in its own precision, for holding the reference's bounds against: element by element
 * in plain recursion, every operation rounded to f32 or f16 and moved within its stated error, sums and products in a
 * random order and parenthesisation. It shares with the reference only the rule of one scalar operation.
 */
export interface Simulated {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: Float64Array;
}

export function simulate(
  graph: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  params: ReadonlyMap<string, TensorData>,
  sizes: ReadonlyMap<string, number>,
  seed: number,
): Readonly<Record<string, Simulated>> {
  const machine: Machine = { params, sizes, r: randomFrom(seed), noise: randomFrom(seed).pick([0, 0.4, 0.9]) };
  const args = graph.inputs.map((value) => {
    const node = graph.nodes[value];
    const data = node?.op === "input" ? inputs[node.name] : undefined;
    if (!data) throw new Error(`no input for %${value}`);
    return imported(data);
  });
  const results = run(graph, args, machine);
  return Object.fromEntries(graph.outputs.map((output, i) => [output.name, results[i] as Simulated]));
}

interface Machine {
  readonly params: ReadonlyMap<string, TensorData>;
  readonly sizes: ReadonlyMap<string, number>;
  readonly r: Random;
  /** How much of the stated error each operation uses. */
  readonly noise: number;
}

const imported = (data: TensorData): Simulated => ({
  shape: data.shape,
  dtype: data.dtype,
  data: Float64Array.from(data.data),
});

function run(graph: Graph, args: readonly Simulated[], machine: Machine): readonly Simulated[] {
  const values: Simulated[] = [];
  graph.nodes.forEach((node, id) => {
    values.push(evaluate(node, id, graph, args, values, machine));
  });
  return graph.outputs.map((output) => values[output.value] as Simulated);
}

type Point = readonly number[];

function evaluate(
  node: Node,
  id: ValueId,
  graph: Graph,
  args: readonly Simulated[],
  values: readonly Simulated[],
  m: Machine,
): Simulated {
  const shape = node.type.shape.map((extent) => evalDim(extent, m.sizes));
  const { dtype } = node.type;
  const read = (value: ValueId): Simulated => values[value] as Simulated;
  switch (node.op) {
    case "input":
      return args[graph.inputs.indexOf(id)] as Simulated;
    case "param":
      return imported(m.params.get(node.path) as TensorData);
    case "region":
      return run(node.body, node.args.map(read), m)[node.result] as Simulated;
    case "concat": {
      const parts = node.args.map(read);
      return tabulate(shape, dtype, (point) => {
        let at = point[node.axis] as number;
        for (const part of parts) {
          const width = part.shape[node.axis] as number;
          if (at < width) return part.data[offset(part.shape, point.with(node.axis, at))] as number;
          at -= width;
        }
        throw new Error("beyond the last part");
      });
    }
    default:
  }
  const extents = node.extents.map((extent) => evalDim(extent, m.sizes));
  const dtypes = (uses: readonly Use[]) => (arg: number) => read((uses[arg] as Use).value).dtype;
  const holds = (where: Where | undefined, point: Point): boolean =>
    !where ||
    scalar(
      where.body,
      where.args.map((use) => () => load(use, point, read, m)),
      point,
      dtypes(where.args),
      m,
    ) !== 0;
  switch (node.op) {
    case "map":
      return tabulate(shape, dtype, (position) => {
        const point: number[] = [];
        node.out.forEach((ix, axis) => {
          point[ix] = position[axis] as number;
        });
        return scalar(
          node.body,
          node.args.map((use) => () => load(use, point, read, m)),
          point,
          dtypes(node.args),
          m,
        );
      });
    case "contract":
      return contract(node, extents, shape, read, holds, m);
    case "reduce":
      return tabulate(shape, dtype, (position) => {
        const elements: { readonly x: number; readonly at: number }[] = [];
        const reduced = extents.map((_, ix) => ix).filter((ix) => !node.out.includes(ix));
        eachPoint(
          reduced.map((ix) => extents[ix] as number),
          (inner) => {
            const point: number[] = [];
            node.out.forEach((ix, axis) => {
              point[ix] = position[axis] as number;
            });
            reduced.forEach((ix, axis) => {
              point[ix] = inner[axis] as number;
            });
            if (holds(node.where, point)) elements.push({ x: load(node.arg, point, read, m), at: inner[0] as number });
          },
        );
        return fold(node.monoid, elements, read(node.arg.value).dtype, m);
      });
    case "softmax":
      return softmax(node, shape, read, holds, m);
  }
}

function eachPoint(extents: readonly number[], visit: (point: Point) => void): void {
  const size = extents.reduce((product, extent) => product * extent, 1);
  for (let i = 0; i < size; i++) {
    const point = new Array<number>(extents.length);
    let rest = i;
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      const extent = extents[axis] as number;
      point[axis] = rest % extent;
      rest = Math.floor(rest / extent);
    }
    visit(point);
  }
}

function tabulate(shape: readonly number[], dtype: DType, at: (point: Point) => number): Simulated {
  const data: number[] = [];
  eachPoint(shape, (point) => data.push(at(point)));
  return { shape, dtype, data: Float64Array.from(data) };
}

const offset = (shape: readonly number[], point: Point): number =>
  shape.reduce((sum, extent, axis) => sum * extent + (point[axis] as number), 0);

function load(use: Use, point: Point, read: (value: ValueId) => Simulated, m: Machine): number {
  const tensor = read(use.value);
  const at = use.at.map((index, axis) => {
    const position = indexAt(index, point, read, m);
    return Math.min(Math.max(Number.isNaN(position) ? 0 : position, 0), (tensor.shape[axis] as number) - 1);
  });
  return tensor.data[offset(tensor.shape, at)] as number;
}

function indexAt(index: Index, point: Point, read: (value: ValueId) => Simulated, m: Machine): number {
  switch (index.i) {
    case "ix":
      return point[index.ix] as number;
    case "dim":
      return evalDim(index.dim, m.sizes);
    case "add":
      return index.of.reduce((sum, part) => sum + indexAt(part, point, read, m), 0);
    case "mul":
      return indexAt(index.of, point, read, m) * evalDim(index.by, m.sizes);
    case "floordiv":
      return Math.floor(indexAt(index.of, point, read, m) / evalDim(index.by, m.sizes));
    case "mod": {
      const by = evalDim(index.by, m.sizes);
      const x = indexAt(index.of, point, read, m);
      return x - by * Math.floor(x / by);
    }
    case "value":
      return load(index.of, point, read, m);
  }
}

const round = (dtype: DType, x: number): number =>
  dtype === "f32" ? Math.fround(x) : dtype === "f16" ? roundF16(x) : x;

/** The exact result of a rule on exact operands, moved by a part of the rule's own error and rounded. */
function noisy(rule: (out: Bounded) => void, dtype: DType, m: Machine): number {
  const out: Bounded = { v: 0, b: 0, u: 0 };
  rule(out);
  const moved = out.u === 0 ? out.v + (2 * m.r.next() - 1) * m.noise * out.b : out.v;
  const rounded = round(dtype, moved);
  // Rounding must not carry it beyond the stated error.
  return Math.abs(rounded - out.v) <= out.b || out.u !== 0 ? rounded : round(dtype, out.v);
}

function scalar(
  body: Scalar,
  args: readonly (() => number)[],
  point: Point,
  typeOf: (arg: number) => DType,
  m: Machine,
): number {
  const value = (part: Scalar): number => scalar(part, args, point, typeOf, m);
  switch (body.e) {
    case "const":
      return round(body.dtype, body.value);
    case "arg":
      return (args[body.arg] as () => number)();
    case "index":
      return point[body.ix] as number;
    case "dim":
      return evalDim(body.dim, m.sizes);
    case "select":
      return value(body.cond) !== 0 ? value(body.then) : value(body.else);
    case "convert": {
      const rule = convertRule(scalarType(body.of, typeOf), body.to);
      const x = value(body.of);
      return noisy((out) => rule(x, 0, out), body.to, m);
    }
    case "call": {
      const [a, b] = body.args;
      const dtype = scalarType(a as Scalar, typeOf);
      const x = value(a as Scalar);
      if (body.fn === "and") return x !== 0 && value(b as Scalar) !== 0 ? 1 : 0;
      if (body.fn === "or") return x !== 0 || value(b as Scalar) !== 0 ? 1 : 0;
      const result = scalarType(body, typeOf);
      if (!b) {
        const rule = unaryRule(body.fn, dtype);
        if (!rule) throw new Error(`no rule for ${body.fn}`);
        return noisy((out) => rule(x, 0, out), result, m);
      }
      const rule = binaryRule(body.fn, dtype);
      if (!rule) throw new Error(`no rule for ${body.fn}`);
      const y = value(b);
      return noisy((out) => rule(x, 0, y, 0, out), result, m);
    }
  }
}

/** Adds in a random order: forwards, backwards, by halves or shuffled. */
function sum(terms: readonly number[], m: Machine): number {
  const add = (list: readonly number[]): number => list.reduce((total, x) => Math.fround(total + x), 0);
  const halves = (list: readonly number[]): number =>
    list.length < 3
      ? add(list)
      : Math.fround(halves(list.slice(0, list.length >> 1)) + halves(list.slice(list.length >> 1)));
  switch (m.r.int(0, 3)) {
    case 0:
      return add(terms);
    case 1:
      return add(terms.toReversed());
    case 2:
      return halves(terms);
    default:
      return add(m.r.shuffle(terms));
  }
}

function fold(
  monoid: string,
  elements: readonly { readonly x: number; readonly at: number }[],
  dtype: DType,
  m: Machine,
): number {
  const xs = elements.map(({ x }) => x);
  const float = dtype === "f32" || dtype === "f16";
  const greatest = dtype === "f32" ? 3.4028234663852886e38 : dtype === "f16" ? 65504 : 2 ** 31 - 1;
  switch (monoid) {
    case "sum":
      return float ? round(dtype, sum(xs, m)) : xs.reduce((total, x) => total + x, 0);
    case "prod":
      return (m.r.chance(0.5) ? xs : xs.toReversed()).reduce((product, x) => round(dtype, product * x), 1);
    case "max":
      return xs.length === 0 ? (float ? -greatest : -(2 ** 31)) : xs.reduce((best, x) => Math.max(best, x));
    case "min":
      return xs.length === 0 ? greatest : xs.reduce((best, x) => Math.min(best, x));
    default: {
      const sign = monoid === "argmax" ? 1 : -1;
      const best = elements.reduce<(typeof elements)[number] | undefined>(
        (found, element) => (found === undefined || sign * element.x > sign * found.x ? element : found),
        undefined,
      );
      return best?.at ?? 0;
    }
  }
}

function softmax(
  node: Extract<Node, { op: "softmax" }>,
  shape: readonly number[],
  read: (value: ValueId) => Simulated,
  holds: (where: Where | undefined, point: Point) => boolean,
  m: Machine,
): Simulated {
  const { dtype } = node.type;
  return tabulate(shape, dtype, (point) => {
    if (!holds(node.where, point)) return 0;
    const row: number[] = [];
    for (let t = 0; t < (shape[node.axis] as number); t++) {
      const other = point.with(node.axis, t);
      if (holds(node.where, other)) row.push(load(node.arg, other, read, m));
    }
    const top = Math.max(...row);
    const exp = (x: number): number => Math.fround(Math.exp(Math.fround(x - top)));
    return round(dtype, Math.fround(exp(load(node.arg, point, read, m)) / sum(row.map(exp), m)));
  });
}

interface Part {
  readonly ixs: readonly number[];
  /** A float part's values, or whether each point of a condition is selected. */
  readonly data: Float64Array;
  readonly condition: boolean;
}

/** Merges two random parts at a time into an f32 array; an index is summed as soon as nothing else has it. */
function contract(
  node: Extract<Node, { op: "contract" }>,
  extents: readonly number[],
  shape: readonly number[],
  read: (value: ValueId) => Simulated,
  holds: (where: Where | undefined, point: Point) => boolean,
  m: Machine,
): Simulated {
  const over = (ixs: readonly number[], at: (point: Point) => number, condition = false): Part => {
    const data: number[] = [];
    eachPoint(
      ixs.map((ix) => extents[ix] as number),
      (position) => {
        const point: number[] = [];
        ixs.forEach((ix, axis) => {
          point[ix] = position[axis] as number;
        });
        data.push(at(point));
      },
    );
    return { ixs, data: Float64Array.from(data), condition };
  };
  let parts: Part[] = node.factors.map((use) => over([...useIndices(use)], (point) => load(use, point, read, m)));
  if (node.where) {
    const ixs = new Set<number>(scalarIndices(node.where.body));
    for (const use of node.where.args) for (const ix of useIndices(use)) ixs.add(ix);
    parts.push(over([...ixs], (point) => (holds(node.where, point) ? 1 : 0), true));
  }
  const idle = extents.map((_, ix) => ix).filter((ix) => !parts.some((part) => part.ixs.includes(ix)));
  if (idle.length > 0) parts.push(over(idle, () => 1));
  const value = (part: Part, point: Point): number =>
    part.data[
      offset(
        part.ixs.map((ix) => extents[ix] as number),
        part.ixs.map((ix) => point[ix] as number),
      )
    ] as number;
  const merge = (a: Part, b: Part | undefined, rest: readonly Part[]): Part => {
    const all = [...new Set([...a.ixs, ...(b?.ixs ?? [])])];
    const needed = (ix: number): boolean => node.out.includes(ix) || rest.some((part) => part.ixs.includes(ix));
    const kept = all.filter(needed);
    const gone = all.filter((ix) => !needed(ix));
    return over(
      kept,
      (point) => {
        const terms: number[] = [];
        eachPoint(
          gone.map((ix) => extents[ix] as number),
          (position) => {
            const full = [...point];
            gone.forEach((ix, axis) => {
              full[ix] = position[axis] as number;
            });
            if (!b) terms.push(value(a, full));
            else if (a.condition) terms.push(value(a, full) !== 0 ? value(b, full) : 0);
            else if (b.condition) terms.push(value(b, full) !== 0 ? value(a, full) : 0);
            else terms.push(Math.fround(value(a, full) * value(b, full)));
          },
        );
        return gone.length === 0 ? (terms[0] as number) : sum(terms, m);
      },
      a.condition && (b?.condition ?? true),
    );
  };
  while (parts.length > 1) {
    const [a, b, ...rest] = m.r.shuffle(parts) as [Part, Part, ...Part[]];
    parts = [merge(a, b, rest), ...rest];
  }
  const whole = merge(parts[0] as Part, undefined, []);
  return tabulate(shape, node.type.dtype, (position) => {
    const point: number[] = [];
    node.out.forEach((ix, axis) => {
      point[ix] = position[axis] as number;
    });
    return round(node.type.dtype, value(whole, point));
  });
}
