import { noLoc } from "../../src/diagnostics/span.js";
import type { Dim } from "../../src/ir/dim.js";
import { graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, Ix, Node, Op, Scalar, Use, ValueId, Where } from "../../src/ir/graph/ops.js";
import { argument } from "../../src/ir/graph/scalars.js";
import {
  indexToScalar,
  mapOperands,
  operandUses,
  rewriteScalar,
  scalarIndices,
  useValues,
  walkScalar,
} from "../../src/ir/graph/visit.js";
import type { ScalarFn } from "../../src/ir/scalar.js";
import { invariant } from "../../src/util/invariant.js";
import type { Pass, PassContext } from "../pass.js";
import { copyNode, dropUnreachable } from "../rewrite.js";
import { staysIn, throughMap, tidyArgs } from "./simplifyUse.js";
import { typicalElements, typicalSizes } from "./typicalSize.js";

/**
 * Puts maps into the maps and conditions that read them, by substitution.
 *
 * What is fused here is only what is never worse: one reader that computes each element once; or arithmetic so cheap
 * that doing it again beats a round trip through memory. Division of labour with the schedules:
 *
 * - A map read by a contraction, reduction or softmax stays a node. The schedule inlines it as a Source.
 * - A map that reads a contraction, reduction or softmax stays a node. The schedule takes it as the Sink's epilogue; it
 *   is therefore not copied into several readers, which would force the raw result into memory.
 * - A map that feeds a subscript stays a node: a gather reads a tensor.
 */
export const fuseMaps: Pass<Graph> = {
  name: "fuseMaps",
  summary: "substitute maps into the maps and conditions that read them",
  run(graph, cx) {
    // what was taken in has fewer readers then, which may settle its case: each round takes away a reader somewhere
    let current = graph;
    for (let next = fuse(current, cx); next !== current; next = fuse(current, cx)) current = next;
    return current;
  },
};

type MapNode = Extract<Node, { op: "map" }>;

/** Functions that cost tens of cycles; a `pow`, `sqrt` or `/` does not belong to them on a GPU, but is no free lunch. */
const dear: ReadonlySet<ScalarFn> = new Set([
  "exp",
  "log",
  "pow",
  "sin",
  "cos",
  "tanh",
  "erf",
  "sigmoid",
  "gelu",
  "gelu_tanh",
  "silu",
]);
const middling: ReadonlySet<ScalarFn> = new Set(["div", "floordiv", "mod", "sqrt", "rsqrt"]);

/** Operations of a body, dear functions weighted. */
function weight(body: Scalar): number {
  let sum = 0;
  walkScalar(body, (part) => {
    if (part.e === "call") sum += dear.has(part.fn) ? 32 : middling.has(part.fn) ? 4 : 1;
    else if (part.e === "select") sum += 1;
  });
  return sum;
}

/** Work that may be done again for each reader, and the size past which a body grows no more. */
const cheapWeight = 4;
const mostWeight = 400;

/** How a value is read. */
interface Reads {
  /** By arguments of maps and of conditions. */
  readonly scalar: number;
  /** By everything else: factors, reduced operands, joins, subscripts, outputs. */
  readonly other: number;
}

function fuse(graph: Graph, cx: PassContext): Graph {
  const sizes = typicalSizes(graph);
  const reads = countReads(graph);
  const elements = (v: ValueId): number => typicalElements(b.type(v).shape, sizes);

  const b = graphBuilder();
  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} is used before it is defined`);
    return to;
  };
  /** Values of the new graph that are one of the old, to count their readers. */
  const origin = new Map<ValueId, ValueId>();
  const readsOf = (v: ValueId): Reads => {
    const old = origin.get(v);
    return (old === undefined ? undefined : reads[old]) ?? { scalar: 0, other: 1 };
  };
  let changed = false;

  /** Whether a reader that computes `points` elements, and reads the argument `times` in its body, takes the map in. */
  function wanted(v: ValueId, node: MapNode, points: number, times: number): boolean {
    const work = weight(node.body);
    const size = elements(v);
    const cheap = work * times <= cheapWeight;
    if (node.args.length === 0) return cheap;
    const { scalar, other } = readsOf(v);
    if (scalar === 1 && other === 0 && points <= size) return times === 1 || cheap;
    if (!cheap) return false;
    const anchored = node.args.some(
      (u) => epilogueOf(b.node(u.value)) && readsOf(u.value).scalar + readsOf(u.value).other === 1,
    );
    if (anchored) return false;
    // bytes moved, in elements: the map written and read, against its arguments read by each reader
    const inputs = node.args.reduce((sum, u) => sum + Math.min(elements(u.value), size), 0);
    const apart = (other > 0 ? 0 : size + inputs) + scalar * size;
    const fused = scalar * inputs;
    return other > 0 ? fused < apart : fused <= apart;
  }

  /** Takes maps into a body, one after the other, until none is wanted. */
  function absorb(
    args: readonly Use[],
    body: Scalar,
    extents: readonly Dim[],
    room: number,
  ): { args: readonly Use[]; body: Scalar } {
    const points = typicalElements(extents, sizes);
    let current = { args, body };
    for (let position = 0; position < current.args.length; ) {
      const use = current.args[position];
      const node = use && b.node(use.value);
      if (use === undefined || node?.op !== "map") {
        position++;
        continue;
      }
      const times = occurrences(current.body, position);
      const merged = wanted(use.value, node, points, times)
        ? substitute(current, position, node, extents, b)
        : undefined;
      const grown = merged && new Set(merged.args.flatMap((u) => [...useValues(u)])).size > room;
      if (merged === undefined || grown || weight(merged.body) > mostWeight) {
        position++;
        continue;
      }
      changed = true;
      current = merged;
    }
    return current;
  }

  // a contraction binds two operands and its result besides what the map reads
  const room = Math.max(3, cx.target.maxBuffers - 3);
  graph.nodes.forEach((node, v) => {
    const loc = graph.locs[v] ?? noLoc;
    let id: ValueId;
    if (node.op === "map") {
      const { type: _, ...rest } = node;
      const op = mapOperands(rest, at) as Extract<Op, { op: "map" }>; // renaming keeps the variant
      id = b.add({ ...op, ...absorb(op.args, op.body, op.extents, room) }, loc);
    } else if ("where" in node && node.where !== undefined) {
      const { type: _, ...rest } = node;
      const op = mapOperands(rest as Op, at) as Extract<Op, { where?: Where }>; // renaming keeps the variant
      const where = op.where as Where; // `node` has one
      id = b.add({ ...op, where: absorb(where.args, where.body, node.extents, room) }, loc);
    } else id = copyNode(b, node, loc, at);
    next.set(v, id);
    if (!origin.has(id)) origin.set(id, v);
  });
  if (!changed) return graph;
  return dropUnreachable(
    b.finish(
      graph.name,
      graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
    ),
  );
}

/** Whether a schedule takes a map that reads this node as its epilogue. */
const epilogueOf = (node: Node): boolean => node.op === "contract" || node.op === "reduce" || node.op === "softmax";

function countReads(graph: Graph): readonly Reads[] {
  const reads = graph.nodes.map(() => ({ scalar: 0, other: 0 }));
  const note = (v: ValueId, kind: "scalar" | "other"): void => {
    const entry = reads[v];
    if (entry !== undefined) entry[kind]++;
  };
  for (const node of graph.nodes) {
    if (node.op === "concat" || node.op === "region") for (const v of node.args) note(v, "other");
    const scalars = node.op === "map" ? node.args : "where" in node && node.where ? node.where.args : [];
    for (const use of operandUses(node)) {
      note(use.value, scalars.includes(use) ? "scalar" : "other");
      for (const v of useValues({ value: use.value, at: use.at })) if (v !== use.value) note(v, "other");
    }
  }
  for (const o of graph.outputs) note(o.value, "other");
  return reads;
}

function occurrences(body: Scalar, arg: number): number {
  let count = 0;
  walkScalar(body, (part) => {
    if (part.e === "arg" && part.arg === arg) count++;
  });
  return count;
}

/** The body with one argument's map in its place; `undefined` where a gathered subscript bars the way. */
function substitute(
  reader: { readonly args: readonly Use[]; readonly body: Scalar },
  position: number,
  node: MapNode,
  extents: readonly Dim[],
  b: { node(v: ValueId): Node; type(v: ValueId): Node["type"]; loc(v: ValueId): typeof noLoc },
): { args: readonly Use[]; body: Scalar } | undefined {
  const use = reader.args[position];
  if (use === undefined) return undefined;
  const inward = throughMap(node, use.at, extents, b);
  if (inward === undefined) return undefined;
  const args: Use[] = [...reader.args];
  const place = (u: Use): number => args.push(u) - 1;
  const axis = new Map<Ix, number>(node.out.map((ix, i) => [ix, i]));
  // a number that the body needs is that of the element read: not one that was clamped
  for (const ix of scalarIndices(node.body)) {
    const index = use.at[axis.get(ix) ?? -1];
    if (index === undefined || !staysIn(index, node, ix, extents)) return undefined;
  }
  const positions = node.args.map((u) => place(inward(u)));
  const inner = rewriteScalar(node.body, {
    arg: (arg) => argument(positions[arg] ?? arg),
    index: (ix, part) => {
      const index = use.at[axis.get(ix) ?? -1];
      return index === undefined ? part : indexToScalar(index, place);
    },
  });
  const body = rewriteScalar(reader.body, { arg: (arg, part) => (arg === position ? inner : part) });
  return tidyArgs(args, body);
}
