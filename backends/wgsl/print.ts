import { typeOf } from "../../src/ir/kernel/expr.js";
import { sameExpr } from "../../src/ir/kernel/linear.js";
import type { KBuffer, KExpr, Kernel, KStmt, KType, VarId } from "../../src/ir/kernel/ops.js";
import { walkExprs, walkStmts } from "../../src/ir/kernel/visit.js";
import { invariant, unreachable } from "../../src/util/invariant.js";
import { type HelperSet, helperSet } from "./helpers.js";
import { namesWith } from "./names.js";
import { isFloat, laneName, literal, storageType, valueType } from "./types.js";
import { firstZeroes } from "./zeroes.js";

/**
 * Prints one kernel as a WGSL module. The printer decides nothing: `legalize` has taken away what WGSL lacks, `unroll` has
 * made every register index a literal. Storage buffers are bound in the order of `Kernel.buffers`, the run-time sizes
 * follow as one uniform struct.
 */
export interface KernelNotes {
  /** What the dispatches of the kernel compute, in the user's words. */
  readonly about: readonly string[];
  /** What each size slot holds, where all dispatches agree. */
  readonly sizes: readonly (string | undefined)[];
}

interface Printed {
  readonly text: string;
  /** How tightly it binds: 4 primary, 3 `!`, 2 multiplication, 1 addition and leading minus, 0 anything looser. */
  readonly level: 0 | 1 | 2 | 3 | 4;
}

interface Context {
  readonly kernel: Kernel;
  readonly buffers: ReadonlyMap<string, KBuffer>;
  readonly helpers: HelperSet;
  readonly variable: (v: VarId) => string;
  readonly memory: (buffer: KBuffer) => string;
  /** Statements that say what holds without them. */
  readonly silent: ReadonlySet<KStmt>;
  /** Variables that can't be negative: a division that rounds towards zero is exact for them. */
  readonly nonNegative: Set<VarId>;
}

const prefixOf = { global: "b_", shared: "s_", scratch: "p_", register: "r_" } as const;

export function printKernel(kernel: Kernel, notes: KernelNotes): string {
  const taken = new Set(["main", "group_id", "local_id", "sizes", "Sizes"]);
  const variables = namesWith("v_", taken);
  const memories = {
    global: namesWith(prefixOf.global, taken),
    shared: namesWith(prefixOf.shared, taken),
    scratch: namesWith(prefixOf.scratch, taken),
    register: namesWith(prefixOf.register, taken),
  };
  const cx: Context = {
    kernel,
    buffers: new Map(kernel.buffers.map((b) => [b.id, b])),
    helpers: helperSet(),
    variable: (v) => variables.get(v),
    memory: (b) => memories[b.space].get(b.id),
    silent: firstZeroes(kernel),
    nonNegative: new Set(),
  };
  const declarations = printBindings(cx, notes);
  const privates = printPrivates(cx);
  const body = printBody(kernel.body, cx, "  ");
  const ids = usedIds(kernel);
  return `${[
    ...notes.about.flatMap((line) => line.split(/[\n\r\u2028\u2029]/)).map((line) => `// ${line}`),
    ...enables(kernel),
    ...(notes.about.length > 0 ? [""] : []),
    ...declarations,
    ...(declarations.length > 0 ? [""] : []),
    ...cx.helpers.lines(),
    `@compute @workgroup_size(${kernel.local.join(", ")})`,
    `fn main(${ids.join(", ")}) {`,
    ...privates,
    ...body,
    "}",
  ].join("\n")}\n`;
}

function enables(kernel: Kernel): readonly string[] {
  let f16 = kernel.buffers.some((b) => b.type.dtype === "f16");
  let subgroups = false;
  walkExprs(kernel.body, (e) => {
    if (typeOf(e).dtype === "f16") f16 = true;
    if (e.k === "subgroup") subgroups = true;
  });
  return [...(f16 ? ["enable f16;"] : []), ...(subgroups ? ["enable subgroups;"] : [])];
}

function usedIds(kernel: Kernel): readonly string[] {
  const bound = new Set<string>();
  walkStmts(kernel.body, (s) => {
    if (s.s === "for") bound.add(s.bind.to);
  });
  return [
    ...(bound.has("grid") ? ["@builtin(workgroup_id) group_id: vec3<u32>"] : []),
    ...(bound.has("local") ? ["@builtin(local_invocation_id) local_id: vec3<u32>"] : []),
  ];
}

function printBindings(cx: Context, notes: KernelNotes): readonly string[] {
  const lines: string[] = [];
  const { kernel } = cx;
  if (kernel.dims > 0) {
    lines.push("struct Sizes {");
    for (let slot = 0; slot < kernel.dims; slot++) {
      const note = notes.sizes[slot];
      lines.push(`  s${slot}: i32,${note === undefined ? "" : ` // ${note.replace(/\s+/g, " ")}`}`);
    }
    lines.push("}", "");
  }
  let binding = 0;
  for (const buffer of kernel.buffers) {
    if (buffer.space !== "global") continue;
    const access = buffer.access === "read" ? "read" : "read_write";
    lines.push(
      `@group(0) @binding(${binding++}) var<storage, ${access}> ${cx.memory(buffer)}: array<${storageType(buffer.type)}>;`,
    );
  }
  if (kernel.dims > 0) lines.push(`@group(0) @binding(${binding}) var<uniform> sizes: Sizes;`);
  for (const buffer of kernel.buffers) {
    if (buffer.space !== "shared") continue;
    lines.push(`var<workgroup> ${cx.memory(buffer)}: array<${storageType(buffer.type)}, ${buffer.length}>;`);
  }
  return lines;
}

const registerName = (buffer: KBuffer, element: number, cx: Context): string =>
  buffer.length === 1 ? cx.memory(buffer) : `${cx.memory(buffer)}_${element}`;

/** Registers that are used, one local each; private memory as an array. */
function printPrivates(cx: Context): readonly string[] {
  const used = new Map<string, Set<number>>();
  const use = (id: string, at: KExpr): void => {
    const buffer = cx.buffers.get(id);
    if (buffer?.space !== "register") return;
    const elements = used.get(id) ?? new Set();
    used.set(id, elements.add(registerIndex(buffer, at, cx)));
  };
  walkExprs(cx.kernel.body, (e) => {
    if (e.k === "load") use(e.buffer, e.at);
  });
  walkStmts(cx.kernel.body, (s) => {
    if (s.s === "store") use(s.buffer, s.at);
  });
  const lines: string[] = [];
  for (const buffer of cx.kernel.buffers) {
    if (buffer.space === "scratch") {
      lines.push(`  var ${cx.memory(buffer)}: array<${storageType(buffer.type)}, ${buffer.length}>;`);
    } else if (buffer.space === "register") {
      const elements = [...(used.get(buffer.id) ?? [])].sort((a, b) => a - b);
      const texts = elements.map((i) => `var ${registerName(buffer, i, cx)}: ${valueType(buffer.type)};`);
      for (let i = 0; i < texts.length; i += 4) lines.push(`  ${texts.slice(i, i + 4).join(" ")}`);
    }
  }
  return lines;
}

function registerIndex(buffer: KBuffer, at: KExpr, cx: Context): number {
  invariant(at.k === "lit", () => `${cx.kernel.name}: register ${buffer.id} is indexed by an expression; unroll first`);
  invariant(at.value >= 0 && at.value < Number(buffer.length), () => `${cx.kernel.name}: ${buffer.id}[${at.value}]`);
  return at.value;
}

function bufferOf(id: string, cx: Context): KBuffer {
  const buffer = cx.buffers.get(id);
  invariant(buffer !== undefined, () => `${cx.kernel.name}: there is no buffer ${id}`);
  return buffer;
}

const axisName = (axis: 0 | 1 | 2): string => laneName(axis);

function printBody(body: readonly KStmt[], cx: Context, indent: string): string[] {
  return body.flatMap((s) => (cx.silent.has(s) ? [] : printStmt(s, cx, indent)));
}

function printStmt(s: KStmt, cx: Context, indent: string): readonly string[] {
  switch (s.s) {
    case "for":
      return printFor(s, cx, indent);
    case "let":
      if (isNonNegative(s.value, cx)) cx.nonNegative.add(s.var);
      return [`${indent}let ${cx.variable(s.var)} = ${expr(s.value, cx).text};`];
    case "store":
      return [`${indent}${printStore(s.buffer, s.at, s.value, cx)}`];
    case "if": {
      const then = printBody(s.then, cx, `${indent}  `);
      const otherwise = printBody(s.else, cx, `${indent}  `);
      const cond = expr(s.cond, cx).text;
      if (then.length === 0 && otherwise.length === 0) return [];
      return [
        `${indent}if (${cond}) {`,
        ...then,
        ...(otherwise.length > 0 ? [`${indent}} else {`, ...otherwise] : []),
        `${indent}}`,
      ];
    }
    case "barrier":
      return [`${indent}workgroupBarrier();`];
    case "pin":
      return [];
    default:
      return unreachable(s);
  }
}

function printFor(s: Extract<KStmt, { s: "for" }>, cx: Context, indent: string): readonly string[] {
  const name = cx.variable(s.var);
  const from = expr(s.from, cx);
  if (isNonNegative(s.from, cx)) cx.nonNegative.add(s.var);
  switch (s.bind.to) {
    case "grid":
    case "local": {
      const id = `i32(${s.bind.to === "grid" ? "group_id" : "local_id"}.${axisName(s.bind.axis)})`;
      const scaled = s.step === 1 ? id : `${id} * ${s.step}i`;
      const value = s.from.k === "lit" && s.from.value === 0 ? scaled : `${tight(from, 1)} + ${scaled}`;
      return [`${indent}let ${name} = ${value};`, ...printBody(s.body, cx, indent)];
    }
    case "serial":
      return [
        `${indent}for (var ${name} = ${from.text}; ${name} < ${tight(expr(s.to, cx), 1)}; ${name} += ${s.step}i) {`,
        ...printBody(s.body, cx, `${indent}  `),
        `${indent}}`,
      ];
    case "unroll":
      invariant(false, () => `${cx.kernel.name}: the loop over ${s.var} is not unrolled`);
      return [];
    default:
      return unreachable(s.bind);
  }
}

function printStore(id: string, at: KExpr, value: KExpr, cx: Context): string {
  const buffer = bufferOf(id, cx);
  if (buffer.space === "register") {
    const name = registerName(buffer, registerIndex(buffer, at, cx), cx);
    const more = addedTo(buffer, at, value);
    if (more === undefined) return `${name} = ${expr(value, cx).text};`;
    return `${name} += ${more.k === "op" && more.op === "madd4" ? fourSteps(more, cx) : expr(more, cx).text};`;
  }
  const text = expr(value, cx).text;
  const place = `${cx.memory(buffer)}[${expr(at, cx).text}]`;
  if (buffer.type.dtype !== "bool") return `${place} = ${text};`;
  const word: KType = { dtype: "u32", width: buffer.type.width };
  return `${place} = select(${literal(0, word)}, ${literal(1, word)}, ${text});`;
}

const primary = (text: string): Printed => ({ text, level: 4 });

/** In parentheses unless it binds at least as tightly as `level`. */
const tight = (p: Printed, level: Printed["level"]): string => (p.level >= level ? p.text : `(${p.text})`);

function expr(e: KExpr, cx: Context): Printed {
  switch (e.k) {
    case "lit": {
      const text = literal(e.value, e.type);
      return { text, level: text.startsWith("-") ? 1 : 4 };
    }
    case "var":
      return primary(cx.variable(e.var));
    case "dim":
      invariant(e.slot < cx.kernel.dims, () => `${cx.kernel.name}: no size slot ${e.slot}`);
      return primary(`sizes.s${e.slot}`);
    case "load": {
      const buffer = bufferOf(e.buffer, cx);
      if (buffer.space === "register") return primary(registerName(buffer, registerIndex(buffer, e.at, cx), cx));
      const element = `${cx.memory(buffer)}[${expr(e.at, cx).text}]`;
      if (buffer.type.dtype !== "bool") return primary(element);
      return { text: `${element} != ${literal(0, { dtype: "u32", width: buffer.type.width })}`, level: 0 };
    }
    case "lane":
      return primary(`${tight(expr(e.of, cx), 4)}.${laneName(e.lane)}`);
    case "pack":
      return primary(`${valueType(e.type)}(${argumentsOf(e.lanes, cx)})`);
    case "fold":
      return primary(`${cx.helpers.use(`fold_${e.op}`, typeOf(e.of))}(${expr(e.of, cx).text})`);
    case "subgroup":
      return primary(printSubgroup(e, cx));
    case "op":
      return printOp(e, cx);
    default:
      return unreachable(e);
  }
}

/** A comparison among arguments stands in parentheses: `f(a < b, c > d)` would be read as a template. */
const argumentsOf = (args: readonly KExpr[], cx: Context): string => args.map((x) => tight(expr(x, cx), 1)).join(", ");

function printSubgroup(e: Extract<KExpr, { k: "subgroup" }>, cx: Context): string {
  const of = expr(e.of, cx).text;
  switch (e.op) {
    case "broadcast":
      return `subgroupBroadcast(${of}, ${e.lane ?? 0}u)`;
    case "shuffleXor":
      return `subgroupShuffleXor(${of}, ${e.lane ?? 0}u)`;
    case "add":
    case "max":
    case "min":
    case "mul":
      return `subgroup${e.op[0]?.toUpperCase()}${e.op.slice(1)}(${of})`;
    default:
      return unreachable(e.op);
  }
}

type OpExpr = Extract<KExpr, { k: "op" }>;

/** What a store adds to a register that it reads first: a sum, or four steps of a product. */
function addedTo(buffer: KBuffer, at: KExpr, value: KExpr): KExpr | undefined {
  if (value.k !== "op") return undefined;
  const isOld = (e: KExpr | undefined): boolean => e?.k === "load" && e.buffer === buffer.id && sameExpr(e.at, at);
  if (value.op === "madd4" && isOld(value.args[5])) return value;
  return value.op === "add" && isOld(value.args[0]) ? value.args[1] : undefined;
}

/** The products of `madd4`, without the sum that they are added to. */
function fourSteps(e: OpExpr, cx: Context): string {
  const [x, ...rest] = e.args;
  const columns = rest.slice(0, 4);
  invariant(x && columns.length === 4, () => `${cx.kernel.name}: madd4 lacks an operand`);
  const vector = tight(expr(x, cx), 4);
  if (typeOf(e).width === 4)
    return `mat4x4<${valueType({ ...typeOf(e), width: 1 })}>(${argumentsOf(columns, cx)}) * ${vector}`;
  return columns.map((c, i) => `${vector}.${laneName(i as 0 | 1 | 2 | 3)} * ${tight(expr(c, cx), 3)}`).join(" + ");
}

function printOp(e: OpExpr, cx: Context): Printed {
  const [a, b, c] = e.args;
  invariant(a !== undefined, () => `${cx.kernel.name}: ${e.op} without operands`);
  const type = typeOf(a);
  const printed = (x: KExpr | undefined): Printed => {
    invariant(x !== undefined, () => `${cx.kernel.name}: ${e.op} lacks an operand`);
    return expr(x, cx);
  };
  const call = (name: string): Printed => primary(`${name}(${argumentsOf(e.args, cx)})`);
  const helper = (name: string): Printed => call(cx.helpers.use(name, type));
  /** Left-associative as written: a - (b - c) and a + (b + c) keep their parentheses. */
  const binary = (op: string, level: 1 | 2): Printed => ({
    text: `${tight(printed(a), level)} ${op} ${tight(printed(b), level === 1 ? 2 : 3)}`,
    level,
  });
  /** Operators that may not be mixed without parentheses. */
  const loose = (op: string): Printed => ({ text: `${tight(printed(a), 1)} ${op} ${tight(printed(b), 1)}`, level: 0 });
  // `&&` would be a branch, of which a driver's compiler may make 2ⁿ paths; both operands may be evaluated (rule 9).
  const logic = (op: "&" | "|"): Printed => ({
    text: `${tight(printed(a), 4)} ${op} ${tight(printed(b), 4)}`,
    level: 0,
  });
  switch (e.op) {
    case "add":
      return binary("+", 1);
    case "sub":
      return binary("-", 1);
    case "mul":
      return binary("*", 2);
    case "div":
      return binary("/", 2);
    case "floordiv":
      if (isFloat(type.dtype)) return helper("floordiv_f");
      return isNonNegative(a, cx) && isPositive(b)
        ? binary("/", 2)
        : type.dtype === "u32"
          ? binary("/", 2)
          : helper("floordiv");
    case "mod":
      if (isFloat(type.dtype)) return helper("mod_f");
      return isNonNegative(a, cx) && isPositive(b)
        ? binary("%", 2)
        : type.dtype === "u32"
          ? binary("%", 2)
          : helper("mod");
    case "fma":
      if (isFloat(type.dtype)) return call("fma");
      return { text: `${tight(printed(a), 2)} * ${tight(printed(b), 3)} + ${tight(printed(c), 2)}`, level: 1 };
    case "madd4": {
      const acc = e.args[5];
      invariant(acc, () => `${cx.kernel.name}: madd4 lacks an operand`);
      return { text: `${tight(printed(acc), 1)} + ${fourSteps(e, cx)}`, level: 1 };
    }
    case "neg":
      return { text: `-${tight(printed(a), 4)}`, level: 1 };
    case "not":
      return { text: `!${tight(printed(a), 4)}`, level: 3 };
    case "eq":
      return loose("==");
    case "ne":
      return loose("!=");
    case "lt":
      return loose("<");
    case "le":
      return loose("<=");
    case "gt":
      return loose(">");
    case "ge":
      return loose(">=");
    case "and":
      return logic("&");
    case "or":
      return logic("|");
    case "select":
      invariant(b !== undefined && c !== undefined, () => `${cx.kernel.name}: select lacks an operand`);
      return primary(`select(${argumentsOf([c, b, a], cx)})`);
    case "min":
    case "max":
    case "abs":
    case "log":
    case "sqrt":
      return call(e.op);
    case "sin":
    case "cos":
      return type.dtype === "f32" ? helper(e.op) : call(e.op);
    case "rsqrt":
      return call("inverseSqrt");
    case "pow":
      return isFloat(type.dtype) ? helper("pow") : helper("pow_i");
    case "exp":
    case "tanh":
    case "erf":
    case "sigmoid":
    case "relu":
    case "gelu":
    case "gelu_tanh":
    case "silu":
      return helper(e.op);
    case "splat":
    case "convert":
      return call(valueType(e.type));
    case "bitcast":
      return call(`bitcast<${valueType(e.type)}>`);
    default:
      return unreachable(e.op);
  }
}

const isPositive = (e: KExpr | undefined): boolean => e?.k === "lit" && e.value > 0;

/** Whether an i32 can't be negative, from what is known of the variables in it. Sizes never are. */
function isNonNegative(e: KExpr, cx: Context): boolean {
  const all = (xs: readonly KExpr[]): boolean => xs.every((x) => isNonNegative(x, cx));
  switch (e.k) {
    case "lit":
      return e.value >= 0;
    case "dim":
      return true;
    case "var":
      return cx.nonNegative.has(e.var);
    case "op":
      switch (e.op) {
        case "add":
        case "mul":
        case "min":
          return all(e.args);
        case "floordiv":
        case "div":
          return all(e.args);
        case "mod":
          return isPositive(e.args[1]) || all(e.args);
        case "max":
          return e.args.some((x) => isNonNegative(x, cx));
        case "select":
          return all(e.args.slice(1));
        default:
          return false;
      }
    default:
      return false;
  }
}
