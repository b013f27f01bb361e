import { expressionTooLarge, foreignValue, indexOutside, notAValue } from "../diagnostics/messages/api.js";
import { LfError } from "./error.js";
import type { Fn } from "./fn.js";
import { children } from "./shape.js";
import { type SizeNode, writeSize } from "./size.js";
import type { IndexNode, Node, ParamOptions, Subscript } from "./value.js";
import { checkName, docLines, writeType } from "./write.js";

/** The statements of one function; they come to be while its results are written. */
export interface BodyWriter {
  result(node: Node): string;
  statements(): readonly string[];
}

/** Parts of expressions that one function may have; shared elements are written out, which can double at each step. */
const partLimit = 100_000;

/** How tightly an expression holds together: in the end only that of products and sums saves brackets. */
const atom = 9;
const product = 5;
const sum = 4;
const loose = 0;
interface Written {
  readonly text: string;
  readonly level: number;
}

export function bodyWriter(f: Fn, title: (f: Fn) => string, taken: Set<string>): BodyWriter {
  const lets: string[] = [];
  /** Tensors, and calls outside of all indices: each is one `let`. */
  const names = new Map<Node, string>();
  const indices = new Map<IndexNode, string>();
  const free = freeIndices();
  let parts = 0;
  const own = new Set<Node>([...f.formals, ...f.params]);

  const fresh = (wish: string): string => {
    for (let n = 1; ; n++) {
      const name = `${wish}${n}`;
      if (taken.has(name)) continue;
      taken.add(name);
      return name;
    }
  };
  const named = (wish: string | undefined): string => {
    if (wish !== undefined) checkName(wish);
    if (wish === undefined || taken.has(wish)) return fresh(wish ?? "t");
    taken.add(wish);
    return wish;
  };
  const indexName = (index: IndexNode): string => {
    const known = indices.get(index) ?? fresh("i");
    indices.set(index, known);
    return known;
  };
  const bound = (index: IndexNode): string =>
    `${indexName(index)}${index.size === undefined ? "" : `: ${writeSize(index.size)}`}`;

  /** Writes a node with brackets unless it holds together at least as tightly as `level`. */
  const inside = (node: Node, level: number): string => {
    const written = write(node);
    return written.level >= level ? written.text : `(${written.text})`;
  };
  const define = (node: Node, wish: string | undefined, left: string, right: () => string): Written => {
    const known = names.get(node);
    if (known !== undefined) return { text: known, level: atom };
    if (free(node).size > 0) throw new LfError([indexOutside()]);
    const value = right();
    const name = named(wish);
    names.set(node, name);
    lets.push(`let ${name}${left} = ${value}`);
    return { text: name, level: atom };
  };

  function write(node: Node): Written {
    if (++parts > partLimit) throw new LfError([expressionTooLarge(title(f), partLimit)]);
    switch (node.k) {
      case "number":
        return node.value < 0 || Object.is(node.value, -0)
          ? { text: `-${-node.value}`, level: loose }
          : { text: String(node.value), level: atom };
      case "bool":
        return { text: String(node.value), level: atom };
      case "size":
        return writeSizeValue(node.size);
      case "index":
        return { text: indexName(node), level: atom };
      case "formal":
      case "param":
        if (!own.has(node)) throw new LfError([foreignValue(node.name, title(f))]);
        return { text: node.name, level: atom };
      case "tensor": {
        const left = node.indices.length === 0 ? "" : `[${node.indices.map(bound).join(", ")}]`;
        return define(node, node.name, left, () => inside(node.body, loose));
      }
      case "at":
        return { text: `${inside(node.of, atom)}[${node.subs.map(subscript).join(", ")}]`, level: atom };
      case "arithmetic":
        return arithmetic(node);
      case "compare":
        return { text: `${inside(node.left, sum)} ${node.op} ${inside(node.right, sum)}`, level: loose };
      case "logic":
        return { text: `${inside(node.left, atom)} ${node.op} ${inside(node.right, atom)}`, level: loose };
      case "unary":
        return node.op === "not"
          ? { text: `not ${inside(node.of, atom)}`, level: loose }
          : { text: `-${inside(node.of, atom)}`, level: sum };
      case "call":
        return { text: `${node.fn}(${node.args.map((a) => inside(a, loose)).join(", ")})`, level: atom };
      case "convert":
        return { text: `${node.to}(${inside(node.of, loose)})`, level: atom };
      case "select": {
        const [c, a, b] = [node.cond, node.yes, node.no].map((n) => inside(n, sum));
        return { text: `if ${c} then ${a} else ${b}`, level: loose };
      }
      case "where":
        throw new LfError([notAValue("lf.where(…)", "the whole result of a reduction's function")]);
      case "reduction": {
        const where = node.where === undefined ? "" : ` where ${inside(node.where, loose)}`;
        const head = `${node.op}[${node.indices.map(bound).join(", ")}${where}]`;
        return { text: `${head} ${inside(node.of, product)}`, level: loose };
      }
      case "softmax": {
        const where = node.where === undefined ? "" : ` where ${inside(node.where, loose)}`;
        return { text: `softmax[${indexName(node.axis)}${where}] ${inside(node.of, product)}`, level: loose };
      }
      case "apply": {
        const call = (): string => `${title(node.fn)}(${node.args.map((a) => inside(a, loose)).join(", ")})`;
        // a call with parameters is one instance, however often its result is read
        return free(node).size === 0 ? define(node, undefined, "", call) : { text: call(), level: atom };
      }
    }
  }

  function arithmetic({ op, left, right }: Extract<Node, { k: "arithmetic" }>): Written {
    if (op === "^") return { text: `${inside(left, atom)} ^ ${inside(right, atom)}`, level: product + 1 };
    const level = op === "+" || op === "-" ? sum : product;
    return { text: `${inside(left, level)} ${op} ${inside(right, level + 1)}`, level };
  }

  function subscript(sub: Subscript): string {
    switch (sub.kind) {
      case "all":
        return ":";
      case "slice":
        return `${writeSize(sub.from)}..${writeSize(sub.to)}`;
      case "at":
        return inside(sub.at, sum);
    }
  }

  const paramText = ({ init, fixed, from, layout }: ParamOptions): string => {
    const args = init?.args.map((a) => inside(a, loose)) ?? [];
    const call = init === undefined ? "" : `${init.name}${args.length === 0 ? "" : `(${args.join(", ")})`}`;
    return [
      call === "" ? "" : ` = ${fixed === true ? "fixed " : ""}${call}`,
      from === undefined ? "" : ` from ${JSON.stringify(from)}`,
      layout === undefined ? "" : ` as ${JSON.stringify(layout)}`,
    ].join("");
  };

  const params = f.params.flatMap((p) => [
    ...docLines(p.options.doc, ""),
    `param ${p.name}: ${writeType(p.type)}${paramText(p.options)}`,
  ]);
  return {
    result(node) {
      if (free(node).size > 0) throw new LfError([indexOutside()]);
      return inside(node, loose);
    },
    statements: () => [...params, ...lets],
  };
}

/** A size as a number in an expression. */
function writeSizeValue(size: SizeNode): Written {
  const text = writeSize(size);
  return { text, level: size.s === "binary" ? (size.op === "+" || size.op === "-" ? sum : product) : atom };
}

/** The indices that a node mentions and does not bind. */
function freeIndices(): (node: Node) => ReadonlySet<IndexNode> {
  const known = new Map<Node, ReadonlySet<IndexNode>>();
  const find = (node: Node): ReadonlySet<IndexNode> => {
    const before = known.get(node);
    if (before !== undefined) return before;
    const found = new Set(children(node).flatMap((c) => [...find(c)]));
    if (node.k === "index") found.add(node);
    if (node.k === "softmax") found.add(node.axis);
    if (node.k === "tensor" || node.k === "reduction") for (const index of node.indices) found.delete(index);
    known.set(node, found);
    return found;
  };
  return find;
}
