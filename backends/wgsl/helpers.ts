import type { DType } from "../../src/ir/dtype.js";
import type { KType } from "../../src/ir/kernel/ops.js";
import { invariant } from "../../src/util/invariant.js";
import { valueType } from "./types.js";

/**
 * Functions that WGSL lacks or defines too loosely, printed in front of a kernel that uses them. In the texts
 * `@name` is another helper of the same type and `#(x)` a constant of the type.
 *
 * Domains are clamped: WGSL may assume that no infinity occurs, tanh is NaN from 88.7 on some drivers, and an exponent
 * beyond the range must give 0 or the largest number.
 */
interface Helper {
  readonly about: string;
  readonly parameters: readonly string[];
  readonly body: readonly string[];
  /** Other helpers that the body calls. */
  readonly uses?: readonly string[];
  readonly result?: "scalar";
}

const one = ["x"];
const two = ["x", "y"];

/** The sine or cosine of x = k·π/2 + r, by the series of both at r; `even` and odd quadrants differ, as do their signs. */
function circular(negative: string, evenOdd: string): readonly string[] {
  return [
    "let k = round(x * #(0.636619772));",
    "let r = fma(k, #(-7.54978995e-8), fma(k, #(-0.000483751297), fma(k, #(-1.5703125), x)));",
    "let z = r * r;",
    "let s = r + r * z * (#(-0.166666667) + z * (#(0.00833333333) + z * (#(-0.000198412698) + z * #(2.75573192e-6))));",
    "let c = #(1.0) - z * (#(0.5) - z * (#(0.0416666667) - z * (#(0.00138888889) - z * #(2.48015873e-5))));",
    "let q = k - #(4.0) * floor(k * #(0.25));",
    `let value = select(${evenOdd}, fract(k * #(0.5)) != #(0.0));`,
    `return select(value, -value, ${negative});`,
  ];
}

const helpers: Readonly<Record<string, Helper>> = {
  exp: {
    about: "e^x; the largest number where that overflows.",
    parameters: one,
    body: ["return exp(min(x, #(EXP_MAX)));"],
  },
  tanh: {
    about: "tanh, which is ±1 in this precision from 10 on.",
    parameters: one,
    body: ["return tanh(clamp(x, #(-10.0), #(10.0)));"],
  },
  // WGSL promises 2^-11 on [-π, π] and nothing beyond, where positions of long sequences lie: so the argument is brought
  // to [-π/4, π/4] in three exact steps and the series summed there.
  sin: { about: "sin x, within 3e-7 and |x| ulp.", parameters: one, body: circular("q >= #(2.0)", "s, c") },
  cos: {
    about: "cos x, within 3e-7 and |x| ulp.",
    parameters: one,
    body: circular("(q == #(1.0)) | (q == #(2.0))", "c, s"),
  },
  sigmoid: {
    about: "1 / (1 + e^-x).",
    parameters: one,
    body: ["return #(1.0) / (#(1.0) + exp(min(-x, #(EXP_MAX - 0.75))));"],
  },
  silu: { about: "x · sigmoid(x).", parameters: one, uses: ["sigmoid"], body: ["return x * @sigmoid(x);"] },
  erf: {
    about: "The error function, within 2e-7: x · p(x²) below 1, 1 - e^-q(|x|) from there to 4, then ±1.",
    parameters: one,
    body: [
      "let a = min(abs(x), #(4.0));",
      "let z = a * a;",
      "let near = a * (#(1.12837911) + z * (#(-0.376123279) + z * (#(0.112801827) + z * (#(-0.0267113652)",
      "  + z * (#(0.00491760485) + z * #(-0.000563161448))))));",
      "let q = #(0.000353851734) + a * (#(1.12703943) + a * (#(0.638226628) + a * (#(0.103036523)",
      "  + a * (#(-0.0218049008) + a * (#(0.00293949991) + a * #(-0.000185562749))))));",
      "let far = select(#(1.0) - exp(-q), #(1.0), a >= #(4.0));",
      "return sign(x) * select(near, far, a >= #(1.0));",
    ],
  },
  gelu: {
    about: "x · Φ(x), by the error function.",
    parameters: one,
    uses: ["erf"],
    body: ["return #(0.5) * x * (#(1.0) + @erf(x * #(0.70710678)));"],
  },
  gelu_tanh: {
    about: "x · Φ(x), by the usual tanh formula.",
    parameters: one,
    body: [
      "let c = clamp(x, #(-10.0), #(10.0));",
      "let u = clamp(#(0.79788456) * (c + #(0.044715) * c * c * c), #(-10.0), #(10.0));",
      "return #(0.5) * x * (#(1.0) + tanh(u));",
    ],
  },
  relu: { about: "max(x, 0).", parameters: one, body: ["return max(x, #(0.0));"] },
  pow: {
    about: "x^y, for negative x where y is whole; 0^0 is 1.",
    parameters: two,
    body: [
      "let size = exp2(clamp(y * log2(max(abs(x), #(TINY))), #(-EXP2_MAX), #(EXP2_MAX)));",
      "let odd = fract(y * #(0.5)) != #(0.0);",
      "let signed = select(size, select(size, -size, odd), x < #(0.0));",
      "return select(select(signed, select(#(0.0), #(LARGEST), y < #(0.0)), x == #(0.0)), #(1.0), y == #(0.0));",
    ],
  },
  floordiv: {
    about: "⌊x / y⌋.",
    parameters: two,
    body: ["let q = x / y;", "return select(q, q - #(1), (x % y != #(0)) & ((x < #(0)) != (y < #(0))));"],
  },
  mod: {
    about: "x - ⌊x / y⌋ · y.",
    parameters: two,
    body: ["let r = x % y;", "return select(r, r + y, (r != #(0)) & ((r < #(0)) != (y < #(0))));"],
  },
  floordiv_f: { about: "⌊x / y⌋.", parameters: two, body: ["return floor(x / y);"] },
  mod_f: { about: "x - ⌊x / y⌋ · y.", parameters: two, body: ["return x - floor(x / y) * y;"] },
  pow_i: {
    about: "x^y of whole numbers by repeated squaring; wraps around.",
    parameters: two,
    body: [
      "var result = #(1);",
      "var base = x;",
      "for (var rest = y; any(rest > #(0)); rest = rest / #(2)) {",
      "  result = select(result, result * base, rest % #(2) > #(0));",
      "  base = base * base;",
      "}",
      "return result;",
    ],
  },
  fold_add: { about: "Sum of the lanes.", parameters: ["v"], result: "scalar", body: ["FOLD +"] },
  fold_mul: { about: "Product of the lanes.", parameters: ["v"], result: "scalar", body: ["FOLD *"] },
  fold_max: { about: "Largest lane.", parameters: ["v"], result: "scalar", body: ["FOLD max"] },
  fold_min: { about: "Smallest lane.", parameters: ["v"], result: "scalar", body: ["FOLD min"] },
};

const suffix = (type: KType): string =>
  `${type.dtype === "f32" ? "" : `_${type.dtype}`}${type.width === 1 ? "" : `_x${type.width}`}`;

/** The name of a helper for one type. */
export const helperName = (name: string, type: KType): string => `lf_${name}${suffix(type)}`;

/** Constants of the texts that depend on the type. */
const constants = (dtype: DType): readonly (readonly [string, string])[] =>
  dtype === "f16"
    ? [
        ["EXP_MAX", "11.0"],
        ["EXP2_MAX", "15.99"],
        ["LARGEST", "65504.0"],
        ["TINY", "6.1e-5"],
      ]
    : [
        ["EXP_MAX", "88.72"],
        ["EXP2_MAX", "127.9"],
        ["LARGEST", "3.4028234e38"],
        ["TINY", "1.1754944e-38"],
      ];

/** The helpers that a kernel has asked for, each once for each type, in the order of their need. */
export interface HelperSet {
  /** The name to call. */
  use(name: string, type: KType): string;
  /** The texts, one function each. */
  lines(): readonly string[];
}

export function helperSet(): HelperSet {
  const texts = new Map<string, readonly string[]>();
  const use = (name: string, type: KType): string => {
    const called = helperName(name, type);
    if (texts.has(called)) return called;
    const helper = helpers[name];
    invariant(helper !== undefined, () => `no helper ${name}`);
    for (const other of helper.uses ?? []) use(other, type);
    texts.set(called, printHelper(called, helper, type));
    return called;
  };
  return { use, lines: () => [...texts.values()].flatMap((t) => [...t, ""]) };
}

function printHelper(name: string, helper: Helper, type: KType): readonly string[] {
  const t = valueType(type);
  const scalar = valueType({ dtype: type.dtype, width: 1 });
  const values = constants(type.dtype);
  const constant = (text: string): string => {
    const value = values.reduce((s, [from, to]) => s.replace(from, to), text);
    return type.width > 1 ? `${t}(${value})` : value.includes(" ") ? `(${value})` : value;
  };
  const body = helper.body.map((line) =>
    line.startsWith("FOLD ")
      ? `return ${foldLanes(line.slice(5), type.width)};`
      : line
          .replace(/#\(([^()]*)\)/g, (_, text: string) => constant(text))
          .replace(/@(\w+)/g, (_, n: string) => helperName(n, type)),
  );
  const parameters = helper.parameters.map((p) => `${p}: ${t}`).join(", ");
  return [
    `// ${helper.about}`,
    `fn ${name}(${parameters}) -> ${helper.result === "scalar" ? scalar : t} {`,
    ...body.map((line) => `  ${line}`),
    "}",
  ];
}

/** Lanes joined pairwise, so that the depth is the logarithm of the width. */
function foldLanes(op: string, width: number): string {
  if (/\w/.test(op)) return width === 2 ? `${op}(v.x, v.y)` : `${op}(${op}(v.x, v.y), ${op}(v.z, v.w))`;
  return width === 2 ? `v.x ${op} v.y` : `(v.x ${op} v.y) ${op} (v.z ${op} v.w)`;
}
