import type { Pass } from "../../src/backend/backend.js";
import {
  add,
  bitcast,
  call,
  convert,
  div,
  eq,
  float,
  floordiv,
  fma,
  gt,
  kType,
  lit,
  lt,
  max,
  min,
  mod,
  mul,
  ne,
  neg,
  or,
  select,
  sub,
  typeOf,
} from "../../src/ir/kernel/expr.js";
import type { KExpr, Width } from "../../src/ir/kernel/ops.js";
import { flatMapSame, mapExprs } from "../../src/ir/kernel/visit.js";
import type { Program } from "../../src/ir/program/program.js";

/**
 * The functions of real numbers that WebAssembly lacks, as arithmetic of the kernel IR: sums, products, comparisons and
 * bits, four lanes at once. So the emitter knows none of them, and they are tested against float64 by themselves.
 *
 * Coefficients without a source are interpolations at Chebyshev nodes of the interval that is named.
 */
export const expandFunctions: Pass<Program> = {
  name: "wasm-functions",
  summary: "exp, tanh, erf and their kin become polynomials",
  run(program) {
    const kernels = flatMapSame(program.kernels, (k) => {
      const body = mapExprs(k.body, expand);
      return body === k.body ? k : { ...k, body };
    });
    return kernels === program.kernels ? program : { ...program, kernels };
  },
};

/** An expression whose operands are expanded already. */
function expand(e: KExpr): KExpr {
  if (e.k !== "op" || typeOf(e).dtype !== "f32") return e;
  const [x, y] = e.args;
  if (x === undefined) return e;
  switch (e.op) {
    case "exp":
      return exp(x);
    case "log":
      return log(x);
    case "tanh":
      return tanh(x);
    case "erf":
      return erf(x);
    case "sin":
      return circular(x, "sin");
    case "cos":
      return circular(x, "cos");
    case "sigmoid":
      return sigmoid(x);
    case "silu":
      return mul(x, sigmoid(x));
    case "gelu":
      return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
    case "gelu_tanh":
      return geluTanh(x);
    case "relu":
      return max(x, 0);
    case "rsqrt":
      return div(1, call("sqrt", x));
    case "pow":
      return y === undefined ? e : pow(x, y);
    case "floordiv":
      return y === undefined ? e : floor(div(x, y));
    case "mod":
      return y === undefined ? e : sub(x, mul(floor(div(x, y)), y));
    default:
      return e;
  }
}

const widthOf = (x: KExpr): Width => typeOf(x).width;

/** c[0] + c[1] · x + …, innermost first. */
function polynomial(x: KExpr, c: readonly number[]): KExpr {
  const width = widthOf(x);
  return c.slice(0, -1).reduceRight<KExpr>((sum, k) => fma(sum, x, float(k, width)), float(c.at(-1) ?? 0, width));
}

/** The greatest whole number below; written as a division by 1, which the emitter takes for what it is. */
export const floor = (x: KExpr): KExpr => ({
  k: "op",
  op: "floordiv",
  args: [x, float(1, widthOf(x))],
  type: typeOf(x),
});

/** Below it e^x is no normal number, beyond the other it overflows. */
const [leastExponent, mostExponent] = [-87.3365, 88.72];
/** A number of this size has whole numbers as its last bits. */
const shifter = 1.5 * 2 ** 23;
/** ln 2 in two parts, the first with few bits. */
const [ln2High, ln2Low] = [0.693359375, -2.1219444e-4];

/**
 * e^x = 2^n · e^r with n = round(x / ln 2): the polynomial of degree 6 for |r| <= ln 2 / 2, whose exponent is then moved
 * by n. Within 1.4 ULP; 0 where the result is no normal number.
 */
export function exp(x: KExpr): KExpr {
  const width = widthOf(x);
  const clamped = min(max(x, leastExponent), mostExponent);
  const shifted = fma(clamped, float(Math.LOG2E, width), float(shifter, width));
  const n = sub(shifted, shifter);
  const r = fma(n, float(-ln2Low, width), fma(n, float(-ln2High, width), clamped));
  const p = polynomial(r, [1, 1, 0.5, 0.16666414, 0.04166635, 0.00837521, 0.0013941213]);
  const moved = bitcast("f32", add(bitcast("i32", p), mul(bitcast("i32", shifted), 2 ** 23)));
  return select(lt(x, leastExponent), 0, moved);
}

/** log x = e · ln 2 + log m with m in [√½, √2), by log(1 + f) = f - f²/2 + f³ · p(f). Within 2 ULP. */
function log(x: KExpr): KExpr {
  const width = widthOf(x);
  // Numbers too small to be normal are scaled up.
  const tiny = lt(x, 2 ** -126);
  const bits = bitcast("i32", select(tiny, mul(x, 2 ** 23), x));
  // Moved so that the exponent changes at √½ and not at 1.
  const half = lit(0x3f3504f3, kType("i32", width));
  const steps = floordiv(sub(bits, half), lit(2 ** 23, kType("i32", width)));
  const m = bitcast("f32", sub(bits, mul(steps, 2 ** 23)));
  const e = sub(convert("f32", steps), select(tiny, float(23, width), float(0, width)));
  const f = sub(m, 1);
  const square = mul(f, f);
  const cubic = mul(
    mul(f, square),
    polynomial(
      f,
      [0.3333333, -0.24999997, 0.20000716, -0.16667803, 0.14249058, -0.12425687, 0.1168542, -0.11479734, 0.06971611],
    ),
  );
  const small = fma(square, float(-0.5, width), fma(e, float(ln2Low, width), cubic));
  const value = fma(e, float(ln2High, width), add(f, small));
  const infinite = float(Number.POSITIVE_INFINITY, width);
  const special = select(eq(x, 0), neg(infinite), float(Number.NaN, width));
  return select(gt(x, 0), select(eq(x, infinite), infinite, value), special);
}

/** Near 0 an odd polynomial, beyond it 1 - 2 / (e^2|x| + 1). */
function tanh(x: KExpr): KExpr {
  const size = min(call("abs", x), 10);
  const square = mul(size, size);
  const near = fma(
    mul(size, square),
    polynomial(square, [-0.33333328, 0.1333277, -0.053850908, 0.02099718, -0.006096714]),
    size,
  );
  const far = sub(1, div(2, add(exp(add(size, size)), 1)));
  return withSign(select(lt(size, 0.625), near, far), x);
}

/** x · p(x²) below 1, 1 - e^-q(|x|) from there to 4, then ±1: within 2e-7. */
function erf(x: KExpr): KExpr {
  const size = min(call("abs", x), 4);
  const near = mul(
    size,
    polynomial(mul(size, size), [1.12837911, -0.376123279, 0.112801827, -0.0267113652, 0.00491760485, -0.000563161448]),
  );
  const q = polynomial(
    size,
    [0.000353851734, 1.12703943, 0.638226628, 0.103036523, -0.0218049008, 0.00293949991, -0.000185562749],
  );
  return withSign(select(lt(size, 1), near, sub(1, exp(neg(q)))), x);
}

/** `size` with the sign of x; NaN where x is. */
const withSign = (size: KExpr, x: KExpr): KExpr => select(ne(x, x), x, select(lt(x, 0), neg(size), size));

const sigmoid = (x: KExpr): KExpr => div(1, add(exp(min(neg(x), 88)), 1));

function geluTanh(x: KExpr): KExpr {
  const c = min(max(x, -10), 10);
  const u = mul(add(c, mul(mul(mul(c, c), c), 0.044715)), 0.79788456);
  return mul(mul(x, 0.5), add(tanh(u), 1));
}

/** A number as the sum of four, all but the last of few bits: their products with numbers below 2^12 are exact. */
function parts(value: number): readonly number[] {
  const found: number[] = [];
  let rest = value;
  for (let i = 0; i < 3; i++) {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(rest))) - 10);
    const part = Math.trunc(rest / unit) * unit;
    found.push(part);
    rest -= part;
  }
  return [...found, rest];
}

const halfTurn = parts(Math.PI / 2);

/**
 * The sine or cosine of x = k · π/2 + r: π/2 is taken off in three exact steps, then the series of both at r. Within
 * 3e-7 and |x| ULP.
 */
function circular(x: KExpr, which: "sin" | "cos"): KExpr {
  const width = widthOf(x);
  const k = floor(fma(x, float(0.636619772, width), float(0.5, width)));
  const r = halfTurn.reduce<KExpr>((rest, part) => fma(k, float(-part, width), rest), x);
  const z = mul(r, r);
  const sine = fma(mul(r, z), polynomial(z, [-0.166666667, 0.00833333333, -0.000198412698, 2.75573192e-6]), r);
  const cosine = polynomial(z, [1, -0.5, 0.0416666667, -0.00138888889, 2.48015873e-5]);
  const quadrant = mod(convert("i32", k), lit(4, kType("i32", width)));
  const odd = eq(mod(quadrant, lit(2, kType("i32", width))), 1);
  const value = which === "sin" ? select(odd, cosine, sine) : select(odd, sine, cosine);
  const negative = which === "sin" ? gt(quadrant, 1) : or(eq(quadrant, 1), eq(quadrant, 2));
  return select(negative, neg(value), value);
}

/** x^y = e^(y · log|x|), for negative x where y is whole; 0^0 is 1. */
function pow(x: KExpr, y: KExpr): KExpr {
  const width = widthOf(x);
  const size = exp(mul(y, log(max(call("abs", x), 2 ** -126))));
  const half = mul(y, 0.5);
  const odd = ne(floor(half), half);
  const whole = eq(floor(y), y);
  const negative = select(whole, select(odd, neg(size), size), float(Number.NaN, width));
  const ofZero = select(lt(y, 0), float(Number.POSITIVE_INFINITY, width), float(0, width));
  const value = select(lt(x, 0), negative, size);
  return select(eq(y, 0), 1, select(eq(x, 0), ofZero, value));
}
