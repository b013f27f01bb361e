import {
  addDim,
  ceilDivDim,
  constDim,
  type Dim,
  dimRange,
  divDim,
  floorDivDim,
  isWhole,
  mulDim,
  provablyAtLeast,
  sameDim,
  subDim,
  substituteDim,
  symbolDim,
} from "../../src/ir/dim.js";
import type { Random } from "../support/random.js";

/** A size as a program writes it, with what the checker knows about it (language.md D1, D2). */
export interface Size {
  readonly text: string;
  readonly dim: Dim;
  /** The greatest value that it can have in a run; generics are bound to sizes up to theirs. */
  readonly most: number;
  /** Known when the program is compiled, as a parameter's axis has to be. */
  readonly fixed: boolean;
  readonly generic: boolean;
}

/** A `?` dim with the sizes of the runs. */
export interface RuntimeDim {
  readonly size: Size;
  readonly lo: number;
  readonly hi: number;
  readonly step: number;
}

export interface Dims {
  readonly sizes: readonly Size[];
  readonly runtime: readonly RuntimeDim[];
  readonly lines: readonly string[];
}

export const same = (a: Size, b: Size): boolean => sameDim(a.dim, b.dim);
export const sameAxes = (a: readonly Size[], b: readonly Size[]): boolean =>
  a.length === b.length && a.every((size, i) => same(size, b[i] as Size));
/** Elements at most. */
export const volume = (axes: readonly Size[]): number => axes.reduce((product, axis) => product * axis.most, 1);
/** The value of a size that is the same in every run. */
export const fixedValue = (size: Size): number | undefined => {
  const { lo, hi } = dimRange(size.dim);
  return lo === hi ? lo : undefined;
};
/** What the checker can prove it is at least. */
export const leastOf = (size: Size): number => dimRange(size.dim).lo;
/** As an operand of an operator. */
export const operand = (size: Size): string => (/^\w+(\[\w+\])?$/.test(size.text) ? size.text : `(${size.text})`);
export const numberSize = (value: number): Size => ({
  text: String(value),
  dim: constDim(value),
  most: value,
  fixed: true,
  generic: false,
});
export const genericSize = (name: string): Size => ({
  text: name,
  dim: symbolDim(`<${name}>`, 1, Number.POSITIVE_INFINITY),
  most: 12,
  fixed: false,
  generic: true,
});

/** `a + b`, `a * b`, …; undefined where the checker would refuse it or it is less than 1. */
export function combine(a: Size, op: "+" | "-" | "*" | "/", b: Size): Size | undefined {
  const dim =
    op === "+"
      ? addDim(a.dim, b.dim)
      : op === "-"
        ? subDim(a.dim, b.dim)
        : op === "*"
          ? mulDim(a.dim, b.dim)
          : divDim(a.dim, b.dim);
  // with `--dim` a rounded quotient may turn out to be a sum, by which nothing is divided
  if (op === "/" && /div/.test(b.dim.op)) return undefined;
  if (dim === undefined || !provablyAtLeast(dim, constDim(1)) || !isWhole(dim)) return undefined;
  const left = op === "*" || op === "/" ? operand(a) : a.text;
  const right = op === "+" ? b.text : operand(b);
  const most = dimRange(dim).hi;
  return {
    text: `${left} ${op} ${right}`,
    dim,
    most: Number.isFinite(most) ? most : op === "+" ? a.most + b.most : op === "*" ? a.most * b.most : a.most,
    fixed: a.fixed && b.fixed,
    generic: a.generic || b.generic,
  };
}

export function rounded(fn: "ceil" | "floor", a: Size, b: Size): Size | undefined {
  const dim = fn === "ceil" ? ceilDivDim(a.dim, b.dim) : floorDivDim(a.dim, b.dim);
  const { lo, hi } = dimRange(dim);
  if (lo < 1 || !Number.isFinite(hi)) return undefined;
  return { text: `${fn}(${operand(a)} / ${operand(b)})`, dim, most: hi, fixed: a.fixed && b.fixed, generic: false };
}

/** A callee's size in the caller's: generics replaced by their sizes. */
export function substituteSize(size: Size, bindings: ReadonlyMap<string, Size>): Size {
  const map = new Map([...bindings].map(([name, to]) => [`<${name}>`, to.dim]));
  const dim = substituteDim(size.dim, map);
  const alone = bindings.get(size.text);
  if (alone !== undefined) return alone;
  const text = size.text.replace(/[A-Za-z_]\w*/g, (word) => {
    const to = bindings.get(word);
    return to === undefined ? word : operand(to);
  });
  const used = [...bindings].filter(([name]) => new RegExp(`\\b${name}\\b`).test(size.text)).map(([, to]) => to);
  const { hi } = dimRange(dim);
  return {
    text,
    dim,
    most: Number.isFinite(hi) ? hi : size.most,
    fixed: used.every((s) => s.fixed) && (size.fixed || used.length > 0),
    generic: used.some((s) => s.generic),
  };
}

const common = [1, 2, 3, 4, 5, 7, 8, 9];
const larger = [13, 16, 17, 31, 32, 33, 40];
const tiles = [48, 63, 64, 65, 96, 100, 127, 128, 129];

/** The dims at the head of a program: numbers, run-time sizes and what is derived of them. */
export function randomDims(r: Random, withRuntime: boolean, large = false): Dims {
  const sizes: Size[] = [];
  const runtime: RuntimeDim[] = [];
  const lines: string[] = [];
  const names = r.shuffle([
    "Seq",
    "Model",
    "Head",
    "Proj",
    "Rows",
    "Cols",
    "Depth",
    "Feat",
    "Batch",
    "Win",
    "step",
    "Ffn",
  ]);
  const name = (): string => names.pop() ?? `D${lines.length}`;
  const count = r.int(3, 5);
  for (let i = 0; i < count; i++) {
    const value = large && i < 2 ? r.pick(tiles) : r.chance(0.75) ? r.pick(common) : r.pick(larger);
    const text = name();
    const written = value >= 10 && r.chance(0.1) ? `${Math.floor(value / 10)}_${value % 10}` : String(value);
    lines.push(`dim ${text} = ${written}`);
    sizes.push({ text, dim: symbolDim(text, value, value, value), most: value, fixed: true, generic: false });
  }
  const run = withRuntime ? r.int(0, 2) : 0;
  for (let i = 0; i < run; i++) {
    const text = name();
    const step = r.chance(0.35) ? r.pick([2, 3, 4, 8]) : 1;
    const lo = step * r.pick([1, 1, 1, 2]);
    const hi = Math.max(lo, step * Math.floor(r.pick(large ? [65, 100, 129] : [4, 9, 17, 24, 33, 40]) / step));
    lines.push(`dim ${text} = ? in ${lo}..${hi}${step > 1 ? ` step ${step}` : ""}`);
    const size: Size = { text, dim: symbolDim(text, lo, hi, step), most: hi, fixed: false, generic: false };
    sizes.push(size);
    runtime.push({ size, lo, hi, step });
  }
  const derived = r.int(1, 4);
  for (let i = 0; i < derived; i++) {
    const size = derive(r, sizes);
    if (size === undefined || size.most > (large ? 200 : 64) || sizes.some((s) => same(s, size))) continue;
    if (r.chance(0.25) && !/\(/.test(size.text)) {
      sizes.push(size); // written out wherever it is used; ceil and floor are no functions of expressions
      continue;
    }
    const text = name();
    lines.push(`dim ${text} = ${size.text}`);
    sizes.push({ ...size, text });
  }
  return { sizes, runtime, lines };
}

/** A size made of others. */
export function derive(r: Random, sizes: readonly Size[]): Size | undefined {
  const a = r.pick(sizes);
  const b = r.pick(sizes);
  switch (r.int(0, 7)) {
    case 0:
      return combine(a, "*", b);
    case 1:
    case 2: {
      const divisors = [...sizes, ...[2, 3, 4].map(numberSize)].filter((d) => leastOf(d) > 1);
      const whole = divisors.map((d) => combine(a, "/", d)).filter((q) => q !== undefined);
      return whole.length > 0 ? r.pick(whole) : undefined;
    }
    case 3:
      return combine(a, "+", r.chance(0.5) ? b : numberSize(r.int(1, 3)));
    case 4:
      return combine(a, "-", r.chance(0.3) ? b : numberSize(r.int(1, 3)));
    case 5:
      return combine(numberSize(r.int(2, 3)), "*", a);
    case 6:
      return rounded(r.chance(0.5) ? "ceil" : "floor", a, numberSize(r.int(2, 5)));
    default: {
      const twice = combine(numberSize(2), "*", a);
      return twice && combine(twice, "+", numberSize(1));
    }
  }
}
