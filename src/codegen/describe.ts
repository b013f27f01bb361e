import type { Callable, SizeExpr, Stmt, TypeExpr } from "../../grammar/lf.ast.js";
import type { CheckedProgram } from "../check/checked.js";
import type { Loc, Span } from "../diagnostics/span.js";
import { type Dim, printDim, sameDim } from "../ir/dim.js";
import type { DType } from "../ir/dtype.js";
import type { Graph, TensorType, ValueId } from "../ir/graph/ops.js";
import { invariant } from "../util/invariant.js";

/** What a caller of a model sees, in the words of its author. */
export interface ModelInterface {
  readonly name: string;
  readonly doc: string;
  /** The file it was written in, without folders. */
  readonly source: string | undefined;
  readonly inputs: readonly Port[];
  readonly weights: readonly Port[];
  readonly outputs: readonly Port[];
  /** The sizes that have a name of their own and one value. */
  readonly dims: readonly NamedSize[];
}

/** An input, weight or output. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly axes: readonly Axis[];
  /** The type as it is written in the source, or as its sizes say. */
  readonly written: string;
  readonly doc: string;
}

export interface Axis {
  /** What the source calls the size; absent where it is an expression. */
  readonly label?: string;
  readonly size: Dim;
}

export interface NamedSize {
  readonly name: string;
  readonly size: Dim;
  readonly doc: string;
}

/** What the source says of a value. */
interface Written {
  readonly type: TypeExpr;
  readonly doc: string;
}

/**
 * Describes a model.
 *
 * @param graph before any pass
 * @param checked the program it was written in; a graph that was built by hand has none
 */
export function describe(graph: Graph, checked?: CheckedProgram): ModelInterface {
  const model = checked?.models.find((m) => m.name.text === graph.name);
  const params = paramsBySpan(checked);
  const port = (name: string, v: ValueId, written: Written | undefined): Port => {
    const type = graph.nodes[v]?.type;
    invariant(type !== undefined, () => `%${v} is no value`);
    return { name, dtype: type.dtype, ...shapeOf(type, written?.type), doc: written?.doc ?? "" };
  };
  const inputs = graph.inputs.map((v) => {
    const node = graph.nodes[v];
    invariant(node?.op === "input", () => `%${v} is no input`);
    const formal = model?.formals.find((f) => f.name.text === node.name.split(".")[0]);
    return port(node.name, v, formal && { type: formal.type, doc: "" });
  });
  const weights = graph.nodes.flatMap((node, v) => {
    if (node.op !== "param") return [];
    const span = spanOf(graph.locs[v] ?? { kind: "none" });
    return [port(node.path, v, span && params.get(spanKey(span)))];
  });
  const outputs = graph.outputs.map(({ name, value }) => port(name, value, writtenResult(model, name)));
  const path = checked?.files[0]?.span.file.path;
  return {
    name: graph.name,
    doc: model?.doc ?? "",
    source: path?.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1),
    inputs,
    weights,
    outputs,
    dims: namedSizes([...inputs, ...outputs, ...weights], checked),
  };
}

const spanKey = ({ file, start }: Span): string => `${start} ${file.path}`;

/** Every parameter declaration, by where it stands. */
function paramsBySpan(checked: CheckedProgram | undefined): ReadonlyMap<string, Written> {
  const found = new Map<string, Written>();
  const add = (stmt: Stmt): void => {
    if (stmt.kind === "param") found.set(spanKey(stmt.span), { type: stmt.type, doc: stmt.doc });
  };
  for (const file of checked?.files ?? []) for (const c of file.callables) c.body.stmts.forEach(add);
  return found;
}

function spanOf(loc: Loc): Span | undefined {
  switch (loc.kind) {
    case "source":
      return loc.span;
    case "call":
      return spanOf(loc.callee);
    case "fused":
      return loc.from.map(spanOf).find((s) => s !== undefined);
    case "none":
      return undefined;
  }
}

/** The declared type of an output, and the comment of the `let` that is returned. */
function writtenResult(model: Callable | undefined, output: string): Written | undefined {
  const [base] = output.split(".");
  const at = model?.results.findIndex((r) => (r.name?.text ?? "output") === base) ?? -1;
  const result = model?.results[at];
  const last = model?.body.stmts.at(-1);
  if (result === undefined || last?.kind !== "return") return undefined;
  const value = last.values[at];
  const name = value?.kind === "name" ? value.name.text : undefined;
  const statement = model?.body.stmts.find((s) => s.kind === "let" && s.targets.some((t) => t.name.text === name));
  return { type: result.type, doc: statement?.kind === "let" ? statement.doc : "" };
}

function shapeOf({ dtype, shape }: TensorType, written: TypeExpr | undefined): Pick<Port, "axes" | "written"> {
  const axes = shape.map((size, axis): Axis => {
    const label = labelOf(written?.axes[axis]?.size) ?? (size.op === "symbol" ? size.name : undefined);
    return label === undefined ? { size } : { label, size };
  });
  const { file, start, end } = written?.span ?? {};
  const text = file?.text.slice(start, end).replace(/\s+/g, " ");
  return { axes, written: text ?? (shape.length === 0 ? dtype : `${dtype}[${shape.map(printDim).join(", ")}]`) };
}

const labelOf = (size: SizeExpr | undefined): string | undefined =>
  size?.kind === "name" ? size.name.text : size?.kind === "entry" ? size.table.text : undefined;

/** Names that mean the same size wherever they label an axis, with the comments of their declarations. */
function namedSizes(ports: readonly Port[], checked: CheckedProgram | undefined): readonly NamedSize[] {
  const docs = new Map(
    (checked?.files ?? []).flatMap((f) => f.dims.map((d) => [d.name.text, d.doc] as const)).reverse(),
  );
  const found = new Map<string, Dim | undefined>();
  for (const { label, size } of ports.flatMap((p) => p.axes)) {
    if (label === undefined || (size.op !== "const" && size.op !== "symbol")) continue;
    const known = found.get(label);
    found.set(label, found.has(label) && (known === undefined || !sameDim(known, size)) ? undefined : size);
  }
  return [...found].flatMap(([name, size]) => (size === undefined ? [] : [{ name, size, doc: docs.get(name) ?? "" }]));
}
