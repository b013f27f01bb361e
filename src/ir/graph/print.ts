import { type Loc, position } from "../../diagnostics/span.js";
import { unreachable } from "../../util/invariant.js";
import { constValue, type Dim, printDim, symbolsOf } from "../dim.js";
import type { DType } from "../dtype.js";
import type { ScalarFn } from "../scalar.js";
import type { Graph, Index, Init, Ix, Node, Scalar, TensorType, Use, ValueId, Where } from "./ops.js";
import { mapDims } from "./visit.js";

/**
 * The text form of a graph. Everything that a node holds is in its line, so that `grammar/lfir.*` reads it back;
 * locations are printed only on request.
 *
 * - Inputs and parameters go by their names (`%x`, `%Encoder.3.wq`), other values by their number (`%7`).
 * - Indices are letters, declared with their extents after `over`; index 0 is the first letter. Letters that name a
 *   size of the graph are left out.
 * - Scalars: `$0` is an argument, infix operators are bracketed, `dim(Seq)` is a size, `0.5` an f32, `3` an i32,
 *   `0.5h` an f16, `3u` an u32, `f32(x)` a conversion.
 * - Subscripts: `j * 4 + r`, `n / 8`, `n % 8`, `%tokens[b, n]`; a size that is no number or bare name stands in `dim(…)`.
 */
export interface PrintOptions {
  /** Add `loc(file:line:column)` to each line. */
  readonly locs?: boolean;
}

/** A graph as text; `parseGraph` reads it. */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  const symbols = graphSymbols(graph);
  const cx: Cx = { letters: letterTable(new Set(symbols.keys())), locs: options.locs === true };
  const lines = graphLines(graph, cx, "");
  const dims = [...symbols.values()].map((dim) =>
    dim.op === "symbol" ? `  dim ${dim.name} in ${dim.lo}..${dim.hi}${dim.step === 1 ? "" : ` step ${dim.step}`}` : "",
  );
  return `${[lines[0], ...dims, ...lines.slice(1)].join("\n")}\n`;
}

/** One node as its line of text, without its name. */
export function printNode(graph: Graph, value: ValueId): string {
  const node = graph.nodes[value];
  if (!node) return `%${value} is missing`;
  const cx: Cx = { letters: letterTable(new Set(graphSymbols(graph).keys())), locs: false };
  return nodeText(node, nameTable(graph), cx, "");
}

interface Cx {
  readonly letters: (ix: Ix) => string;
  readonly locs: boolean;
}

type Names = (value: ValueId) => string;

const alphabet = "ijklmnopqrstuvwxyzabcdefgh";

function letterTable(taken: ReadonlySet<string>): (ix: Ix) => string {
  const letters: string[] = [];
  let next = 0;
  return (ix) => {
    while (letters.length <= ix) {
      const round = Math.floor(next / alphabet.length);
      const letter = `${alphabet.charAt(next % alphabet.length)}${round === 0 ? "" : round}`;
      next++;
      if (!taken.has(letter)) letters.push(letter);
    }
    return letters[ix] ?? `?${ix}`;
  };
}

function nameTable(graph: Graph): Names {
  const taken = new Set<string>();
  const names = graph.nodes.map((node, id) => {
    const wish = node.op === "input" ? node.name : node.op === "param" ? node.path : undefined;
    const name = wish !== undefined && /^[A-Za-z_][\w.]*$/.test(wish) && !taken.has(wish) ? wish : String(id);
    taken.add(name);
    return `%${name}`;
  });
  return (value) => names[value] ?? `%?${value}`;
}

/** Every symbol that occurs in a graph, bodies of regions included, by name. */
export function graphSymbols(graph: Graph): ReadonlyMap<string, Dim> {
  const found = new Map<string, Dim>();
  const note = (dim: Dim): Dim => {
    if (dim.op !== "const")
      for (const symbol of symbolsOf(dim))
        if (symbol.op === "symbol" && !found.has(symbol.name)) found.set(symbol.name, symbol);
    return dim;
  };
  for (const node of graph.nodes) {
    node.type.shape.forEach(note);
    mapDims(node, note);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function graphLines(graph: Graph, cx: Cx, indent: string): string[] {
  const names = nameTable(graph);
  const inputs = graph.inputs.map((value) => {
    const node = graph.nodes[value];
    const quoted =
      node?.op === "input" && names(value) !== `%${node.name}` ? ` = input ${JSON.stringify(node.name)}` : "";
    return `${names(value)}${quoted}: ${node ? printType(node.type) : "?"}`;
  });
  const lines = [`${indent}graph @${graphName(graph.name)}(${inputs.join(", ")}) {`];
  graph.nodes.forEach((node, id) => {
    if (node.op === "input") return;
    const loc = graph.locs[id];
    const where = cx.locs && loc ? `  ${printLoc(loc)}` : "";
    lines.push(`${indent}  ${names(id)} = ${nodeText(node, names, cx, `${indent}  `)}${where}`);
  });
  lines.push(`${indent}  return ${graph.outputs.map((o) => `${quotedName(o.name)} = ${names(o.value)}`).join(", ")}`);
  lines.push(`${indent}}`);
  return lines;
}

const graphName = (name: string): string => (/^[A-Za-z_][\w.]*$/.test(name) ? name : JSON.stringify(name));
const quotedName = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));

function nodeText(node: Node, names: Names, cx: Cx, indent: string): string {
  const use = (u: Use): string => useText(u, names, cx);
  const where = (w: Where | undefined): string =>
    w ? ` where [${w.args.map(use).join(", ")}] ${scalarText(w.body, cx)}` : "";
  const over = (extents: readonly Dim[]): string =>
    extents.length === 0
      ? ""
      : ` over ${extents.map((extent, ix) => `${cx.letters(ix)}=${printDim(extent)}`).join(", ")}`;
  const out = (ixs: readonly Ix[]): string => ` -> [${ixs.map(cx.letters).join(", ")}]`;
  const type = ` : ${printType(node.type)}`;
  switch (node.op) {
    case "input":
      return `input ${JSON.stringify(node.name)}${type}`;
    case "param": {
      const { key, layout, axes } = node.from ?? {};
      const quoted = (texts: readonly string[]): string => texts.map((text) => JSON.stringify(text)).join(", ");
      const from = [
        key === undefined ? "" : ` from ${JSON.stringify(key)}`,
        layout === undefined ? "" : ` as ${JSON.stringify(layout)}`,
        axes === undefined ? "" : ` axes (${quoted(axes)})`,
      ].join("");
      return `param ${JSON.stringify(node.path)} = ${node.fixed ? "fixed " : ""}${printInit(node.init)}${from}${type}`;
    }
    case "contract":
      return `contract ${node.factors.map(use).join(", ")}${where(node.where)}${out(node.out)}${over(node.extents)} accum ${node.accum}${type}`;
    case "map": {
      const args = node.args.length === 0 ? "" : ` ${node.args.map(use).join(", ")}`;
      return `map${args}${out(node.out)}${over(node.extents)} = ${scalarText(node.body, cx)}${type}`;
    }
    case "reduce":
      return `reduce ${node.monoid} ${use(node.arg)}${where(node.where)}${out(node.out)}${over(node.extents)}${type}`;
    case "softmax":
      return `softmax[${cx.letters(node.axis)}] ${use(node.arg)}${where(node.where)}${over(node.extents)}${type}`;
    case "concat":
      return `concat[${node.axis}] ${node.args.map(names).join(", ")}${type}`;
    case "region": {
      const head = `region ${JSON.stringify(node.strategy)} result ${node.result} (${node.args.map(names).join(", ")})${type}`;
      const body = graphLines(node.body, cx, `${indent}  `);
      const plans = (node.plans ?? []).flatMap((plan, i) => [
        `${indent}} plan ${i} {`,
        ...graphLines(plan, cx, `${indent}  `),
      ]);
      return [`${head} {`, ...body, ...plans, `${indent}}`].join("\n");
    }
    default:
      return unreachable(node);
  }
}

export function printType(type: TensorType): string {
  return type.shape.length === 0 ? type.dtype : `${type.dtype}[${type.shape.map(printDim).join(", ")}]`;
}

export function printInit(init: Init): string {
  switch (init.kind) {
    case "zeros":
    case "ones":
    case "xavier":
      return init.kind;
    case "normal":
      return `normal(${init.std})`;
    case "uniform":
      return `uniform(${init.lo}, ${init.hi})`;
    default:
      return unreachable(init);
  }
}

function useText(use: Use, names: Names, cx: Cx): string {
  if (use.at.length === 0) return names(use.value);
  return `${names(use.value)}[${use.at.map((index) => indexText(index, names, cx, 0)).join(", ")}]`;
}

/** `tight` 1: inside a product; 0: on its own or in a sum. */
function indexText(index: Index, names: Names, cx: Cx, tight: 0 | 1 | 2): string {
  switch (index.i) {
    case "ix":
      return cx.letters(index.ix);
    case "dim":
      return sizeText(index.dim);
    case "add": {
      const text = index.of.map((part) => indexText(part, names, cx, 1)).join(" + ");
      return tight > 0 || index.of.length < 2 ? `(${index.of.length < 2 ? "+ " : ""}${text})` : text;
    }
    case "mul":
    case "floordiv":
    case "mod": {
      const sign = index.i === "mul" ? "*" : index.i === "mod" ? "%" : "/";
      const text = `${indexText(index.of, names, cx, 2)} ${sign} ${sizeText(index.by)}`;
      return tight === 2 ? `(${text})` : text;
    }
    case "value":
      return useText(index.of, names, cx);
    default:
      return unreachable(index);
  }
}

const sizeText = (dim: Dim): string =>
  constValue(dim) !== undefined || dim.op === "symbol" ? printDim(dim) : `dim(${printDim(dim)})`;

const infix: Partial<Record<ScalarFn, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "and",
  or: "or",
};

function scalarText(body: Scalar, cx: Cx): string {
  switch (body.e) {
    case "const":
      return constText(body.value, body.dtype);
    case "arg":
      return `$${body.arg}`;
    case "index":
      return cx.letters(body.ix);
    case "dim":
      return `dim(${printDim(body.dim)})`;
    case "call": {
      const args = body.args.map((arg) => scalarText(arg, cx));
      const sign = infix[body.fn];
      return sign !== undefined && args.length === 2 ? `(${args.join(` ${sign} `)})` : `${body.fn}(${args.join(", ")})`;
    }
    case "select":
      return `select(${[body.cond, body.then, body.else].map((part) => scalarText(part, cx)).join(", ")})`;
    case "convert":
      return `${body.to}(${scalarText(body.of, cx)})`;
    default:
      return unreachable(body);
  }
}

function constText(value: number, dtype: DType): string {
  const digits = Object.is(value, -0) ? "-0" : String(value);
  const real = /^-?\d+$/.test(digits) ? `${digits}.0` : digits;
  switch (dtype) {
    case "f32":
      return real;
    case "f16":
      return `${real}h`;
    case "i32":
      return digits;
    case "u32":
      return `${digits}u`;
    case "bool":
      return value === 0 ? "false" : value === 1 ? "true" : `bool ${digits}`;
    default:
      return unreachable(dtype);
  }
}

/**
 * `loc(model.lf:5:3)`, `a from b` for a call and its caller, `a from step 2 of b` where the caller is a `repeat`,
 * `fused pass(a, b)`. A path with odd characters is quoted.
 */
export function printLoc(loc: Loc): string {
  const inner = (l: Loc): string => {
    switch (l.kind) {
      case "source": {
        const { line, column } = position(l.span.file, l.span.start);
        const { path } = l.span.file;
        return `${/^[\w./\\~+@-]{1,200}$/.test(path) ? path : JSON.stringify(path)}:${line}:${column}`;
      }
      case "call": {
        const callee = l.callee.kind === "call" ? `(${inner(l.callee)})` : inner(l.callee);
        return `${callee} from ${l.step === undefined ? "" : `step ${l.step} of `}${inner(l.caller)}`;
      }
      case "fused":
        return `fused ${quotedName(l.pass)}(${l.from.map(inner).join(", ")})`;
      case "none":
        return "none";
      default:
        return unreachable(l);
    }
  };
  return `loc(${inner(loc)})`;
}
