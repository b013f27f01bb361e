import type { IToken } from "chevrotain";
import * as say from "../src/diagnostics/messages/lfir.js";
import { typeOf } from "../src/ir/kernel/expr.js";
import type { Bind, KBuffer, Kernel, KStmt } from "../src/ir/kernel/ops.js";
import { printType } from "../src/ir/kernel/print.js";
import { ifStmt } from "../src/ir/kernel/visit.js";
import type { BufferText, KernelText, StmtText } from "./lfir.ast.js";
import { index, type KernelScope, kernelExpr, kTypeOf, sameKType } from "./lfir.kernelExpr.js";
import {
  attempt,
  type Context,
  exprSpan,
  giveUp,
  nameOf,
  refuse,
  sizeOf,
  tokenSpan,
  wholeNumber,
  wholeToken,
} from "./lfir.terms.js";

/** Syntax tree → kernel; undefined where something was refused. What the verifier can say is left to it. */
export function toKernel(cx: Context, text: KernelText): Kernel | undefined {
  const before = cx.diagnostics.length;
  const scope: KernelScope = { cx, buffers: new Map(), variables: new Map() };
  const buffers = text.buffers.flatMap((b) => attempt(() => [bufferOf(scope, b)]) ?? []);
  const body = statements(scope, text.body);
  return attempt(() => {
    if (cx.diagnostics.length > before) return giveUp();
    const [x = 1, y = 1, z = 1] = text.local.image.split("x").map(Number);
    return {
      name: nameOf(cx, text.name),
      buffers,
      dims: text.dims ? wholeToken(cx, text.dims) : 0,
      local: [x, y, z] as const,
      ...(text.subgroup && { subgroup: wholeToken(cx, text.subgroup) }),
      body,
    };
  });
}

function bufferOf(scope: KernelScope, text: BufferText): KBuffer {
  const { cx, buffers } = scope;
  const id = text.name.image;
  const type = kTypeOf(cx, text.type);
  const buffer = ((): KBuffer => {
    switch (text.kind.image) {
      case "read":
      case "write":
      case "read_write":
        return { space: "global", id, type, length: sizeOf(cx, text.length), access: text.kind.image };
      case "shared":
      case "scratch":
      case "register":
        return { space: text.kind.image, id, type, length: wholeNumber(cx, text.length) };
      default:
        return giveUp(); // the parser takes no other
    }
  })();
  // Of two with one name the last counts here; that there are two is the verifier's to say.
  buffers.set(id, buffer);
  return buffer;
}

const statements = (scope: KernelScope, texts: readonly StmtText[]): readonly KStmt[] =>
  texts.flatMap((t) => attempt(() => [statement(scope, t)]) ?? []);

function statement(scope: KernelScope, text: StmtText): KStmt {
  const { cx, variables } = scope;
  // Equal expressions of one statement become one object: schedules build them as graphs, and passes count on it.
  const expr = kernelExpr(scope);
  switch (text.s) {
    case "for": {
      const bind = bindOf(cx, text.how);
      const [from, to] = [expr(text.from), expr(text.to)];
      const step = text.step ? wholeToken(cx, text.step) : 1;
      variables.set(text.name.image, index);
      return { s: "for", var: text.name.image, from, to, step, bind, body: statements(scope, text.body) };
    }
    case "let": {
      const type = kTypeOf(cx, text.type);
      // Known even if its value is refused: one message is enough.
      variables.set(text.name.image, type);
      const value = expr(text.value);
      if (!sameKType(typeOf(value), type))
        refuse(cx, say.wrongType(exprSpan(cx, text.value), printType(type), printType(typeOf(value))));
      return { s: "let", var: text.name.image, value };
    }
    case "store":
      return { s: "store", buffer: text.buffer.image, at: expr(text.at), value: expr(text.value) };
    case "if":
      return ifStmt(expr(text.cond), statements(scope, text.yes), statements(scope, text.no));
    case "pin":
    case "barrier":
      return { s: text.s };
  }
}

function bindOf(cx: Context, how: IToken): Bind {
  if (how.image === "for") return { to: "serial" };
  if (how.image === "unroll") return { to: "unroll" };
  const [, to, letter = ""] = /^(grid|local)\.([xyz])$/.exec(how.image) ?? [];
  if (to !== "grid" && to !== "local") return refuse(cx, say.misplaced(tokenSpan(cx, how), "loop"));
  return { to, axis: "xyz".indexOf(letter) as 0 | 1 | 2 }; // one of the three letters
}
