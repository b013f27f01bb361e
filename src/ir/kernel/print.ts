import { unreachable } from "../../util/invariant.js";
import { constValue, type Dim, printDim } from "../dim.js";
import { isFloat } from "../dtype.js";
import type { Bound, Program, Step } from "../program/program.js";
import { typeOf } from "./expr.js";
import type { KBuffer, KExpr, Kernel, KStmt, KType } from "./ops.js";

/**
 * Kernels and programs as text for people, tests and comparison: equal text is an equal kernel. `grammar/lfir.*` reads
 * it back, so everything that an IR holds is in its text.
 *
 * - `/` between whole numbers is `floordiv`, between floats `div`; what is neither goes by its function's name.
 * - `dim.0` is a slot of the dispatch's sizes, `f32x4(1.0)` a literal in every lane, `v.x` a lane, `f32.inf` infinity.
 * - The identifiers of variables and buffers are printed as they are; other names are quoted unless they are plain.
 * - A dispatch ends with its useful flops, the bytes that it touches and its label. `t[64 at 256]` is a window of 64
 *   elements from element 256 on.
 */

export const printType = (t: KType): string => (t.width === 1 ? t.dtype : `${t.dtype}x${t.width}`);

/** The shortest decimal that is this f32 (or f16) number. */
export function printFloat(number: number): string {
  const value = Math.fround(number);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  let text = String(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = value.toPrecision(digits);
    if (Math.fround(Number(short)) === value) {
      text = String(Number(short));
      break;
    }
  }
  if (Object.is(value, -0)) text = "-0";
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function printLiteral(e: Extract<KExpr, { k: "lit" }>): string {
  const { value } = e;
  const scalar = (): string => {
    const { dtype } = e.type;
    switch (dtype) {
      case "f32":
      case "f16":
        if (Number.isNaN(value)) return `${dtype}.nan`;
        if (!Number.isFinite(value)) return `${value < 0 ? "-" : ""}${dtype}.inf`;
        return `${printFloat(value)}${dtype === "f16" ? "h" : ""}`;
      case "i32":
        return String(value);
      case "u32":
        return `${value}u`;
      case "bool":
        return value !== 0 ? "true" : "false";
    }
  };
  return e.type.width === 1 ? scalar() : `${printType(e.type)}(${scalar()})`;
}

const infix: Readonly<Record<string, readonly [symbol: string, precedence: number]>> = {
  or: ["or", 1],
  and: ["and", 2],
  eq: ["==", 4],
  ne: ["!=", 4],
  lt: ["<", 4],
  le: ["<=", 4],
  gt: [">", 4],
  ge: [">=", 4],
  add: ["+", 5],
  sub: ["-", 5],
  mul: ["*", 6],
  div: ["/", 6],
  floordiv: ["/", 6],
  mod: ["%", 6],
};

/** One sign for two functions: what its operands are tells which. */
const isSlash = (op: string, of: KExpr): boolean => op !== (isFloat(typeOf(of).dtype) ? "floordiv" : "div");

const prefix: Readonly<Record<string, readonly [symbol: string, precedence: number]>> = {
  not: ["not ", 3],
  neg: ["-", 7],
};

/** An expression; in brackets where an operator that binds like `outer` needs them. */
export function printExpr(e: KExpr, outer = 0): string {
  const list = (xs: readonly KExpr[]): string => xs.map((x) => printExpr(x)).join(", ");
  switch (e.k) {
    case "lit":
      return printLiteral(e);
    case "var":
      return e.var;
    case "dim":
      return `dim.${e.slot}`;
    case "load":
      return `${e.buffer}[${printExpr(e.at)}]`;
    case "lane":
      return `${printExpr(e.of, 8)}.${"xyzw"[e.lane]}`;
    case "pack":
      return `${printType(e.type)}(${list(e.lanes)})`;
    case "fold":
      return `fold.${e.op}(${printExpr(e.of)})`;
    case "subgroup":
      return `subgroup.${e.op}(${printExpr(e.of)}${e.lane === undefined ? "" : `, ${e.lane}`})`;
    case "op": {
      const [a, b] = e.args;
      const two = infix[e.op];
      const one = prefix[e.op];
      if (two && a && b && e.args.length === 2 && isSlash(e.op, a)) {
        const [symbol, p] = two;
        const text = `${printExpr(a, p)} ${symbol} ${printExpr(b, p + 1)}`;
        return p < outer ? `(${text})` : text;
      }
      if (one && a && e.args.length === 1) {
        const [symbol, p] = one;
        // `-3` is a number
        const operand = printExpr(a, p + 1);
        const text = `${symbol}${a.k === "lit" && e.op === "neg" ? `(${operand})` : operand}`;
        return p < outer ? `(${text})` : text;
      }
      // The result type is part of the name where the operands do not give it.
      const typed = e.op === "splat" || e.op === "convert" || e.op === "bitcast";
      return `${e.op}${typed ? `.${printType(e.type)}` : ""}(${list(e.args)})`;
    }
    default:
      return unreachable(e);
  }
}

function printStmts(body: readonly KStmt[], indent: string, out: string[]): void {
  for (const s of body) {
    switch (s.s) {
      case "for": {
        const how =
          "axis" in s.bind ? `${s.bind.to}.${"xyz"[s.bind.axis]}` : s.bind.to === "serial" ? "for" : s.bind.to;
        const step = s.step === 1 ? "" : ` step ${s.step}`;
        out.push(`${indent}${how} ${s.var} in ${printExpr(s.from, 5)}..${printExpr(s.to, 5)}${step} {`);
        printStmts(s.body, `${indent}  `, out);
        out.push(`${indent}}`);
        break;
      }
      case "let":
        out.push(`${indent}let ${s.var}: ${printType(typeOf(s.value))} = ${printExpr(s.value)}`);
        break;
      case "store":
        out.push(`${indent}${s.buffer}[${printExpr(s.at)}] = ${printExpr(s.value)}`);
        break;
      case "if":
        out.push(`${indent}if ${printExpr(s.cond)} {`);
        printStmts(s.then, `${indent}  `, out);
        if (s.else.length > 0) {
          out.push(`${indent}} else {`);
          printStmts(s.else, `${indent}  `, out);
        }
        out.push(`${indent}}`);
        break;
      case "pin":
      case "barrier":
        out.push(`${indent}${s.s}`);
        break;
      default:
        unreachable(s);
    }
  }
}

function printBuffer(b: KBuffer): string {
  const length = b.space === "global" ? printDim(b.length) : String(b.length);
  return `${b.space === "global" ? b.access : b.space} ${b.id}: ${printType(b.type)}[${length}]`;
}

/** A kernel without its name: what two kernels are compared by. */
export function printKernelBody(k: Kernel): string {
  const facts = [`local ${k.local.join("x")}`];
  if (k.dims > 0) facts.push(`dims ${k.dims}`);
  if (k.subgroup !== undefined) facts.push(`subgroup ${k.subgroup}`);
  const out = [`${facts.join(", ")} {`, ...k.buffers.map((b) => `  ${printBuffer(b)}`)];
  printStmts(k.body, "  ", out);
  out.push("}");
  return out.join("\n");
}

/** A name, quoted unless it is one or several identifiers with dots between. */
const name = (text: string): string => (/^[A-Za-z_]\w*(\.\w+)*$/.test(text) ? text : JSON.stringify(text));

export const printKernel = (k: Kernel): string => `kernel ${name(k.name)}: ${printKernelBody(k)}\n`;

function printBound(b: Bound): string {
  const from = constValue(b.offset) === 0 ? "" : ` at ${printDim(b.offset)}`;
  return `${name(b.resource)}[${printDim(b.length)}${from}]`;
}

function printSteps(steps: readonly Step[], indent: string, out: string[]): void {
  for (const s of steps) {
    switch (s.step) {
      case "dispatch": {
        const grid = s.grid.map(printDim).join(" x ");
        const dims = s.dims.length > 0 ? ` dims (${s.dims.map(printDim).join(", ")})` : "";
        const bind = Object.entries(s.bind).map(([id, b]) => `${id}=${printBound(b)}`);
        const work = `flops ${printDim(s.flops)} bytes ${printDim(s.bytes)} ${JSON.stringify(s.label)}`;
        out.push(`${indent}dispatch ${name(s.kernel)} grid ${grid}${dims} bind (${bind.join(", ")}) ${work}`);
        break;
      }
      case "choose":
        out.push(`${indent}choose ${printDim(s.dim)} < ${s.below} {`);
        printSteps(s.then, `${indent}  `, out);
        out.push(`${indent}} else {`);
        printSteps(s.else, `${indent}  `, out);
        out.push(`${indent}}`);
        break;
      default:
        unreachable(s);
    }
  }
}

const printSymbol = (d: Dim): string =>
  d.op === "symbol" ? `${d.name} in ${d.lo}..${d.hi}${d.step === 1 ? "" : ` step ${d.step}`}` : printDim(d);

export function printProgram(p: Program): string {
  const out = [`program ${name(p.name)} {`];
  for (const d of p.symbols) out.push(`  dim ${printSymbol(d)}`);
  for (const r of p.resources) {
    const shape = r.shape.map(printDim).join(", ");
    const stored = printDim(r.length);
    const said = r.name === r.id ? "" : ` ${JSON.stringify(r.name)}`;
    const place = r.arena ? ` at ${printDim(r.arena.offset)}` : "";
    out.push(`  ${r.kind} ${name(r.id)}${said}: ${r.dtype}[${shape}] length ${stored}${place}`);
  }
  for (const { input, extent } of p.subscripts ?? []) out.push(`  subscript ${name(input)} below ${printDim(extent)}`);
  if (p.prepare.length > 0) {
    out.push("  prepare {");
    printSteps(p.prepare, "    ", out);
    out.push("  }");
  }
  out.push("  run {");
  printSteps(p.steps, "    ", out);
  out.push("  }", "}", "");
  return [out.join("\n"), ...p.kernels.map(printKernel)].join("\n");
}
