import { keywords } from "../../grammar/lf.tokens.js";
import { notAName, sizeTwice } from "../diagnostics/messages/api.js";
import type { SourceFile } from "../diagnostics/span.js";
import { LfError } from "./error.js";
import type { Fn } from "./fn.js";
import { children, typeOf } from "./shape.js";
import { namedSizes, type SizeNode, writeDefinition, writeSize } from "./size.js";
import type { Node, TensorSpec } from "./value.js";
import { bodyWriter } from "./writeBody.js";

/**
 * A model built by a program as a text in the language. It goes the way of any other text: there is one checker, one
 * meaning, and what a message marks is something that can be read.
 */
export function writeModel(model: Fn): SourceFile {
  const functions = calledFrom(model);
  const dims = new Map<string, string>();
  const taken = new Set<string>();
  const claim = (name: string): string => {
    checkName(name);
    taken.add(name);
    return name;
  };
  for (const f of functions) {
    for (const size of sizesIn(f))
      for (const { name, definition } of namedSizes(size)) {
        const text = writeDefinition(definition);
        if ((dims.get(claim(name)) ?? text) !== text) throw new LfError([sizeTwice(name)]);
        dims.set(name, text);
      }
    for (const { name } of [...f.formals, ...f.params]) claim(name);
    for (const { name } of f.results) if (name !== undefined) checkName(name);
  }
  const fresh = (wish: string): string => {
    checkName(wish);
    for (let n = 1; ; n++) {
      const name = n === 1 ? wish : `${wish}_${n}`;
      if (taken.has(name)) continue;
      taken.add(name);
      return name;
    }
  };
  const titles = new Map<Fn, string>();
  for (const f of functions) titles.set(f, fresh(f.name ?? (f === model ? "Model" : hasParams(f) ? "Block" : "part")));
  const title = (f: Fn): string => titles.get(f) ?? "";
  const texts = functions.map((f) => {
    const word = f === model ? "model" : hasParams(f) ? "block" : "fn";
    // names inside of one function are free in the next
    const own = new Set(taken);
    const body = bodyWriter(f, title, own);
    const results = f.results.map((r) => ({ name: r.name, text: body.result(r.node), type: typeOf(r.node, title(f)) }));
    const [only] = results;
    const declared =
      only !== undefined && only.name === undefined
        ? writeType(only.type)
        : `(${results.map((r) => `${r.name}: ${writeType(r.type)}`).join(", ")})`;
    const formals = f.formals.map((a) => `${a.name}: ${writeType(a.type)}`).join(", ");
    return [
      ...docLines(f.doc, ""),
      `${word} ${title(f)}(${formals}) -> ${declared} {`,
      ...body.statements().map((line) => `  ${line}`),
      `  return ${results.map((r) => r.text).join(", ")}`,
      "}",
      "",
    ].join("\n");
  });
  const head = [...dims].map(([name, definition]) => `dim ${name} = ${definition}\n`).join("");
  return { path: `${title(model)}.lf`, text: `lf 1\n\n${head}\n${texts.join("\n")}` };
}

export const writeType = ({ dtype, axes }: TensorSpec): string =>
  axes.length === 0
    ? dtype
    : `${dtype}[${axes.map((a) => `${a.name === undefined ? "" : `${a.name}: `}${writeSize(a.size)}`).join(", ")}]`;

export const docLines = (doc: string | undefined, indent: string): readonly string[] =>
  doc === undefined ? [] : doc.split(/\r?\n/).map((line) => `${indent}/// ${line}`);

export function checkName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || keywords.some((k) => k.PATTERN === name))
    throw new LfError([notAName(name)]);
}

/** A block has parameters, or calls one. */
const hasParams = (f: Fn): boolean => f.params.length > 0 || calls(f).some(hasParams);

/** Every function that a model needs, callees before their callers. */
function calledFrom(model: Fn): readonly Fn[] {
  const order: Fn[] = [];
  const visit = (f: Fn): void => {
    if (order.includes(f)) return;
    for (const callee of calls(f)) visit(callee);
    order.push(f);
  };
  visit(model);
  return order;
}

const calls = (f: Fn): readonly Fn[] => [...new Set(nodesIn(f).flatMap((n) => (n.k === "apply" ? [n.fn] : [])))];

function nodesIn(f: Fn): readonly Node[] {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const child of children(node)) visit(child);
  };
  for (const node of [...f.formals, ...f.params, ...f.results.map((r) => r.node)]) visit(node);
  return [...seen];
}

function sizesIn(f: Fn): readonly SizeNode[] {
  return nodesIn(f).flatMap((node): readonly SizeNode[] => {
    switch (node.k) {
      case "size":
        return [node.size];
      case "tensor":
      case "reduction":
        return node.indices.flatMap((i) => (i.size === undefined ? [] : [i.size]));
      case "formal":
      case "param":
        return node.type.axes.map((a) => a.size);
      case "at":
        return node.subs.flatMap((s) => (s.kind === "slice" ? [s.from, s.to] : []));
      default:
        return [];
    }
  });
}
