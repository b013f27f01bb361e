import type { Body, Callable, Expr, FileAst, SizeExpr, Stmt } from "../../grammar/lf.ast.js";
import { parseFile } from "../../grammar/parse.js";
import type { Generated } from "./generate.js";

/**
 * Makes a failing program smaller while it still fails in the same way. It works on the text of any program: each step
 * replaces a part that the syntax tree names by a part of that part, by a constant, or by nothing. What does not check
 * any more fails in another way and is not taken.
 */
export interface ShrinkOptions {
  /** Whether a program still shows the fault. */
  fails(program: Generated): Promise<boolean>;
  /** Programs to try at most. */
  readonly tries?: number;
  progress?(text: string): void;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export async function shrink(program: Generated, { fails, tries = 3000, progress }: ShrinkOptions): Promise<Generated> {
  let best = program;
  let left = tries;
  const seen = new Set<string>();
  const attempt = async (candidate: Generated): Promise<boolean> => {
    const key = JSON.stringify([candidate.text, candidate.dims, candidate.sizes]);
    if (seen.has(key) || left <= 0) return false;
    seen.add(key);
    left--;
    if (!(await fails(candidate))) return false;
    best = candidate;
    progress?.(candidate.text);
    return true;
  };
  for (const other of fewerRuns(best)) if (await attempt(other)) break;
  // Large edits first; after a success the rest of the list is for a text that is gone.
  for (let improved = true; improved && left > 0; ) {
    improved = false;
    for (const edit of editsOf(best.text)) {
      const text = tidy(best.text.slice(0, edit.start) + edit.text + best.text.slice(edit.end));
      if (text.length >= best.text.length + 4 || text === best.text) continue;
      if (!smaller(text, best.text)) continue;
      if (await attempt({ ...best, text })) {
        improved = true;
        break;
      }
    }
    if (improved) continue;
    for (const other of smallerSizes(best)) {
      if (await attempt(other)) {
        improved = true;
        break;
      }
    }
  }
  return best;
}

/** Strictly less by length, or the same length with smaller numbers, so that shrinking ends. */
const smaller = (a: string, b: string): boolean => weight(a) < weight(b);

function weight(text: string): number {
  let sum = 100 * text.replace(/\s+/g, " ").replace(/[0-9_.]+/g, "0").length;
  for (const [number] of text.matchAll(/\b[0-9][0-9_]*/g)) sum += Math.min(99, Number(number.replaceAll("_", "")));
  return sum;
}

const tidy = (text: string): string => text.replace(/^[ \t]+\n/gm, "").replace(/\n{2,}/g, "\n");

function* fewerRuns(p: Generated): Generator<Generated> {
  if (Object.keys(p.dims).length > 0) yield { ...p, dims: {} };
  if (p.sizes.length > 1) for (const one of p.sizes) yield { ...p, sizes: [one] };
}

function* smallerSizes(p: Generated): Generator<Generated> {
  const [first] = p.sizes;
  if (first === undefined) return;
  for (const [name, value] of Object.entries(first))
    for (const to of [1, 2, Math.floor(value / 2), value - 1]) {
      if (to >= 1 && to < value) yield { ...p, sizes: [{ ...first, [name]: to }] };
    }
}

/** Edits of a text, the larger ones first. */
function editsOf(text: string): readonly Edit[] {
  const { ast } = parseFile({ path: "shrink.lf", text });
  if (ast === undefined) return [];
  const edits: Edit[] = [];
  const cut = (start: number, end: number, by = ""): void => {
    edits.push({ start, end, text: by });
  };
  const part = (span: { readonly start: number; readonly end: number }): string => text.slice(span.start, span.end);

  for (const c of ast.callables) if (c.kind !== "model") cut(c.span.start, c.span.end);
  for (const c of ast.callables) callable(c);
  for (const d of ast.dims) dimDecl(d);
  for (const comment of text.matchAll(/\/\/[^\n]*\n/g)) cut(comment.index, comment.index + comment[0].length);
  return edits.toSorted((a, b) => gain(b) - gain(a));

  function gain(e: Edit): number {
    return e.end - e.start - e.text.length;
  }

  /** Cuts one item of a list with a comma beside it. */
  function listItem(items: readonly { readonly start: number; readonly end: number }[], i: number): void {
    const item = items[i];
    if (item === undefined || items.length < 2) return;
    const next = items[i + 1];
    const before = items[i - 1];
    if (next !== undefined) cut(item.start, next.start);
    else if (before !== undefined) cut(before.end, item.end);
  }

  function callable(c: Callable): void {
    body(c.body);
    // formals and their types, one at a time; a result with its value
    const formals = c.formals.map((f, i) => ({
      start: f.name.span.start,
      end: c.formals[i + 1]?.type === f.type ? f.name.span.end : f.type.span.end,
    }));
    formals.forEach((_, i) => {
      listItem(formals, i);
    });
    const last = c.body.stmts.at(-1);
    if (c.results.length > 1 && last?.kind === "return")
      c.results.forEach((r, i) => {
        // both places at once: one edit from the first to the second
        const results = c.results.map((x) => ({
          start: x.name?.span.start ?? x.type.span.start,
          end: x.type.span.end,
        }));
        const values = last.values.map((v) => v.span);
        const without = (items: readonly { readonly start: number; readonly end: number }[]): string =>
          items
            .filter((_, k) => k !== i)
            .map((s) => text.slice(s.start, s.end))
            .join(", ");
        const [firstResult, lastResult] = [results[0], results.at(-1)];
        const [firstValue, lastValue] = [values[0], values.at(-1)];
        if (firstResult && lastResult && firstValue && lastValue)
          cut(
            firstResult.start,
            lastValue.end,
            without(results) + text.slice(lastResult.end, firstValue.start) + without(values),
          );
        void r;
      });
    for (const r of c.results) for (const axis of r.type.axes) size(axis.size);
    for (const f of c.formals) {
      f.type.axes.forEach((axis, i) => {
        size(axis.size);
        void i;
      });
    }
    // the model returns another value instead, of whatever type it has
    if (c.kind === "model" && last?.kind === "return" && c.results.length === 1) returnEarlier(c, last);
  }

  /** `-> f32[N] { … return x }` becomes a program that returns an earlier value. */
  function returnEarlier(c: Callable, last: Extract<Stmt, { kind: "return" }>): void {
    const [result] = c.results;
    if (result === undefined) return;
    for (const stmt of c.body.stmts) {
      if (stmt.kind !== "let" || stmt.targets.length !== 1) continue;
      const name = stmt.targets[0]?.name.text;
      if (name === undefined || part(last.values[0]?.span ?? last.span) === name) continue;
      // the statements after it go; its shape is that of its indices where all are annotated
      const sizes = stmt.targets[0]?.indices.map((i) => i.size && part(i.size.span)) ?? [];
      if (sizes.some((s) => s === undefined)) continue;
      for (const dtype of ["f32", "i32", "bool"]) {
        const type = `${dtype}${sizes.length > 0 ? `[${sizes.join(", ")}]` : ""}`;
        cut(
          result.type.span.start,
          last.span.end,
          `${type}${text.slice(result.type.span.end, stmt.span.end)}\n  return ${name}`,
        );
      }
    }
  }

  function body(b: Body): void {
    const droppable = b.stmts.filter((s) => s.kind !== "return");
    // many at once, then one by one
    for (let width = droppable.length; width >= 1; width = Math.floor(width / 2))
      for (let i = 0; i + width <= droppable.length; i++) {
        const [from, to] = [droppable[i], droppable[i + width - 1]];
        if (from && to) cut(from.span.start, to.span.end);
      }
    for (const stmt of b.stmts) statement(stmt);
  }

  function statement(s: Stmt): void {
    switch (s.kind) {
      case "dim":
        size(s.size);
        return;
      case "param":
        if (s.init) cut(s.type.span.end, s.init.span.end);
        for (const axis of s.type.axes) size(axis.size);
        s.type.axes.forEach((_, i) => {
          listItem(
            s.type.axes.map((a) => a.span),
            i,
          );
        });
        return;
      case "let": {
        for (const t of s.targets) {
          t.indices.forEach((d, i) => {
            listItem(
              t.indices.map((x) => ({ start: x.name.span.start, end: x.size?.span.end ?? x.name.span.end })),
              i,
            );
            if (d.size) {
              cut(d.name.span.end, d.size.span.end);
              size(d.size);
            }
          });
        }
        expr(s.value);
        return;
      }
      case "return":
        for (const v of s.values) expr(v);
    }
  }

  function size(s: SizeExpr): void {
    if (s.kind === "number") {
      for (const n of [1, 2, 3, Math.floor(s.value / 2), s.value - 1])
        if (n >= 1 && n < s.value) cut(s.span.start, s.span.end, String(n));
      return;
    }
    if (s.kind === "binary") {
      cut(s.span.start, s.span.end, part(s.left.span));
      cut(s.span.start, s.span.end, part(s.right.span));
      size(s.left);
      size(s.right);
      return;
    }
    if (s.kind === "round") size(s.of);
    for (const n of ["1", "2", "3"]) cut(s.span.start, s.span.end, n);
  }

  function dimDecl(d: FileAst["dims"][number]): void {
    cut(d.span.start, d.span.end);
    if (d.value.kind === "runtime") {
      const { hi, lo, step } = d.value;
      if (step) cut(hi.span.end, step.span.end);
      const [start, end] = [d.name.span.end, d.span.end];
      for (const n of [1, 2, 3, 4]) cut(start, end, ` = ${n}`);
      if (hi.kind === "number") cut(start, end, ` = ${hi.value}`);
      size(hi);
      size(lo);
      return;
    }
    if (d.value.kind === "size") {
      size(d.value.size);
      return;
    }
    for (const e of d.value.entries) size(e);
  }

  /** An expression by its parts and by constants. */
  function expr(e: Expr): void {
    const { start, end } = e.span;
    const by = (other: string): void => {
      if (other.length < end - start || /\b[0-9]/.test(part(e.span))) cut(start, end, other);
    };
    for (const child of childrenOf(e)) by(bracketed(child, e));
    switch (e.kind) {
      case "number":
        for (const other of e.whole ? ["0", "1", "2"] : ["0.0", "0.5", "1.0"])
          if (other !== e.text) cut(start, end, other);
        break;
      case "bool":
        break;
      case "name":
      case "subscript":
        for (const other of ["0", "1", "0.5", "true"]) by(other);
        break;
      case "sum":
      case "product":
        e.operands.forEach((_, i) => {
          const [here, next, before] = [e.operands[i], e.operands[i + 1], e.operands[i - 1]];
          if (here && next && i === 0) cut(here.span.start, next.span.start);
          else if (here && before) cut(before.span.end, here.span.end);
        });
        for (const other of ["1.0", "1"]) by(other);
        break;
      case "and":
      case "or":
        e.operands.forEach((o, i) => {
          listItem(
            e.operands.map((x) => x.span),
            i,
          );
          void o;
        });
        by("true");
        by("false");
        break;
      case "compare":
        by("true");
        break;
      case "reduction": {
        e.binders.forEach((binder, i) => {
          listItem(
            e.binders.map((b) => b.span),
            i,
          );
          const name = binder.index.name.text;
          if (binder.where) {
            const head = binder.chain
              ? part({ start: binder.span.start, end: binder.chain.operands.at(-1)?.span.end ?? 0 })
              : part({ start: binder.span.start, end: binder.index.size?.span.end ?? binder.index.name.span.end });
            cut(binder.span.start, binder.span.end, head);
            expr(binder.where);
          }
          if (binder.chain) {
            cut(binder.span.start, binder.chain.operands.at(-1)?.span.end ?? binder.span.end, name);
            if (binder.chain.operands.length === 3) {
              const [a, b, c] = binder.chain.operands;
              if (a && b && c) {
                cut(a.span.start, b.span.start);
                cut(b.span.end, c.span.end);
              }
            }
            for (const o of binder.chain.operands) expr(o);
          }
          if (binder.index.size) {
            cut(binder.index.name.span.end, binder.index.size.span.end);
            size(binder.index.size);
          }
        });
        by("1.0");
        by("1");
        break;
      }
      case "repeat":
        if (e.count.kind !== "number" || e.count.value > 1) size(e.count);
        body(e.body);
        break;
      case "concat":
        e.parts.forEach((_, i) => {
          listItem(
            e.parts.map((p) => p.span),
            i,
          );
        });
        break;
      default:
        for (const other of ["1.0", "1", "true"]) by(other);
    }
    for (const child of childrenOf(e)) expr(child);
    if (e.kind === "subscript")
      for (const sub of e.subs) {
        if (sub.kind === "at") expr(sub.expr);
        else if (sub.kind === "slice") {
          cut(sub.span.start, sub.span.end, ":");
          expr(sub.from);
          expr(sub.to);
        }
      }
  }

  /** A part in the place of the whole. */
  function bracketed(child: Expr, whole: Expr): string {
    const own = part(child.span);
    return whole.kind === "paren" || ["name", "number", "call", "subscript", "paren", "bool"].includes(child.kind)
      ? own
      : `(${own})`;
  }
}

function childrenOf(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case "number":
    case "bool":
    case "name":
      return [];
    case "if":
      return [e.then, e.else, e.cond];
    case "or":
    case "and":
    case "compare":
    case "sum":
    case "product":
      return e.operands;
    case "not":
    case "neg":
    case "reduction":
    case "convert":
    case "paren":
      return [e.of];
    case "power":
      return [e.base, e.exponent];
    case "subscript":
      return [e.of];
    case "call":
      return e.args;
    case "concat":
      return e.parts;
    case "repeat":
      return e.states.map((s) => s.init);
  }
}
