import type { Code } from "./code.js";

/**
 * Division of whole numbers. WebAssembly traps where the kernel IR has a value: a quotient by 0 is 0, and that of the
 * least number by -1 wraps round to itself. `floordiv` rounds down, and `mod` has the sign of the divisor.
 */
export type Division = "div" | "floordiv" | "mod";

/**
 * Divides the two numbers on the stack.
 *
 * @param natural neither is negative, or both are without sign
 * @param safe the divisor is not 0
 */
export function divide(
  code: Code,
  temporary: (type: "i32") => number,
  op: Division,
  natural: boolean,
  safe: boolean,
): void {
  if (natural && safe) {
    code.op(op === "mod" ? "i32.rem_u" : "i32.div_u");
    return;
  }
  const [x, y] = [temporary("i32"), temporary("i32")];
  code.set(y);
  code.set(x);
  if (natural) {
    code.get(x);
    code.i32(1);
    code.get(y);
    code.get(y);
    code.op("i32.eqz");
    code.select("i32");
    code.op(op === "mod" ? "i32.rem_u" : "i32.div_u");
  } else {
    const operands: Operands = { x, y, divisor: temporary("i32"), rest: temporary("i32") };
    // Neither 0 nor -1, by which the least number may not be divided: the quotient by -1 is the negation.
    code.i32(1);
    code.get(y);
    code.get(y);
    code.i32(1);
    code.op("i32.add");
    code.i32(2);
    code.op("i32.lt_u");
    code.select("i32");
    code.set(operands.divisor);
    if (op === "mod") remainder(code, operands);
    else quotient(code, op, operands);
  }
  if (safe) return;
  const result = temporary("i32");
  code.set(result);
  code.i32(0);
  code.get(result);
  code.get(y);
  code.op("i32.eqz");
  code.select("i32");
}

/** Locals: the dividend, the divisor as given and as it may be divided by, the remainder. */
interface Operands {
  readonly x: number;
  readonly y: number;
  readonly divisor: number;
  readonly rest: number;
}

function remainder(code: Code, o: Operands): void {
  code.get(o.x);
  code.get(o.divisor);
  code.op("i32.rem_s");
  code.tee(o.rest);
  // Where its sign is not that of the divisor, one divisor is added.
  code.get(o.y);
  code.i32(0);
  differs(code, o);
  code.select("i32");
  code.op("i32.add");
}

function quotient(code: Code, op: "div" | "floordiv", o: Operands): void {
  code.i32(0);
  code.get(o.x);
  code.op("i32.sub");
  code.get(o.x);
  code.get(o.divisor);
  code.op("i32.div_s");
  code.get(o.y);
  code.i32(-1);
  code.op("i32.eq");
  code.select("i32");
  if (op === "div") return;
  code.get(o.x);
  code.get(o.divisor);
  code.op("i32.rem_s");
  code.set(o.rest);
  differs(code, o);
  code.op("i32.sub");
}

/** Whether the remainder is not 0 and has another sign than the divisor. */
function differs(code: Code, { rest, y }: Operands): void {
  code.get(rest);
  code.i32(0);
  code.op("i32.ne");
  code.get(rest);
  code.get(y);
  code.op("i32.xor");
  code.i32(0);
  code.op("i32.lt_s");
  code.op("i32.and");
}
