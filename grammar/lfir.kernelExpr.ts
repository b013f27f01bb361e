import type { IToken } from "chevrotain";
import * as say from "../src/diagnostics/messages/lfir.js";
import { nearest } from "../src/diagnostics/suggest.js";
import { isFloat } from "../src/ir/dtype.js";
import { fnArity } from "../src/ir/graph/functions.js";
import { isPredicate } from "../src/ir/kernel/arith.js";
import { lit, typeOf } from "../src/ir/kernel/expr.js";
import type { BufId, KBuffer, KExpr, KOp, KType, VarId, Width } from "../src/ir/kernel/ops.js";
import { type ScalarFn, scalarFns } from "../src/ir/scalar.js";
import type { Expr } from "./lfir.ast.js";
import { asScalarFn } from "./lfir.scalar.js";
import {
  asDType,
  type Context,
  calledName,
  exprSpan,
  literalOf,
  refuse,
  tokenSpan,
  wholeNumber,
} from "./lfir.terms.js";

export interface KernelScope {
  readonly cx: Context;
  readonly buffers: Map<BufId, KBuffer>;
  /** Whether a variable is used where it is bound is the verifier's question. */
  readonly variables: Map<VarId, KType>;
}

export const index: KType = { dtype: "i32", width: 1 };
export const sameKType = (a: KType, b: KType): boolean => a.dtype === b.dtype && a.width === b.width;

/** `f32`, `f32x4` */
function asKType(text: string): KType | undefined {
  const [, name = "", lanes] = /^([a-z]+\d\d|bool)(?:x([24]))?$/.exec(text) ?? [];
  const dtype = asDType(name);
  return dtype && { dtype, width: lanes === undefined ? 1 : (Number(lanes) as Width) }; // 2 or 4
}

export const kTypeOf = (cx: Context, token: IToken): KType =>
  asKType(token.image) ?? refuse(cx, say.unknownName(tokenSpan(cx, token), "element type", token.image));

const infixOps: Readonly<Record<string, ScalarFn>> = {
  or: "or",
  and: "and",
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
  "+": "add",
  "-": "sub",
  "*": "mul",
  "%": "mod",
};

const folds: readonly string[] = ["add", "max", "min", "mul"];
const subgroups: readonly string[] = ["broadcast", "shuffleXor", ...folds];

type Convert = (e: Expr) => KExpr;

/**
 * Converts expressions, as they are written: nothing is folded. Equal ones become one object. What operands an operation
 * takes is the verifier's to say, but for their number.
 */
export function kernelExpr(scope: KernelScope): Convert {
  const { cx } = scope;
  const ids = new Map<KExpr, number>();
  const known = new Map<string, KExpr>();
  const shared = (e: KExpr, operands: readonly KExpr[]): KExpr => {
    const key = `${ownKey(e)}(${operands.map((x) => ids.get(x)).join()})`;
    const earlier = known.get(key);
    if (earlier !== undefined) return earlier;
    known.set(key, e);
    ids.set(e, ids.size);
    return e;
  };

  const leaf = (e: KExpr): KExpr => shared(e, []);
  const op = (name: KOp, args: readonly KExpr[], type: KType): KExpr => shared({ k: "op", op: name, args, type }, args);
  const misplaced = (e: Expr): never => refuse(cx, say.misplaced(exprSpan(cx, e), "kernel expression"));

  function convert(e: Expr): KExpr {
    const number = literalOf(e);
    if (number !== undefined) return leaf(lit(number.value, { dtype: number.dtype, width: 1 }));
    switch (e.e) {
      case "truth":
        return leaf(lit(e.token.image === "true" ? 1 : 0, { dtype: "bool", width: 1 }));
      case "name":
        return named(e.token);
      case "group":
        return convert(e.of);
      case "member":
        return lane(convert(e.of), e.name, e.name.image);
      case "subscripts":
        return loaded(e);
      case "prefix": {
        if (e.op.image === "+") return misplaced(e);
        const infinite = e.op.image === "-" && e.of.e === "name" ? extreme(e.of.token, -1) : undefined;
        if (infinite !== undefined) return leaf(infinite);
        const of = convert(e.of);
        return op(e.op.image === "not" ? "not" : "neg", [of], typeOf(of));
      }
      case "infix": {
        const [left, right] = [convert(e.left), convert(e.right)];
        const type = typeOf(left);
        const fn = e.op.image === "/" ? (isFloat(type.dtype) ? "div" : "floordiv") : infixOps[e.op.image];
        if (fn === undefined) return misplaced(e);
        return op(fn, [left, right], isPredicate(fn) ? { dtype: "bool", width: type.width } : type);
      }
      case "call":
        return called(e);
      default:
        return misplaced(e);
    }
  }

  function named(token: IToken): KExpr {
    const { image } = token;
    const [, slot] = /^dim\.(\d+)$/.exec(image) ?? [];
    if (slot !== undefined) return leaf({ k: "dim", slot: Number(slot) });
    const infinite = extreme(token, 1);
    if (infinite !== undefined) return leaf(infinite);
    const dot = image.lastIndexOf(".");
    const name = dot < 0 ? image : image.slice(0, dot);
    const type = scope.variables.get(name);
    if (type === undefined) {
      const near = nearest(name, scope.variables.keys());
      return refuse(cx, say.unknownName(tokenSpan(cx, token), "variable", name, near));
    }
    const variable = leaf({ k: "var", var: name, type });
    return dot < 0 ? variable : lane(variable, token, image.slice(dot + 1));
  }

  function lane(of: KExpr, token: IToken, letter: string): KExpr {
    const position = "xyzw".indexOf(letter);
    if (letter.length !== 1 || position < 0) refuse(cx, say.misplaced(tokenSpan(cx, token), "kernel expression"));
    const type: KType = { dtype: typeOf(of).dtype, width: 1 };
    return shared({ k: "lane", of, lane: position as 0 | 1 | 2 | 3, type }, [of]); // one of the four letters
  }

  function loaded(e: Extract<Expr, { e: "subscripts" }>): KExpr {
    const [at, ...more] = e.at;
    if (e.of.e !== "name" || at === undefined || more.length > 0) return misplaced(e);
    const id = e.of.token.image;
    const buffer = scope.buffers.get(id);
    if (buffer === undefined) {
      const near = nearest(id, scope.buffers.keys());
      return refuse(cx, say.unknownName(tokenSpan(cx, e.of.token), "buffer", id, near));
    }
    const where = convert(at);
    return shared({ k: "load", buffer: id, at: where, type: buffer.type }, [where]);
  }

  function called(e: Extract<Expr, { e: "call" }>): KExpr {
    const name = calledName(e);
    if (name === undefined) return misplaced(e);
    const count = (...wanted: readonly number[]): void => {
      if (!wanted.includes(e.args.length))
        refuse(cx, say.argumentCount(exprSpan(cx, e), name, wanted.join(" or "), e.args.length));
    };
    const made = asKType(name);
    if (made !== undefined) {
      count(1, made.width);
      const [only] = e.args;
      const args = e.args.map(convert);
      const [a] = args;
      if (only === undefined || a === undefined) return misplaced(e);
      if (args.length > 1) return shared({ k: "pack", lanes: args, type: made }, args);
      return a.k === "lit" ? leaf(lit(a.value, made)) : misplaced(only);
    }
    const [, head = "", tail = ""] = /^(\w+)\.(\w+)$/.exec(name) ?? [];
    const type = asKType(tail);
    const [first, second] = e.args;
    if ((head === "splat" || head === "convert" || head === "bitcast") && type !== undefined && first !== undefined) {
      count(1);
      return op(head, [convert(first)], type);
    }
    if (head === "fold" && folds.includes(tail) && first !== undefined) {
      count(1);
      const of = convert(first);
      // just looked up
      return shared({ k: "fold", op: tail as "add", of, type: { dtype: typeOf(of).dtype, width: 1 } }, [of]);
    }
    if (head === "subgroup" && subgroups.includes(tail) && first !== undefined) {
      count(1, 2);
      const of = convert(first);
      const at = second && wholeNumber(cx, second);
      const lanes = at === undefined ? {} : { lane: at };
      return shared({ k: "subgroup", op: tail as "add", of, ...lanes, type: typeOf(of) }, [of]); // just looked up
    }
    const fn = asScalarFn(name);
    if (fn === undefined && name !== "fma" && name !== "madd4" && name !== "select") {
      const near = nearest(name, ["fma", "madd4", "select", ...scalarFns]);
      return refuse(cx, say.unknownName(exprSpan(cx, e.of), "function", name, near));
    }
    count(fn !== undefined ? fnArity(fn) : name === "madd4" ? 6 : 3);
    const args = e.args.map(convert);
    const [a, b] = args;
    if (a === undefined) return misplaced(e);
    if (name === "select") return op("select", args, b ? typeOf(b) : typeOf(a));
    const acc = args[5];
    if (name === "madd4") return op("madd4", args, acc ? typeOf(acc) : typeOf(a));
    if (fn === undefined) return op("fma", args, typeOf(a));
    return op(fn, args, isPredicate(fn) ? { dtype: "bool", width: typeOf(a).width } : typeOf(a));
  }

  return convert;
}

/** `f32.inf`, `f16.nan` */
function extreme(token: IToken, sign: 1 | -1): KExpr | undefined {
  const [, dtype, what] = /^(f32|f16)\.(inf|nan)$/.exec(token.image) ?? [];
  if (dtype !== "f32" && dtype !== "f16") return undefined;
  return { k: "lit", type: { dtype, width: 1 }, value: what === "nan" ? Number.NaN : sign * Number.POSITIVE_INFINITY };
}

/** What an expression is, its operands left out. */
function ownKey(e: KExpr): string {
  const type = e.k === "dim" ? "" : `${e.type.dtype}x${e.type.width}`;
  switch (e.k) {
    case "lit":
      return `lit ${type} ${Object.is(e.value, -0) ? "-0" : e.value}`;
    case "var":
      return `var ${type} ${e.var}`;
    case "dim":
      return `dim ${e.slot}`;
    case "load":
      return `load ${e.buffer}`;
    case "lane":
      return `lane ${e.lane}`;
    case "pack":
      return `pack ${type}`;
    case "subgroup":
      return `subgroup ${e.op} ${e.lane}`;
    case "op":
    case "fold":
      return `${e.k} ${e.op} ${type}`;
  }
}
