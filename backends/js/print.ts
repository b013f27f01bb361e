import { typeOf } from "../../src/ir/kernel/expr.js";
import type { BufId, KBuffer, KExpr, Kernel, KStmt } from "../../src/ir/kernel/ops.js";
import { printType } from "../../src/ir/kernel/print.js";
import { walkExprs, walkStmts } from "../../src/ir/kernel/visit.js";
import { invariant, unreachable } from "../../src/util/invariant.js";
import { countOperations, expressionPrinter, mathFunctions, type Names } from "./expressions.js";
import { prelude } from "./prelude.js";

/**
 * Kernels as JavaScript: `k_NAME(dims, buffers)` runs a dispatch, a loop nest over calls of `i_NAME`, one invocation, on
 * typed arrays. Where a kernel has barriers an invocation is a generator that yields at them.
 *
 * Names of the IR are prefixed by what they are: `k_` kernel, `i_` its invocation, `b_` buffer, `v_` variable, `d_` size, `r_` register,
 * `m_` shared or scratch memory; `t_` is the printer's. With `instrumented` every access goes through a memory object of
 * `memory.ts` and operations are counted; such text only runs with the object `rt` that `load` gives it.
 */
export interface PrintOptions {
  readonly instrumented: boolean;
}

/** Any id as the end of a JavaScript name; different ids give different names. */
const mangle = (id: string): string => id.replace(/[^A-Za-z0-9_]/g, (c) => `$${c.codePointAt(0)?.toString(16) ?? ""}$`);

export const kernelName = (k: Kernel): string => `k_${mangle(k.name)}`;

const arrayName = (b: KBuffer): string =>
  b.type.dtype === "i32"
    ? "Int32Array"
    : b.type.dtype === "u32" || b.type.dtype === "bool"
      ? "Uint32Array"
      : "Float32Array";

/** The function of one invocation. */
const invocationName = (k: Kernel): string => `i_${mangle(k.name)}`;

/** The name under which a kernel's function receives a buffer. */
export const bufferName = (id: BufId): string => `b_${mangle(id)}`;

interface Shell {
  readonly grid: readonly (KStmt & { readonly s: "for" })[];
  readonly local: readonly (KStmt & { readonly s: "for" })[];
  readonly body: readonly KStmt[];
}

function shellOf(k: Kernel): Shell {
  const grid: (KStmt & { readonly s: "for" })[] = [];
  const local: (KStmt & { readonly s: "for" })[] = [];
  let body = k.body;
  for (;;) {
    const only: KStmt | undefined = body.length === 1 ? body[0] : undefined;
    if (only?.s !== "for") break;
    if (only.bind.to === "grid" && local.length === 0) grid.push(only);
    else if (only.bind.to === "local") local.push(only);
    else break;
    body = only.body;
  }
  return { grid, local, body };
}

/** Register buffers that some index that is not a literal reads or writes: they become arrays. */
function dynamicRegisters(k: Kernel): ReadonlySet<BufId> {
  const found = new Set<BufId>();
  walkExprs(k.body, (e) => {
    if (e.k === "load" && e.at.k !== "lit") found.add(e.buffer);
  });
  walkStmts(k.body, (s) => {
    if (s.s === "store" && s.at.k !== "lit") found.add(s.buffer);
  });
  return found;
}

/** Whether the value of a lane depends on other lanes, so that lanes cannot be stored one after the other. */
function crossesLanes(value: KExpr, buffer: BufId): boolean {
  let reads = false;
  let crosses = false;
  walkExprs([{ s: "let", var: "", value }], (e) => {
    if (e.k === "load" && e.buffer === buffer) reads = true;
    if (e.k === "lane" || e.k === "fold" || e.k === "pack") crosses = true;
  });
  return reads && crosses;
}

/** The function of one kernel; `helpers` collects the functions that it calls. */
export function printKernelFunction(k: Kernel, options: PrintOptions, helpers: Set<string>): string {
  const { instrumented } = options;
  const shell = shellOf(k);
  const dynamic = dynamicRegisters(k);
  const buffers = new Map(k.buffers.map((b) => [b.id, b] as const));
  let meets = false;
  walkStmts(k.body, (s) => {
    if (s.s === "barrier") meets = true;
  });
  walkExprs(k.body, (e) => {
    if (e.k === "subgroup") meets = true;
  });
  const out: string[] = [];
  let indent = "";
  let temporaries = 0;
  const line = (text: string): void => void out.push(indent + text);
  const open = (text: string): void => {
    line(text);
    indent += "  ";
  };
  const close = (text = "}"): void => {
    indent = indent.slice(2);
    line(text);
  };

  const get = (id: BufId): KBuffer => {
    const b = buffers.get(id);
    invariant(b, () => `kernel ${k.name} has no buffer ${id}`);
    return b;
  };
  const isLocal = (b: KBuffer): boolean => b.space === "register" && !dynamic.has(b.id);
  const localName = (b: KBuffer, element: number, lane: number): string =>
    `r_${mangle(b.id)}_${element}${b.type.width === 1 ? "" : `$${lane}`}`;
  const memoryName = (b: KBuffer): string =>
    b.space === "global" ? bufferName(b.id) : b.space === "register" ? `r_${mangle(b.id)}` : `m_${mangle(b.id)}`;
  const place = (b: KBuffer, at: string, literal: number | undefined, lane: number): string => {
    const { width } = b.type;
    if (literal !== undefined) return String(literal * width + lane);
    if (width === 1) return at;
    const scaled = `${/^[\w$]+$/.test(at) ? at : `(${at})`} * ${width}`;
    return lane === 0 ? scaled : `${scaled} + ${lane}`;
  };

  const names: Names = {
    variable: (name, lane, width) => `v_${mangle(name)}${width === 1 ? "" : `$${lane}`}`,
    slot: (index) => `d_${index}`,
    element(id, at, literal, lane) {
      const b = get(id);
      if (isLocal(b) && literal !== undefined) {
        const name = localName(b, literal, lane);
        return instrumented ? `rt.register(${name}, ${JSON.stringify(id)}, ${literal})` : name;
      }
      return instrumented ? `${memoryName(b)}.get(${at}, ${lane})` : `${memoryName(b)}[${place(b, at, literal, lane)}]`;
    },
    check(id, at, literal) {
      const b = get(id);
      return instrumented && !(isLocal(b) && literal !== undefined) ? `${memoryName(b)}.check(${at});` : undefined;
    },
    temporary: () => `t_${temporaries++}`,
    helper: (name) => void helpers.add(name),
    lazyArms: instrumented,
  };

  /** Prints a statement's constants, then what `make` builds out of its expressions. */
  const withPrinter = (exprs: readonly KExpr[], make: (print: (e: KExpr, lane?: number) => string) => void): void => {
    const lines: string[] = [];
    const printer = expressionPrinter(names, lines);
    for (const e of exprs) printer.announce(e);
    make((e, lane = 0) => {
      const text = printer.print(e, lane);
      for (const l of lines.splice(0)) line(l);
      return text;
    });
  };

  const store = (s: KStmt & { readonly s: "store" }): void => {
    const b = get(s.buffer);
    const { width, dtype } = b.type;
    const lanes = Array.from({ length: width }, (_, i) => i);
    const literal = s.at.k === "lit" ? s.at.value : undefined;
    withPrinter([...lanes.map(() => s.at), s.value], (print) => {
      const at = print(s.at);
      const write = (lane: number, value: string): void => {
        if (isLocal(b) && literal !== undefined) line(`${localName(b, literal, lane)} = ${value};`);
        else if (instrumented) line(`${memoryName(b)}.put(${at}, ${lane}, ${value});`);
        else line(`${memoryName(b)}[${place(b, at, literal, lane)}] = ${value};`);
      };
      const stored = (text: string): string => (dtype === "bool" ? `(${text}) ? 1 : 0` : text);
      if (width > 1 && crossesLanes(s.value, s.buffer)) {
        const held = lanes.map((lane) => {
          const name = names.temporary();
          const text = stored(print(s.value, lane));
          line(`const ${name} = ${text};`);
          return name;
        });
        held.forEach((name, lane) => {
          write(lane, name);
        });
      } else {
        for (const lane of lanes) write(lane, stored(print(s.value, lane)));
      }
    });
  };

  const statements = (body: readonly KStmt[]): void => {
    if (instrumented) {
      const exprs = body.flatMap((s) =>
        s.s === "let" ? [[s.value]] : s.s === "store" ? [[s.at, s.value]] : s.s === "if" ? [[s.cond]] : [],
      );
      const counts = new Map<string, number>();
      for (const e of exprs) for (const [op, n] of countOperations(e)) counts.set(op, (counts.get(op) ?? 0) + n);
      if (counts.size > 0) line([...counts].map(([op, n]) => `n.${op} += ${n};`).join(" "));
    }
    for (const s of body) statement(s);
  };

  const statement = (s: KStmt): void => {
    switch (s.s) {
      case "let": {
        const { width } = typeOf(s.value);
        withPrinter([s.value], (print) => {
          for (let lane = 0; lane < width; lane++) {
            const text = print(s.value, lane);
            line(`const ${names.variable(s.var, lane, width)} = ${text};`);
          }
        });
        return;
      }
      case "store":
        store(s);
        return;
      case "if":
        withPrinter([s.cond], (print) => open(`if (${print(s.cond)}) {`));
        statements(s.then);
        if (s.else.length > 0) {
          close("} else {");
          indent += "  ";
          statements(s.else);
        }
        close();
        return;
      case "for":
        loop(s);
        statements(s.body);
        close();
        return;
      case "barrier":
        line("yield;");
        return;
      case "pin":
        return;
      default:
        unreachable(s);
    }
  };

  const loop = (s: KStmt & { readonly s: "for" }): void => {
    const v = names.variable(s.var, 0, 1);
    withPrinter([s.from, s.to], (print) => {
      let to = print(s.to);
      if (s.to.k === "op" || s.to.k === "load" || s.to.k === "lane") {
        const name = names.temporary();
        line(`const ${name} = ${to};`);
        to = name;
      }
      const step = s.step === 1 ? `${v}++` : `${v} += ${s.step}`;
      open(`for (let ${v} = ${print(s.from)}; ${v} < ${to}; ${step}) {`);
    });
  };

  const allocate = (b: KBuffer): string => {
    invariant(b.space !== "global", () => "global memory is given");
    if (instrumented) return `rt.memory("${b.space}", ${JSON.stringify(b.id)}, ${b.length}, ${b.type.width})`;
    return `new ${arrayName(b)}(${b.length * b.type.width})`;
  };
  /** Memory of one invocation that has a fresh meaning in each. */
  const registers = (): void => {
    for (const b of k.buffers) {
      if (!isLocal(b) || b.space !== "register") continue;
      const start = instrumented ? "" : b.type.dtype === "f32" || b.type.dtype === "f16" ? " = NaN" : " = 0";
      const all = Array.from({ length: b.length * b.type.width }, (_, i) =>
        localName(b, Math.floor(i / b.type.width), i % b.type.width),
      );
      for (let i = 0; i < all.length; i += 8) {
        line(
          `let ${all
            .slice(i, i + 8)
            .map((name) => name + start)
            .join(", ")};`,
        );
      }
    }
  };
  const memories = (spaces: readonly string[]): void => {
    for (const b of k.buffers) {
      if (spaces.includes(b.space) && !isLocal(b)) line(`const ${memoryName(b)} = ${allocate(b)};`);
    }
  };

  const globals = k.buffers.filter((b) => b.space === "global").map((b) => bufferName(b.id));
  const slots = Array.from({ length: k.dims }, (_, i) => `d_${i}`);
  const outer = k.buffers.filter((b) =>
    instrumented || meets ? b.space === "shared" : b.space !== "global" && !isLocal(b),
  );
  const parameters = [
    ...[...shell.grid, ...shell.local].map((l) => names.variable(l.var, 0, 1)),
    ...slots,
    ...globals,
    ...outer.map(memoryName),
    ...(instrumented ? ["rt"] : []),
  ].join(", ");

  // One invocation is a function of its own: an engine optimises what is called often better than what loops long.
  for (const b of k.buffers) {
    if (b.space === "global") line(`// ${bufferName(b.id)}: ${printType(b.type)}, ${b.access.replace("_", " and ")}`);
  }
  open(`function${meets ? "*" : ""} ${invocationName(k)}(${parameters}) {`);
  if (instrumented) line("const n = rt.operations;");
  if (instrumented || meets) memories(["scratch", "register"]);
  registers();
  statements(shell.body);
  close();

  open(`function ${kernelName(k)}(dims, { ${globals.join(", ")} }${instrumented ? ", rt" : ""}) {`);
  slots.forEach((slot, i) => {
    line(`const ${slot} = dims[${i}];`);
  });
  const shared = (): void => {
    for (const b of outer) line(`const ${memoryName(b)} = ${allocate(b)};`);
  };
  if (!instrumented) shared();
  for (const g of shell.grid) loop(g);
  if (instrumented) {
    line("rt.nextCell();");
    shared();
  }
  if (meets) line("const threads = [];");
  for (const l of shell.local) loop(l);
  if (instrumented && !meets) line("rt.nextInvocation();");
  const call = `${invocationName(k)}(${parameters})`;
  line(meets ? `threads.push(${call});` : `${call};`);
  for (const _ of shell.local) close();
  if (meets) {
    if (!instrumented) helpers.add("meet");
    line(`${instrumented ? "rt." : ""}meet(threads, ${k.subgroup ?? 32});`);
  }
  for (const _ of shell.grid) close();
  close();
  return out.join("\n");
}

/** The words that `load` looks for: what follows is the table of the kernels' functions. */
export const tableStart = "export const kernels = ";

/** A module of all kernels, with the helpers that they use. */
export function printModule(title: string, kernels: readonly Kernel[], options: PrintOptions): string {
  const helpers = new Set<string>(["fround"]);
  const functions = kernels.map((k) => printKernelFunction(k, options, helpers));
  const support = prelude(helpers);
  const math = [...helpers].filter((h) => mathFunctions.has(h)).sort();
  const table = kernels.map((k) => `  ${JSON.stringify(k.name)}: ${kernelName(k)},`);
  return [
    `// ${title.replace(/[\r\n\u2028\u2029]+/g, " ")}: kernels as plain JavaScript. Each runs one dispatch over typed arrays.`,
    `const { ${math.join(", ")} } = Math;`,
    ...(support === "" ? [] : ["", support]),
    ...functions.flatMap((f) => ["", f]),
    "",
    `${tableStart}{`,
    ...table,
    "};",
    "",
  ].join("\n");
}
