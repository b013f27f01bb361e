import type { Range } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import { operands, typeOf } from "../../src/ir/kernel/expr.js";
import { difference } from "../../src/ir/kernel/linear.js";
import type { BufId, KExpr, KType, VarId } from "../../src/ir/kernel/ops.js";
import { invariant, unreachable } from "../../src/util/invariant.js";
import type { Code } from "./code.js";
import { divide } from "./division.js";
import { floatBytes, type ValueType, wordBytes } from "./encode.js";
import type { Opcode } from "./opcodes.js";

/**
 * Expressions of the kernel IR as instructions on a stack. A scalar is an i32 or f32, a bool an i32 of 0 or 1; four lanes
 * are a v128, bools among them masks. What a statement uses twice is computed once and kept in a local.
 */
export interface Scope {
  readonly code: Code;
  /** Whether `relaxed_madd` may be written. */
  readonly relaxed: boolean;
  variable(name: VarId): number;
  /** Whether a name stands for a scalar in all four lanes (`emit.ts`): nothing else is made of it. */
  isSpread(name: VarId): boolean;
  slot(index: number): number;
  /** The local of a register, where the buffer is one of locals. */
  register(buffer: BufId, at: KExpr): number | undefined;
  /** Puts the address of an element on the stack; the result is the rest of it, for the instruction. */
  address(buffer: BufId, at: KExpr, push: (e: KExpr) => void): number;
  range(e: KExpr): Range;
}

export const valueType = ({ dtype, width }: KType): ValueType =>
  width > 1 ? "v128" : dtype === "f32" || dtype === "f16" ? "f32" : "i32";

const isFloat = (dtype: DType): boolean => dtype === "f32" || dtype === "f16";
const unsigned = (dtype: DType): boolean => dtype === "u32";
const isPowerOfTwo = (n: number): boolean => n > 0 && n < 2 ** 31 && (n & (n - 1)) === 0;

/** Pushes expressions of one statement; `done` gives the locals back that it took. */
export interface Pusher {
  /** Announces what will be pushed, so that what is used several times is known. */
  announce(e: KExpr): void;
  push(e: KExpr): void;
  /** A load of one element into four lanes. */
  pushSpread(e: Extract<KExpr, { k: "load" }>): void;
  done(): void;
}

const isZero = (e: KExpr): boolean => e.k === "lit" && Object.is(e.value, 0);

/** Whether one instruction loads an element into four lanes: a scalar of 32 bits in memory. */
export const loadsSpread = (scope: Pick<Scope, "register">, e: KExpr): e is Extract<KExpr, { k: "load" }> =>
  e.k === "load" &&
  e.type.width === 1 &&
  e.type.dtype !== "bool" &&
  e.type.dtype !== "f16" &&
  scope.register(e.buffer, e.at) === undefined;

/** The first of four scalars that lie one after the other in memory: one instruction loads them, aligned or not. */
function neighbours(scope: Scope, e: Extract<KExpr, { k: "pack" }>): Extract<KExpr, { k: "load" }> | undefined {
  const [first] = e.lanes;
  if (first === undefined || e.lanes.length !== 4 || !loadsSpread(scope, first)) return undefined;
  const all = e.lanes.every((x, i) => x.k === "load" && x.buffer === first.buffer && difference(x.at, first.at) === i);
  return all ? first : undefined;
}

export function pusher(scope: Scope): Pusher {
  const { code } = scope;
  const uses = new Map<KExpr, number>();
  const kept = new Map<KExpr, number>();
  const taken: number[] = [];

  const temporary = (type: ValueType): number => {
    const local = code.local(type);
    taken.push(local);
    return local;
  };

  const announce = (e: KExpr): void => {
    const before = uses.get(e) ?? 0;
    uses.set(e, before + 1);
    if (before === 0) for (const x of operands(e)) announce(x);
  };

  /** As cheap to make again as to keep. */
  const trivial = (e: KExpr): boolean =>
    e.k === "lit" || e.k === "var" || e.k === "dim" || (e.k === "load" && scope.register(e.buffer, e.at) !== undefined);

  const push = (e: KExpr): void => {
    const local = kept.get(e);
    if (local !== undefined) {
      code.get(local);
      return;
    }
    direct(e);
    if ((uses.get(e) ?? 0) > 1 && !trivial(e)) {
      const keep = temporary(valueType(typeOf(e)));
      kept.set(e, keep);
      code.tee(keep);
    }
  };

  const literal = (e: Extract<KExpr, { k: "lit" }>): void => {
    const { dtype, width } = e.type;
    if (isFloat(dtype)) {
      if (width === 1) code.f32(e.value);
      else code.v128(floatBytes(e.value, e.value, e.value, e.value));
    } else if (width === 1) code.i32(e.value);
    else {
      const word = dtype === "bool" && e.value !== 0 ? -1 : e.value;
      code.v128(wordBytes(word, word, word, word));
    }
  };

  const load = (e: Extract<KExpr, { k: "load" }>): void => {
    const { dtype, width } = e.type;
    const register = scope.register(e.buffer, e.at);
    if (register !== undefined) {
      code.get(register);
      return;
    }
    const offset = scope.address(e.buffer, e.at, push);
    if (width === 1) code.memory(isFloat(dtype) ? "f32.load" : "i32.load", 4, offset);
    else if (width === 2) code.memory("v128.load64_zero", 8, offset);
    else code.memory("v128.load", 16, offset);
    if (dtype !== "bool") return;
    pushZero(e.type);
    code.op(width === 1 ? "i32.ne" : "i32x4.ne");
  };

  const pushZero = (type: KType): void => literal({ k: "lit", type, value: 0 });

  /** One lane of the vector on the stack. */
  const extract = (dtype: DType, lane: number): void => {
    code.lane(isFloat(dtype) ? "f32x4.extract_lane" : "i32x4.extract_lane", lane);
    if (dtype !== "bool") return;
    code.i32(1);
    code.op("i32.and");
  };

  /** The scalar on the stack in every lane. */
  const spread = (dtype: DType): void => {
    if (dtype === "bool") {
      code.i32(-1);
      code.op("i32.mul");
    }
    code.op(isFloat(dtype) ? "f32x4.splat" : "i32x4.splat");
  };

  const pack = (e: Extract<KExpr, { k: "pack" }>): void => {
    const { dtype } = e.type;
    const first = neighbours(scope, e);
    if (first !== undefined) {
      const offset = scope.address(first.buffer, first.at, push);
      code.memory("v128.load", 4, offset);
      return;
    }
    e.lanes.forEach((x, i) => {
      push(x);
      if (dtype === "bool") {
        code.i32(-1);
        code.op("i32.mul");
      }
      if (i === 0) code.op(isFloat(dtype) ? "f32x4.splat" : "i32x4.splat");
      else code.lane(isFloat(dtype) ? "f32x4.replace_lane" : "i32x4.replace_lane", i);
    });
  };

  /** Halves of a vector joined, then lanes: the same order on every machine. */
  const fold = (e: Extract<KExpr, { k: "fold" }>): void => {
    const type = typeOf(e.of);
    push(e.of);
    if (type.width === 1) return;
    const whole = temporary("v128");
    for (let step = type.width / 2; step >= 1; step /= 2) {
      code.tee(whole);
      code.get(whole);
      code.get(whole);
      code.shuffle(Array.from({ length: 16 }, (_, i) => (i + 4 * step) % 16));
      vectorBinary(e.op, type.dtype);
    }
    extract(type.dtype, 0);
  };

  const vectorBinary = (op: "add" | "sub" | "mul" | "div" | "max" | "min", dtype: DType): void => {
    if (isFloat(dtype)) code.op(op === "max" ? "f32x4.pmax" : op === "min" ? "f32x4.pmin" : `f32x4.${op}`);
    else if (op === "max" || op === "min") code.op(`i32x4.${op}_${unsigned(dtype) ? "u" : "s"}`);
    else {
      invariant(op !== "div", () => "whole numbers are divided lane by lane");
      code.op(`i32x4.${op}`);
    }
  };

  const direct = (e: KExpr): void => {
    switch (e.k) {
      case "lit":
        literal(e);
        return;
      case "var":
        code.get(scope.variable(e.var));
        return;
      case "dim":
        code.get(scope.slot(e.slot));
        return;
      case "load":
        load(e);
        return;
      case "lane":
        push(e.of);
        if (typeOf(e.of).width > 1) extract(e.type.dtype, e.lane);
        return;
      case "pack":
        pack(e);
        return;
      case "fold":
        fold(e);
        return;
      case "subgroup":
        invariant(false, () => "a processor has no subgroups");
        return;
      case "op":
        operation(e);
        return;
      default:
        unreachable(e);
    }
  };

  const operation = (e: Extract<KExpr, { k: "op" }>): void => {
    const [a, b, c] = e.args;
    invariant(a, () => `${e.op} without operands`);
    const { dtype, width } = typeOf(a);
    const binary = (name: Opcode): void => {
      invariant(b, () => `${e.op} lacks an operand`);
      push(a);
      push(b);
      code.op(name);
    };
    switch (e.op) {
      case "splat":
        splat(a);
        return;
      case "select":
        invariant(b && c, () => "select has two arms");
        select(a, b, c);
        return;
      case "fma":
        invariant(b && c, () => "fma has three operands");
        fma(a, b, c);
        return;
      case "convert":
        push(a);
        convert(dtype, typeOf(e).dtype, width);
        return;
      case "bitcast":
        push(a);
        if (width === 1 && isFloat(dtype) !== isFloat(typeOf(e).dtype)) {
          code.op(isFloat(dtype) ? "i32.reinterpret_f32" : "f32.reinterpret_i32");
        }
        return;
      case "eq":
      case "ne":
      case "lt":
      case "le":
      case "gt":
      case "ge":
        binary(comparison(e.op, dtype, width));
        return;
      case "and":
      case "or":
        binary(width === 1 ? `i32.${e.op}` : `v128.${e.op}`);
        return;
      case "not":
        push(a);
        code.op(width === 1 ? "i32.eqz" : "v128.not");
        return;
      case "neg":
        negate(a);
        return;
      case "abs":
        absolute(a);
        return;
      case "sqrt":
        push(a);
        code.op(width === 1 ? "f32.sqrt" : "f32x4.sqrt");
        return;
      case "add":
      case "sub":
      case "mul":
      case "min":
      case "max":
        invariant(b, () => `${e.op} lacks an operand`);
        arithmetic(e.op, a, b);
        return;
      case "div":
      case "floordiv":
      case "mod":
        invariant(b, () => `${e.op} lacks an operand`);
        division(e.op, a, b, e);
        return;
      default:
        invariant(false, () => `${e.op} is not written out`);
    }
  };

  const splat = (a: KExpr): void => {
    if (a.k === "var" && scope.isSpread(a.var)) code.get(scope.variable(a.var));
    else if (a.k === "load" && !kept.has(a) && (uses.get(a) ?? 0) <= 1 && loadsSpread(scope, a)) pushSpread(a);
    else {
      push(a);
      spread(typeOf(a).dtype);
    }
  };

  const fma = (a: KExpr, b: KExpr, c: KExpr): void => {
    const { width } = typeOf(a);
    if (width > 1 && scope.relaxed) {
      push(a);
      push(b);
      push(c);
      code.op("f32x4.relaxed_madd");
      return;
    }
    // The sum's other side first: its local is read before the product is made.
    push(c);
    push(a);
    push(b);
    code.op(width === 1 ? "f32.mul" : "f32x4.mul");
    code.op(width === 1 ? "f32.add" : "f32x4.add");
  };

  const select = (cond: KExpr, then: KExpr, otherwise: KExpr): void => {
    const { width } = typeOf(then);
    if (width === 1) {
      push(then);
      push(otherwise);
      push(cond);
      code.select(valueType(typeOf(then)));
    } else if (cond.k === "op" && cond.op === "splat" && cond.args[0]) {
      push(then);
      push(otherwise);
      push(cond.args[0]);
      code.select("v128");
    } else if (isZero(then) || isZero(otherwise)) {
      push(isZero(then) ? otherwise : then);
      push(cond);
      code.op(isZero(then) ? "v128.andnot" : "v128.and");
    } else {
      push(then);
      push(otherwise);
      push(cond);
      code.op("v128.bitselect");
    }
  };

  const convert = (from: DType, to: DType, width: number): void => {
    const one = width === 1;
    if (to === "bool") {
      pushZero({ dtype: from, width: one ? 1 : 4 });
      code.op(isFloat(from) ? (one ? "f32.ne" : "f32x4.ne") : one ? "i32.ne" : "i32x4.ne");
    } else if (from === "bool") {
      if (!one) {
        literal({ k: "lit", type: { dtype: isFloat(to) ? "f32" : "i32", width: 4 }, value: 1 });
        code.op("v128.and");
      } else if (isFloat(to)) code.op("f32.convert_i32_u");
    } else if (isFloat(to) && !isFloat(from)) {
      const sign = unsigned(from) ? "u" : "s";
      code.op(one ? `f32.convert_i32_${sign}` : `f32x4.convert_i32x4_${sign}`);
    } else if (isFloat(from) && !isFloat(to)) {
      const sign = unsigned(to) ? "u" : "s";
      code.op(one ? `i32.trunc_sat_f32_${sign}` : `i32x4.trunc_sat_f32x4_${sign}`);
    }
  };

  const comparison = (op: "eq" | "ne" | "lt" | "le" | "gt" | "ge", dtype: DType, width: number): Opcode => {
    if (isFloat(dtype)) return width === 1 ? `f32.${op}` : `f32x4.${op}`;
    if (op === "eq" || op === "ne") return width === 1 ? `i32.${op}` : `i32x4.${op}`;
    const sign = dtype === "i32" ? "s" : "u";
    return width === 1 ? `i32.${op}_${sign}` : `i32x4.${op}_${sign}`;
  };

  const negate = (a: KExpr): void => {
    const { dtype, width } = typeOf(a);
    if (isFloat(dtype) || width > 1) {
      push(a);
      code.op(isFloat(dtype) ? (width === 1 ? "f32.neg" : "f32x4.neg") : "i32x4.neg");
      return;
    }
    code.i32(0);
    push(a);
    code.op("i32.sub");
  };

  const absolute = (a: KExpr): void => {
    const { dtype, width } = typeOf(a);
    push(a);
    if (unsigned(dtype)) return;
    if (isFloat(dtype)) code.op(width === 1 ? "f32.abs" : "f32x4.abs");
    else if (width > 1) code.op("i32x4.abs");
    else {
      const value = temporary("i32");
      code.set(value);
      code.i32(0);
      code.get(value);
      code.op("i32.sub");
      code.get(value);
      code.get(value);
      code.i32(0);
      code.op("i32.lt_s");
      code.select("i32");
    }
  };

  const arithmetic = (op: "add" | "sub" | "mul" | "min" | "max", a: KExpr, b: KExpr): void => {
    const { dtype, width } = typeOf(a);
    if (op === "mul" && !isFloat(dtype) && b.k === "lit" && isPowerOfTwo(b.value)) {
      push(a);
      code.i32(Math.log2(b.value));
      code.op(width === 1 ? "i32.shl" : "i32x4.shl");
      return;
    }
    push(a);
    push(b);
    if (width > 1) vectorBinary(op, dtype);
    else if (isFloat(dtype)) code.op(`f32.${op}`);
    else if (op !== "min" && op !== "max") code.op(`i32.${op}`);
    else {
      const [x, y] = [temporary("i32"), temporary("i32")];
      code.set(y);
      code.tee(x);
      code.get(y);
      code.get(x);
      code.get(y);
      code.op(`i32.${op === "min" ? "lt" : "gt"}_${dtype === "i32" ? "s" : "u"}`);
      code.select("i32");
    }
  };

  const division = (op: "div" | "floordiv" | "mod", a: KExpr, b: KExpr, e: KExpr): void => {
    const { dtype, width } = typeOf(a);
    if (isFloat(dtype)) {
      push(a);
      if (op === "floordiv") {
        // `math.ts` leaves divisions by 1: the number below.
        invariant(b.k === "lit" && b.value === 1, () => "a quotient of reals is rounded after it is made");
        code.op(width === 1 ? "f32.floor" : "f32x4.floor");
        return;
      }
      invariant(op === "div", () => "remainders of reals are written out");
      push(b);
      code.op(width === 1 ? "f32.div" : "f32x4.div");
      return;
    }
    const power = b.k === "lit" && isPowerOfTwo(b.value) ? b.value : undefined;
    if (power !== undefined && (op !== "div" || unsigned(dtype))) {
      push(a);
      if (op === "mod") {
        literal({ k: "lit", type: typeOf(a), value: power - 1 });
        code.op(width === 1 ? "i32.and" : "v128.and");
      } else {
        code.i32(Math.log2(power));
        code.op(`${width === 1 ? "i32" : "i32x4"}.shr_${unsigned(dtype) ? "u" : "s"}`);
      }
      return;
    }
    if (width === 1) {
      push(a);
      push(b);
      const safe = b.k === "lit" ? b.value > 0 : dtype === "i32" && scope.range(b).lo >= 1;
      const natural = unsigned(dtype) || (dtype === "i32" && scope.range(a).lo >= 0 && scope.range(b).lo >= 0);
      divide(code, temporary, op, natural, safe);
      return;
    }
    // No machine divides whole numbers four at a time.
    push(a);
    const x = temporary("v128");
    code.set(x);
    push(b);
    const y = temporary("v128");
    code.set(y);
    for (let lane = 0; lane < typeOf(e).width; lane++) {
      code.get(x);
      code.lane("i32x4.extract_lane", lane);
      code.get(y);
      code.lane("i32x4.extract_lane", lane);
      divide(code, temporary, op, unsigned(dtype), false);
      // Lanes behind the first join the vector below them on the stack.
      if (lane === 0) code.op("i32x4.splat");
      else code.lane("i32x4.replace_lane", lane);
    }
  };

  /** A load into every lane is one instruction. */
  const pushSpread = (e: Extract<KExpr, { k: "load" }>): void => {
    const offset = scope.address(e.buffer, e.at, push);
    code.memory("v128.load32_splat", 4, offset);
  };

  return {
    announce,
    push,
    pushSpread,
    done() {
      for (const local of taken.splice(0)) code.release(local);
    },
  };
}
