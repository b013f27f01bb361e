import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import type { Body, Expr } from "../../grammar/lf.ast.js";
import type { CheckedProgram } from "../../src/check/checked.js";
import { forEachChild } from "../../src/check/walk.js";
import { accepted, checkPath } from "./support.js";

const good = resolve(import.meta.dirname, "../corpus/good");

/** Every expression of a program but the ones that are no values: callees, and tables under a subscript. */
function visitExprs(program: CheckedProgram, visit: (e: Expr) => void): void {
  const walk = (e: Expr): void => {
    visit(e);
    const silent = new Set<Expr>();
    if (e.kind === "call") {
      silent.add(e.callee);
      if (e.callee.kind === "subscript") for (const sub of e.callee.subs) if (sub.kind === "at") walk(sub.expr);
    }
    if (e.kind === "subscript" && e.of.kind === "name") {
      const entity = program.names.get(e.of.name);
      if (entity?.kind === "dim" && entity.dim.kind === "table") silent.add(e.of);
    }
    forEachChild(e, (child) => {
      if (!silent.has(child)) walk(child);
    });
  };
  const body = ({ stmts }: Body): void => {
    for (const stmt of stmts) {
      if (stmt.kind === "let") walk(stmt.value);
      else if (stmt.kind === "return") stmt.values.forEach(walk);
      else if (stmt.kind === "param") stmt.init?.args.forEach(walk);
    }
  };
  for (const file of program.files) for (const callable of file.callables) body(callable.body);
}

test.each(readdirSync(good))("all maps are complete: %s", (name) => {
  const program = accepted(checkPath(`test/corpus/good/${name}`));
  let exprs = 0;
  visitExprs(program, (e) => {
    exprs++;
    const text = e.span.file.text.slice(e.span.start, e.span.end);
    const type = program.types.get(e);
    expect(type, text).toBeDefined();
    if (type?.kind === "tensor") expect(["f32", "f16", "i32", "u32", "bool"], text).toContain(type.dtype);
    if (e.kind === "name") expect(program.names.has(e.name), text).toBe(true);
    if (e.kind === "concat") expect(program.partRanges.get(e), text).toHaveLength(e.parts.length);
    if (e.kind === "reduction") for (const b of e.binders) expect(program.ranges.has(b.index), text).toBe(true);
    if (e.kind === "repeat") expect(program.sizes.has(e.count), text).toBe(true);
    if (e.kind === "call" && e.callee.kind === "name") {
      const callee = program.names.get(e.callee.name);
      if (callee?.kind === "callable" || callee?.kind === "value") expect(program.bindings.has(e), text).toBe(true);
    }
  });
  expect(exprs).toBeGreaterThan(10);
  for (const file of program.files)
    for (const { generics, formals, results, body } of file.callables) {
      for (const generic of generics) expect(program.dims.has(generic)).toBe(true);
      for (const { name, type } of formals)
        expect(type.head.kind === "dim" ? program.dims.has(name) : program.declared.has(name), name.text).toBe(true);
      for (const { type } of results) expect(program.shapes.has(type)).toBe(true);
      for (const stmt of body.stmts) {
        if (stmt.kind === "let")
          for (const target of stmt.targets) {
            expect(program.declared.has(target.name), target.name.text).toBe(true);
            for (const index of target.indices) expect(program.ranges.has(index), index.name.text).toBe(true);
          }
        if (stmt.kind === "param") for (const p of stmt.names) expect(program.declared.has(p), p.text).toBe(true);
        if (stmt.kind === "dim") expect(program.dims.has(stmt.name), stmt.name.text).toBe(true);
      }
    }
});
