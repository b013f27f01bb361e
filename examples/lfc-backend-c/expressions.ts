import { type DType, type KExpr, type KStmt, type ScalarFn, typeOf } from "lfc/backend";

/** Kernel expressions and statements as C. Brackets stand round every operation: a C compiler does not mind them. */

export const cType = (dtype: DType): string =>
  dtype === "f32"
    ? "float"
    : dtype === "i32"
      ? "int32_t"
      : dtype === "u32" || dtype === "bool"
        ? "uint32_t"
        : none(dtype);

const none = (what: string): never => {
  throw new Error(`C has no ${what}`);
};

/** Any id as the end of a C name; different ids give different names. */
export const mangle = (id: string): string =>
  id.replace(/[^A-Za-z0-9]/g, (c) => (c === "_" ? "_" : `_${c.codePointAt(0)?.toString(16) ?? ""}_`));

const literal = (value: number, dtype: DType): string => {
  if (dtype === "bool") return value === 0 ? "0" : "1";
  if (dtype === "u32") return `${value}u`;
  if (dtype === "i32") return value === -2147483648 ? "INT32_MIN" : String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NAN" : value > 0 ? "INFINITY" : "(-INFINITY)";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
};

const infix: Partial<Record<ScalarFn, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "&&",
  or: "||",
};

/** Functions of libm; the others are in the prelude, named `lfc_NAME_TYPE`. */
const libm: Partial<Record<ScalarFn, string>> = {
  exp: "expf",
  log: "logf",
  sqrt: "sqrtf",
  sin: "sinf",
  cos: "cosf",
  tanh: "tanhf",
  erf: "erff",
  pow: "powf",
};

export function printExpr(e: KExpr): string {
  switch (e.k) {
    case "lit":
      return literal(e.value, e.type.dtype);
    case "var":
      return `v_${mangle(e.var)}`;
    case "dim":
      return `d[${e.slot}]`;
    case "load": {
      const element = `b_${mangle(e.buffer)}[${printExpr(e.at)}]`;
      return e.type.dtype === "bool" ? `(${element} != 0)` : element;
    }
    case "op":
      return operation(e);
    case "lane":
    case "pack":
    case "fold":
    case "subgroup":
      return none(`${e.k}: its target has no vectors and no subgroups`);
  }
}

function operation(e: Extract<KExpr, { k: "op" }>): string {
  const args = e.args.map(printExpr);
  const [a = "", b = "", c = ""] = args;
  const from = e.args[0] === undefined ? e.type.dtype : typeOf(e.args[0]).dtype;
  const call = (name: string): string => `${name}(${args.join(", ")})`;
  switch (e.op) {
    case "select":
      return `(${a} ? ${b} : ${c})`;
    case "fma":
      return `(${a} * ${b} + ${c})`;
    case "neg":
      return `(-${a})`;
    case "not":
      return `(!${a})`;
    case "div":
      return from === "f32" ? `(${a} / ${b})` : call(`lfc_truncdiv_${from}`);
    case "relu":
      return `lfc_max_f32(${a}, 0.0f)`;
    case "bitcast":
      return from === e.type.dtype ? a : call(`lfc_${from}_as_${e.type.dtype}`);
    case "convert":
      if (e.type.dtype === "bool") return `(${a} != 0)`;
      if (from === "f32" && e.type.dtype !== "f32") return call(`lfc_f32_to_${e.type.dtype}`);
      return `((${cType(e.type.dtype)})${a})`;
    case "splat":
    case "madd4":
      return none(`${e.op}: its target has no vectors`);
    default: {
      const sign = infix[e.op];
      if (sign !== undefined) return `(${a} ${sign} ${b})`;
      return call(libm[e.op] ?? `lfc_${e.op}_${from}`);
    }
  }
}

/** The statements of a kernel. `line` takes one line of text. */
export function printStmts(body: readonly KStmt[], indent: string, line: (text: string) => void): void {
  for (const s of body) {
    switch (s.s) {
      case "let": {
        const { dtype } = typeOf(s.value);
        line(`${indent}const ${dtype === "bool" ? "int" : cType(dtype)} v_${mangle(s.var)} = ${printExpr(s.value)};`);
        break;
      }
      case "store":
        line(`${indent}b_${mangle(s.buffer)}[${printExpr(s.at)}] = ${printExpr(s.value)};`);
        break;
      case "if":
        line(`${indent}if (${printExpr(s.cond)}) {`);
        printStmts(s.then, `${indent}  `, line);
        if (s.else.length > 0) {
          line(`${indent}} else {`);
          printStmts(s.else, `${indent}  `, line);
        }
        line(`${indent}}`);
        break;
      case "for": {
        const v = `v_${mangle(s.var)}`;
        line(`${indent}for (int32_t ${v} = ${printExpr(s.from)}; ${v} < ${printExpr(s.to)}; ${v} += ${s.step}) {`);
        printStmts(s.body, `${indent}  `, line);
        line(`${indent}}`);
        break;
      }
      case "pin":
        break;
      case "barrier":
        none("barrier: its target runs one thread");
    }
  }
}
