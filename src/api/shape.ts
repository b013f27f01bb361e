import { unknownRange } from "../diagnostics/messages/api.js";
import type { DType } from "../ir/dtype.js";
import { LfError } from "./error.js";
import type { SizeNode } from "./size.js";
import type { IndexNode, Node, TensorSpec } from "./value.js";

/**
 * The type of a result, which a text declares and a program leaves out. It is read off, never solved for: an index has
 * the size given to it or that of the first axis which it subscripts by itself. The checker proves or refuses it.
 */
export function typeOf(node: Node, fn: string): TensorSpec {
  return { dtype: dtypeOf(node) ?? "f32", axes: shapeOf(node, fn).map((size) => ({ size })) };
}

function shapeOf(node: Node, fn: string): readonly SizeNode[] {
  switch (node.k) {
    case "formal":
    case "param":
      return node.type.axes.map((a) => a.size);
    case "tensor":
      return [...node.indices.map((i) => rangeOf(i, node.body, fn)), ...shapeOf(node.body, fn)];
    case "at": {
      const shape = shapeOf(node.of, fn);
      const kept = shape.flatMap((size, axis): readonly SizeNode[] => {
        const sub = node.subs[axis];
        if (sub === undefined || sub.kind === "all") return [size];
        if (sub.kind === "at") return [];
        const whole = sub.from.s === "number" && sub.from.value === 0;
        return [whole ? sub.to : { s: "binary", op: "-", left: sub.to, right: sub.from }];
      });
      return kept;
    }
    case "apply": {
      const [result] = node.fn.results;
      return result === undefined ? [] : shapeOf(result.node, node.fn.name ?? fn);
    }
    // operators work element by element on operands of one shape
    case "arithmetic":
    case "compare":
    case "logic":
      return longest([shapeOf(node.left, fn), shapeOf(node.right, fn)]);
    case "unary":
    case "convert":
      return shapeOf(node.of, fn);
    case "select":
      return longest([shapeOf(node.yes, fn), shapeOf(node.no, fn)]);
    case "call":
      return longest(node.args.map((a) => shapeOf(a, fn)));
    case "number":
    case "bool":
    case "size":
    case "index":
    case "where":
    case "reduction":
    case "softmax":
      return [];
  }
}

const longest = (shapes: readonly (readonly SizeNode[])[]): readonly SizeNode[] =>
  shapes.reduce((a, b) => (b.length > a.length ? b : a), []);

function rangeOf(index: IndexNode, body: Node, fn: string): SizeNode {
  const range = index.size ?? firstRange(index, body, fn, new Set());
  if (range === undefined) throw new LfError([unknownRange(fn)]);
  return range;
}

function firstRange(index: IndexNode, node: Node, fn: string, seen: Set<Node>): SizeNode | undefined {
  if (seen.has(node)) return undefined;
  seen.add(node);
  if (node.k === "at") {
    const axis = node.subs.findIndex((s) => s.kind === "at" && s.at === index);
    if (axis !== -1) return shapeOf(node.of, fn)[axis];
  }
  for (const child of children(node)) {
    const found = firstRange(index, child, fn, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Undefined: a whole constant, which adapts to what is beside it. */
function dtypeOf(node: Node): DType | undefined {
  switch (node.k) {
    case "number":
      return Number.isInteger(node.value) ? undefined : "f32";
    case "size":
      return undefined;
    case "bool":
    case "compare":
    case "logic":
      return "bool";
    case "index":
      return "i32";
    case "formal":
    case "param":
      return node.type.dtype;
    case "tensor":
      return dtypeOf(node.body);
    case "at":
    case "where":
    case "softmax":
      return dtypeOf(node.of);
    case "arithmetic":
      return common([node.left, node.right]);
    case "select":
      return common([node.yes, node.no]);
    case "call":
      return common(node.args);
    case "unary":
      return dtypeOf(node.of);
    case "convert":
      return node.to;
    case "reduction":
      return node.op === "argmax" || node.op === "argmin" ? "i32" : dtypeOf(node.of);
    case "apply": {
      const [result] = node.fn.results;
      return result === undefined ? undefined : dtypeOf(result.node);
    }
  }
}

/** Constants adapt, also those with a fraction (to f16): what is stored decides. */
function common(nodes: readonly Node[]): DType | undefined {
  const stored = nodes.filter((n) => n.k !== "number").map(dtypeOf);
  return stored.find((d) => d !== undefined) ?? nodes.map(dtypeOf).find((d) => d !== undefined);
}

/** The nodes that a node is made of. */
export function children(node: Node): readonly Node[] {
  switch (node.k) {
    case "number":
    case "bool":
    case "size":
    case "index":
    case "formal":
      return [];
    case "param":
      return node.options.init?.args ?? [];
    case "tensor":
      return [node.body];
    case "at":
      return [node.of, ...node.subs.flatMap((s) => (s.kind === "at" ? [s.at] : []))];
    case "arithmetic":
    case "compare":
    case "logic":
      return [node.left, node.right];
    case "unary":
    case "convert":
      return [node.of];
    case "call":
    case "apply":
      return node.args;
    case "select":
      return [node.cond, node.yes, node.no];
    case "where":
      return [node.cond, node.of];
    case "reduction":
    case "softmax":
      return node.where === undefined ? [node.of] : [node.where, node.of];
  }
}
