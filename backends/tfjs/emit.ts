import { dropUnused } from "../../passes/graph/dropUnused.js";
import { sourceName } from "../../passes/graph/valueName.js";
import type { Artifact, PassContext } from "../../src/backend/backend.js";
import { type Loc, position } from "../../src/diagnostics/span.js";
import { type Dim, printDim, productDim } from "../../src/ir/dim.js";
import { graphBuilder, inlineGraph } from "../../src/ir/graph/builder.js";
import type { Graph, Node, Op, ValueId } from "../../src/ir/graph/ops.js";
import { graphSymbols } from "../../src/ir/graph/print.js";
import { mapOperands, operands } from "../../src/ir/graph/visit.js";
import type { Resource } from "../../src/ir/program/program.js";
import { fileName } from "../../src/util/fileName.js";
import { invariant, unreachable } from "../../src/util/invariant.js";
import { type Code, isName, quoted, writer } from "./code.js";
import { contraction } from "./contract.js";
import { concatenation, reduction, softmax } from "./reduce.js";
import { scalarTensor } from "./scalar.js";
import type { EmitContext, Scope } from "./scope.js";

/** What `load` needs to know of a model; plain JSON. */
export interface TfjsInterface {
  readonly inputs: readonly Resource[];
  readonly params: readonly Resource[];
  readonly outputs: readonly Resource[];
  readonly symbols: readonly Dim[];
}

/** The module exports this and nothing else; `load` replaces the words before the brace. */
export const moduleHead = "export function model(tf, weights) {";

/** One ES module that computes the graph with TensorFlow.js. */
export function emitModule(
  source: Graph,
  pass: PassContext,
): Pick<Artifact, "files"> & { readonly interface: TfjsInterface } {
  const graph = dropUnused.run(inlineRegions(source), pass);
  const w = writer();
  const values = new Map<ValueId, Code>();
  const symbols = new Map<string, Code>();
  const sizeLines = new Map<string, string>(); // by the constant's name
  const weightLines: string[] = [];
  const inputLines: string[] = [];

  graph.nodes.forEach((node, v) => {
    if (node.op === "input") {
      const name = w.unique(`in_${node.name}`);
      inputLines.push(`const ${name} = ${member("inputs", node.name)};`);
      values.set(v, { text: name, fixed: false, names: new Set([name]) });
      node.type.shape.forEach((dim, axis) => {
        if (dim.op !== "symbol" || symbols.has(dim.name)) return;
        const size = w.unique(`n_${dim.name}`);
        sizeLines.set(size, `const ${size} = ${name}.shape[${axis}];`);
        symbols.set(dim.name, { text: size, fixed: false, names: new Set([size]) });
      });
    } else if (node.op === "param") {
      const name = w.unique(`w_${node.path}`);
      weightLines.push(`const ${name} = ${member("weights", node.path)};`);
      values.set(v, { text: name, fixed: true, names: new Set([name]) });
    }
  });

  const cx: EmitContext = {
    writer: w,
    symbol(name) {
      const found = symbols.get(name);
      invariant(found !== undefined, () => `no input has an axis of size ${name}`);
      return found;
    },
    value(v) {
      const found = values.get(v);
      invariant(found !== undefined, () => `%${v} is used before it is computed`);
      return found;
    },
    type: (v) => nodeOf(graph, v).type,
    rights: new Map(),
  };

  const inner = innerValues(graph);
  let written: string | undefined;
  graph.nodes.forEach((node, v) => {
    if (node.op === "input" || node.op === "param") return;
    const loc = graph.locs[v];
    const name = loc && !inner.has(v) ? sourceName(loc) : undefined;
    const line = loc && lineOf(loc);
    if (line !== undefined && line !== written) w.comment(line);
    written = line;
    values.set(v, w.bind(compute(node, cx), name === undefined ? `v${v}` : `v_${name}`));
    w.group();
  });

  const own = new Set([...values].filter(([v]) => ownsTensor(graph, v)).map(([, code]) => code.text));
  const results = graph.outputs.map((o) => {
    const code = cx.value(o.value);
    // the caller frees what it gets: weights, inputs and what is computed once are copied
    const copied = !own.has(code.text) || code.fixed;
    return { name: o.name, text: copied ? `tf.clone(${code.text})` : code.text, code };
  });
  const kept = new Set(results.map((r) => r.code.text));
  const fixed = w.fixedLines(kept);
  const entries = results.map((r) => (r.name === r.text ? r.name : `${propertyKey(r.name)}: ${r.text}`));
  const sizes = [...sizeLines].flatMap(([name, line]) => (w.mentions(name) ? [line] : []));
  const runLines = [...inputLines, ...sizes, ...w.runLines(kept), `return { ${entries.join(", ")} };`];
  const once = fixed.names.length > 0;
  const lines = [
    ...head(graph),
    moduleHead,
    ...indent(weightLines, 1),
    ...(once
      ? [
          "  // computed once, from weights and constants",
          `  const [${fixed.names.join(", ")}] = tf.tidy(() => {`,
          ...indent(fixed.lines, 2),
          `    return [${fixed.names.join(", ")}];`,
          "  });",
        ]
      : []),
    "  const run = (inputs) =>",
    "    tf.tidy(() => {",
    ...indent(runLines, 3),
    "    });",
    once ? `  const dispose = () => tf.dispose([${fixed.names.join(", ")}]);` : "  const dispose = () => {};",
    "  return { run, dispose };",
    "}",
  ];
  const resources = (kind: Resource["kind"], named: readonly (readonly [string, ValueId])[]): readonly Resource[] =>
    named.map(([name, v]) => {
      const { dtype, shape } = cx.type(v);
      return { id: name, kind, name, dtype, shape, length: productDim(shape) };
    });
  const params = graph.nodes.flatMap((n, v) => (n.op === "param" ? [[n.path, v] as const] : []));
  const inputs = graph.nodes.flatMap((n, v) => (n.op === "input" ? [[n.name, v] as const] : []));
  return {
    files: [
      {
        path: `${fileName(graph.name, "model")}.tfjs.js`,
        text: `${lines.join("\n")}\n`,
      },
    ],
    interface: {
      inputs: resources("input", inputs),
      params: resources("param", params),
      outputs: resources(
        "output",
        graph.outputs.map((o) => [o.name, o.value] as const),
      ),
      symbols: [...graphSymbols(graph).values()],
    },
  };
}

const nodeOf = (graph: Graph, v: ValueId): Node => {
  const node = graph.nodes[v];
  invariant(node !== undefined, () => `the graph has no value %${v}`);
  return node;
};

const ownsTensor = (graph: Graph, v: ValueId): boolean => {
  const { op } = nodeOf(graph, v);
  return op !== "input" && op !== "param";
};

function compute(node: Exclude<Node, { op: "input" | "param" }>, cx: EmitContext): Code {
  if (node.op === "concat") return concatenation(node, { ...cx, extents: [] });
  invariant(node.op !== "region", () => "a region was not inlined");
  const scope: Scope = { ...cx, extents: node.extents };
  switch (node.op) {
    case "map":
      return scalarTensor(node.body, node.args, node.out, scope).code;
    case "contract":
      return contraction(node, scope);
    case "reduce":
      return reduction(node, scope);
    case "softmax":
      return softmax(node, scope);
    default:
      return unreachable(node);
  }
}

/** The graph with the bodies of regions in their place: TensorFlow.js knows no strategy. */
function inlineRegions(graph: Graph): Graph {
  if (!graph.nodes.some((n) => n.op === "region")) return graph;
  const b = graphBuilder();
  const next = new Map<ValueId, ValueId>();
  const at = (v: ValueId): ValueId => {
    const to = next.get(v);
    invariant(to !== undefined, () => `%${v} is used before it is defined`);
    return to;
  };
  graph.nodes.forEach((node, v) => {
    if (node.op === "region") {
      const body = inlineGraph(b, inlineRegions(node.body), node.args.map(at));
      const result = body[node.result];
      invariant(result !== undefined, () => `a region has no result ${node.result}`);
      next.set(v, result);
      return;
    }
    const { type, ...op } = node;
    const loc = graph.locs[v] ?? { kind: "none" };
    // the spread of a union forgets the variant: `op` is `node` without its type
    next.set(v, b.add(mapOperands(op as Op, at), loc, node.op === "input" || node.op === "param" ? type : undefined));
  });
  return b.finish(
    graph.name,
    graph.outputs.map((o) => ({ name: o.name, value: at(o.value) })),
  );
}

function head(graph: Graph): readonly string[] {
  const show = (v: ValueId): string => {
    const { dtype, shape } = nodeOf(graph, v).type;
    return shape.length === 0 ? dtype : `${dtype}[${shape.map(printDim).join(", ")}]`;
  };
  const lines = [
    `// ${quoted(graph.name)} with TensorFlow.js, written by lfc.`,
    "//",
    "// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives",
    "// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.",
    "//",
  ];
  graph.nodes.forEach((node, v) => {
    if (node.op === "input") lines.push(`// input  ${quoted(node.name)}: ${show(v)}`);
  });
  graph.nodes.forEach((node, v) => {
    if (node.op === "param") lines.push(`// weight ${quoted(node.path)}: ${show(v)}`);
  });
  for (const o of graph.outputs) lines.push(`// output ${quoted(o.name)}: ${show(o.value)}`);
  return lines;
}

/** Values that are a part of the expression that another is: the name of the statement is that one's. */
function innerValues(graph: Graph): ReadonlySet<ValueId> {
  const found = new Set<ValueId>();
  graph.nodes.forEach((node, v) => {
    const start = startOf(graph.locs[v]);
    if (start === undefined) return;
    for (const used of operands(node)) if (startOf(graph.locs[used]) === start) found.add(used);
  });
  return found;
}

function startOf(loc: Loc | undefined): string | undefined {
  if (loc?.kind === "call") return startOf(loc.callee);
  return loc?.kind === "source" ? `${loc.span.start} ${loc.span.file.path}` : undefined;
}

/** `linformer.lf:28`: the file without its folders. */
function lineOf(loc: Loc): string | undefined {
  switch (loc.kind) {
    case "source": {
      const { file, start } = loc.span;
      const name = file.path.slice(Math.max(file.path.lastIndexOf("/"), file.path.lastIndexOf("\\")) + 1);
      return `${name.replace(/[^\w.-]/g, "_")}:${position(file, start).line}`;
    }
    case "call":
      return lineOf(loc.callee);
    case "fused": {
      const [first] = loc.from;
      return first && lineOf(first);
    }
    case "none":
      return undefined;
  }
}

/** `__proto__` as a plain key would set the prototype. */
const propertyKey = (name: string): string =>
  name === "__proto__" ? `["__proto__"]` : isName(name) ? name : quoted(name);

const member = (object: string, name: string): string =>
  isName(name) ? `${object}.${name}` : `${object}[${quoted(name)}]`;

const indent = (lines: readonly string[], depth: number): readonly string[] =>
  lines.map((line) => `${"  ".repeat(depth)}${line}`);
