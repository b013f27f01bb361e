import { isFloat } from "../../src/ir/dtype.js";
import { operands, typeOf } from "../../src/ir/kernel/expr.js";
import type { BufId, KExpr, KOp } from "../../src/ir/kernel/ops.js";
import { invariant, unreachable } from "../../src/util/invariant.js";

/**
 * Expressions of one statement as JavaScript. A vector is printed lane by lane; what is used twice (a subscript of four
 * lanes, a shared subexpression) becomes a constant before the statement. Bools are JavaScript booleans, numbers are
 * rounded after every operation.
 */

/** How the names and memory of a kernel look in the text. */
export interface Names {
  variable(name: string, lane: number, width: number): string;
  slot(index: number): string;
  /** The value of one lane of an element; `at` is the text of its index. */
  element(buffer: BufId, at: string, literal: number | undefined, lane: number): string;
  /** A bounds check that is made even where the value is not read, or nothing. */
  check(buffer: BufId, at: string, literal: number | undefined): string | undefined;
  /** A name for a constant that the printer needs. */
  temporary(): string;
  /** Notes that a helper of the prelude is called. */
  helper(name: string): void;
  /** Whether loads in an arm of a select may only be evaluated when that arm is taken. */
  readonly lazyArms: boolean;
}

/** JavaScript precedences that matter here. */
const P = {
  or: 3,
  and: 4,
  bitOr: 5,
  bitAnd: 7,
  equal: 8,
  compare: 9,
  shift: 10,
  sum: 11,
  product: 12,
  unary: 14,
  atom: 18,
};

interface Text {
  readonly text: string;
  readonly p: number;
}

const atom = (text: string): Text => ({ text, p: P.atom });
const within = (t: Text, p: number): string => (t.p < p ? `(${t.text})` : t.text);

const infix: Partial<Record<KOp, readonly [symbol: string, precedence: number]>> = {
  add: ["+", P.sum],
  sub: ["-", P.sum],
  mul: ["*", P.product],
  div: ["/", P.product],
  eq: ["===", P.equal],
  ne: ["!==", P.equal],
  lt: ["<", P.compare],
  le: ["<=", P.compare],
  gt: [">", P.compare],
  ge: [">=", P.compare],
  and: ["&&", P.and],
  or: ["||", P.or],
};

/** Functions that are methods of `Math`, bound at the head of the module. */
export const mathFunctions: ReadonlySet<string> = new Set([
  "fround",
  "imul",
  "floor",
  "min",
  "max",
  "abs",
  "exp",
  "log",
  "sqrt",
  "sin",
  "cos",
  "tanh",
]);

const combining = { add: "add", mul: "mul", min: "min", max: "max" } as const;

/** The operand lanes of lane `lane` of four steps: those of x, the columns' and the sum's. */
function madd4Parts(e: Extract<KExpr, { k: "op" }>, lane: number): readonly (readonly [KExpr, number])[] {
  const [x, ...rest] = e.args;
  invariant(x && rest.length === 5, () => "madd4 has six operands");
  return [...[0, 1, 2, 3].map((i) => [x, i] as const), ...rest.map((c) => [c, lane] as const)];
}

/** Prints expressions for one statement; `lines` receives the constants that must stand before it. */
export function expressionPrinter(
  names: Names,
  lines: string[],
): {
  /** Declares which expressions, with how many lanes each, the statement prints. Must precede `print`. */
  announce(e: KExpr): void;
  print(e: KExpr, lane: number, outer?: number): string;
} {
  const uses = new Map<KExpr, number[]>();
  const outside = new Set<KExpr>();
  const made = new Map<KExpr, (string | undefined)[]>();

  /** The operand lanes that lane `lane` of `e` is made of. */
  const parts = (e: KExpr, lane: number): readonly (readonly [KExpr, number])[] => {
    switch (e.k) {
      case "lit":
      case "var":
      case "dim":
        return [];
      case "load":
        return [[e.at, 0]];
      case "lane":
        return [[e.of, e.lane]];
      case "pack": {
        const x = e.lanes[lane];
        return x ? [[x, 0]] : [];
      }
      case "fold": {
        const width = typeOf(e.of).width;
        return Array.from({ length: width }, (_, i) => [e.of, i] as const);
      }
      case "subgroup":
        return [[e.of, lane]];
      case "op":
        if (e.op === "madd4") return madd4Parts(e, lane);
        return e.op === "splat" ? e.args.map((x) => [x, 0] as const) : e.args.map((x) => [x, lane] as const);
      default:
        return unreachable(e);
    }
  };

  const count = (e: KExpr, lane: number, inArm: boolean): void => {
    if (!inArm) outside.add(e);
    let lanes = uses.get(e);
    if (!lanes) {
      lanes = [];
      uses.set(e, lanes);
    }
    const before = lanes[lane] ?? 0;
    lanes[lane] = before + 1;
    if (before > 0) return;
    parts(e, lane).forEach(([x, l], i) => {
      count(x, l, inArm || (names.lazyArms && e.k === "op" && e.op === "select" && i > 0));
    });
  };

  const trivial = (e: KExpr): boolean =>
    e.k === "lit" ||
    e.k === "var" ||
    e.k === "dim" ||
    e.k === "pack" ||
    (e.k === "lane" && trivial(e.of)) ||
    (e.k === "op" && e.op === "splat");

  const print = (e: KExpr, lane: number, arm: boolean): Text => {
    if (trivial(e)) return direct(e, lane, arm);
    const known = made.get(e)?.[lane];
    if (known !== undefined) return atom(known);
    const shared = (uses.get(e)?.[lane] ?? 0) > 1;
    if (!shared || (names.lazyArms && !outside.has(e))) return direct(e, lane, arm);
    const value = direct(e, lane, false);
    // A short text is as good as a name.
    if (value.p === P.atom && /^[\w.]+(\[\w+\])?$/.test(value.text) && e.k !== "load") return value;
    const name = names.temporary();
    lines.push(`const ${name} = ${value.text};`);
    const lanes = made.get(e) ?? [];
    lanes[lane] = name;
    made.set(e, lanes);
    return atom(name);
  };

  const rounded = (e: KExpr, value: Text): Text => {
    const { dtype } = typeOf(e);
    switch (dtype) {
      case "f32":
        return atom(`fround(${value.text})`);
      case "f16":
        names.helper("f16");
        return atom(`f16(${value.text})`);
      case "i32":
        return { text: `${within(value, P.bitOr)} | 0`, p: P.bitOr };
      case "u32":
        return { text: `${within(value, P.shift)} >>> 0`, p: P.shift };
      case "bool":
        return value;
    }
  };

  /** An integer sum without the wrap of its parts: exact in a float64 as long as no factor is large. */
  const exactSum = (e: KExpr, lane: number, arm: boolean): Text => {
    if (e.k === "op" && (made.get(e)?.[lane] ?? uses.get(e)?.[lane] ?? 0) === 1) {
      const [a, b] = e.args;
      if (a && b && (e.op === "add" || e.op === "sub")) {
        const left = exactSum(a, lane, arm);
        const right = exactSum(b, lane, arm);
        return { text: `${within(left, P.sum)} ${e.op === "add" ? "+" : "-"} ${within(right, P.product)}`, p: P.sum };
      }
      if (a && e.op === "mul" && b?.k === "lit" && Math.abs(b.value) < 65536) {
        return { text: `${within(print(a, lane, arm), P.product)} * ${number(b)}`, p: P.product };
      }
    }
    return print(e, lane, arm);
  };

  const number = (e: Extract<KExpr, { k: "lit" }>): string => {
    if (e.type.dtype === "bool") return e.value !== 0 ? "true" : "false";
    return Object.is(e.value, -0) ? "-0" : String(e.value);
  };

  const apply = (fn: string, ...args: readonly Text[]): Text => {
    names.helper(fn);
    return atom(`${fn}(${args.map((a) => a.text).join(", ")})`);
  };

  const direct = (e: KExpr, lane: number, arm: boolean): Text => {
    switch (e.k) {
      case "lit": {
        const text = number(e);
        return { text, p: text.startsWith("-") ? P.unary : P.atom };
      }
      case "var":
        return atom(names.variable(e.var, lane, e.type.width));
      case "dim":
        return atom(names.slot(e.slot));
      case "load": {
        const at = print(e.at, 0, arm).text;
        const literal = e.at.k === "lit" ? e.at.value : undefined;
        if (arm) {
          const check = names.check(e.buffer, at, literal);
          if (check !== undefined) lines.push(check);
        }
        const value = names.element(e.buffer, at, literal, lane);
        return e.type.dtype === "bool" ? { text: `${value} !== 0`, p: P.equal } : atom(value);
      }
      case "lane":
        return print(e.of, e.lane, arm);
      case "pack": {
        const x = e.lanes[lane];
        invariant(x, () => `lane ${lane} of a pack of ${e.lanes.length}`);
        return print(x, 0, arm);
      }
      case "fold": {
        const lanes = parts(e, lane).map(([x, l]) => print(x, l, arm));
        if (e.op === "max" || e.op === "min") return apply(e.op, ...lanes);
        const fn = combining[e.op];
        return lanes.slice(1).reduce((sum, x) => rounded(e, binary(fn, e, sum, x)), lanes[0] ?? atom("0"));
      }
      case "subgroup": {
        const of = print(e.of, lane, arm).text;
        const how =
          e.op === "broadcast" || e.op === "shuffleXor"
            ? `lane: ${e.lane ?? 0}`
            : `combine: (a, b) => ${reduction(e, e.op)}`;
        names.helper("meet");
        return atom(`(yield { op: "${e.op}", of: ${of}, ${how} })`);
      }
      case "op":
        return operation(e, lane, arm);
      default:
        return unreachable(e);
    }
  };

  const reduction = (e: KExpr, op: "add" | "max" | "min" | "mul"): string =>
    op === "max" || op === "min"
      ? apply(op, atom("a"), atom("b")).text
      : rounded(e, binary(op, e, atom("a"), atom("b"))).text;

  const binary = (op: KOp, e: KExpr, a: Text, b: Text): Text => {
    const dtype = typeOf(e).dtype;
    if (op === "mul" && (dtype === "i32" || dtype === "u32")) return apply("imul", a, b);
    const [symbol, p] = infix[op] ?? ["+", P.sum];
    return { text: `${within(a, p)} ${symbol} ${within(b, p + 1)}`, p };
  };

  const operation = (e: Extract<KExpr, { k: "op" }>, lane: number, arm: boolean): Text => {
    const arg = (i: number, inArm = arm): Text => {
      const x = e.args[i];
      invariant(x, () => `${e.op} lacks operand ${i}`);
      return print(x, e.op === "splat" ? 0 : lane, inArm);
    };
    const first = e.args[0];
    invariant(first, () => `${e.op} without operands`);
    const dtype = typeOf(first).dtype;
    const whole = dtype === "i32" || dtype === "u32";
    switch (e.op) {
      case "splat":
        return arg(0);
      case "select": {
        const inArm = names.lazyArms || arm;
        const text = `${within(arg(0), P.or)} ? ${within(arg(1, inArm), P.or)} : ${within(arg(2, inArm), P.or)}`;
        return { text, p: 2 };
      }
      case "fma": {
        const product = binary("mul", e, arg(0), arg(1));
        return rounded(e, { text: `${within(product, P.sum)} + ${within(arg(2), P.product)}`, p: P.sum });
      }
      case "madd4": {
        const [x0, x1, x2, x3, c0, c1, c2, c3, acc] = madd4Parts(e, lane).map(([x, l]) => print(x, l, arm));
        const terms = [[x0, c0] as const, [x1, c1] as const, [x2, c2] as const, [x3, c3] as const];
        return terms.reduce((sum, [x, c]) => {
          invariant(x && c, () => "madd4 has four steps");
          const product = binary("mul", e, x, c);
          return rounded(e, { text: `${within(sum, P.sum)} + ${within(product, P.product)}`, p: P.sum });
        }, acc ?? atom("0"));
      }
      case "convert":
        return converted(e, dtype, arg(0));
      case "bitcast":
        names.helper("bits");
        return atom(`bits.${dtype}_${e.type.dtype}(${arg(0).text})`);
      case "add":
      case "sub":
        if (dtype === "i32") {
          const [a, b] = [first, e.args[1] ?? first];
          const right = exactSum(b, lane, arm);
          const left = exactSum(a, lane, arm);
          return rounded(e, {
            text: `${within(left, P.sum)} ${e.op === "add" ? "+" : "-"} ${within(right, P.product)}`,
            p: P.sum,
          });
        }
        return rounded(e, binary(e.op, e, arg(0), arg(1)));
      case "mul": {
        const b = e.args[1];
        if (dtype === "i32" && b?.k === "lit" && Math.abs(b.value) < 65536) {
          return rounded(e, { text: `${within(arg(0), P.product)} * ${number(b)}`, p: P.product });
        }
        const product = binary("mul", e, arg(0), arg(1));
        return dtype === "i32" ? product : rounded(e, product);
      }
      case "div":
        return whole ? rounded(e, apply("truncdiv", arg(0), arg(1))) : rounded(e, binary("div", e, arg(0), arg(1)));
      case "floordiv":
      case "mod": {
        const b = e.args[1];
        const power = whole && b?.k === "lit" && b.value > 0 ? Math.log2(b.value) : 0.5;
        if (dtype === "i32" && Number.isInteger(power)) {
          return e.op === "floordiv"
            ? { text: `${within(arg(0), P.shift)} >> ${power}`, p: P.shift }
            : { text: `${within(arg(0), P.bitAnd)} & ${2 ** power - 1}`, p: P.bitAnd };
        }
        if (whole) return rounded(e, apply(e.op, arg(0), arg(1)));
        const quotient = apply("floor", binary("div", e, arg(0), arg(1)));
        if (e.op === "floordiv") return rounded(e, quotient);
        return rounded(e, {
          text: `${within(arg(0), P.sum)} - ${quotient.text} * ${within(arg(1), P.product + 1)}`,
          p: P.sum,
        });
      }
      case "neg":
        return whole
          ? rounded(e, { text: `-${within(arg(0), P.unary + 1)}`, p: P.unary })
          : { text: `-${within(arg(0), P.unary + 1)}`, p: P.unary };
      case "not":
        return { text: `!${within(arg(0), P.unary + 1)}`, p: P.unary };
      case "eq":
      case "ne":
      case "lt":
      case "le":
      case "gt":
      case "ge":
      case "and":
      case "or":
        return binary(e.op, e, arg(0), arg(1));
      case "min":
      case "max":
        return apply(e.op, arg(0), arg(1));
      case "relu":
        return apply("max", arg(0), atom("0"));
      case "abs":
        return apply("abs", arg(0));
      case "pow":
        return isFloat(dtype)
          ? rounded(e, { text: `${within(arg(0), P.unary + 1)} ** ${within(arg(1), P.unary)}`, p: P.product + 1 })
          : rounded(e, { text: `${within(arg(0), P.unary + 1)} ** ${within(arg(1), P.unary)}`, p: P.product + 1 });
      case "rsqrt":
        return rounded(e, { text: `1 / ${apply("sqrt", arg(0)).text}`, p: P.product });
      case "exp":
      case "log":
      case "sqrt":
      case "sin":
      case "cos":
      case "tanh":
      case "erf":
      case "sigmoid":
      case "gelu":
      case "gelu_tanh":
      case "silu":
        return rounded(e, apply(e.op, arg(0)));
      default:
        return unreachable(e.op);
    }
  };

  const converted = (e: KExpr, from: string, x: Text): Text => {
    const to = typeOf(e).dtype;
    if (to === "bool") return { text: `${within(x, P.equal + 1)} !== 0`, p: P.equal };
    if (from === "bool") return { text: `${within(x, P.or)} ? 1 : 0`, p: 2 };
    const fromFloat = from === "f32" || from === "f16";
    switch (to) {
      case "f32":
        return from === "f16" ? x : rounded(e, x);
      case "f16":
        return rounded(e, x);
      case "i32":
        return fromFloat ? apply("toInt", x) : rounded(e, x);
      case "u32":
        return fromFloat ? apply("toUint", x) : rounded(e, x);
    }
  };

  return {
    announce(e) {
      for (let l = 0; l < typeOf(e).width; l++) count(e, l, false);
    },
    print: (e, lane, outer = 0) => within(print(e, lane, false), outer),
  };
}

/** Floating-point operations that one evaluation of the expressions makes, by name, each lane counted; shared ones once. */
export function countOperations(exprs: readonly KExpr[]): ReadonlyMap<KOp, number> {
  const counts = new Map<KOp, number>();
  const seen = new Set<KExpr>();
  const visit = (e: KExpr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    for (const x of operands(e)) visit(x);
    const type = typeOf(e);
    const from = e.k === "op" && e.args[0] ? typeOf(e.args[0]) : type;
    if (!isFloat(type.dtype) && !isFloat(from.dtype)) return;
    if (e.k === "op" && e.op !== "splat" && e.op !== "select" && e.op !== "convert" && e.op !== "bitcast") {
      counts.set(e.op, (counts.get(e.op) ?? 0) + type.width);
    }
    if (e.k === "fold") counts.set(e.op, (counts.get(e.op) ?? 0) + typeOf(e.of).width - 1);
  };
  for (const e of exprs) visit(e);
  return counts;
}
