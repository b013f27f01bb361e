import type { DType } from "../../src/ir/dtype.js";
import type { Random } from "../support/random.js";
import type { CallableText } from "./callables.js";
import { combine, derive, fixedValue, leastOf, type Size, same, sameAxes, volume } from "./sizes.js";
import type { Interval } from "./text.js";

/** What a generated program may contain. */
export interface GenerateOptions {
  /** Statements of the model, at most. */
  readonly statements?: number;
  /** f16 and u32 values: only the reference and js take them. */
  readonly half?: boolean;
  readonly runtime?: boolean;
  /** Sizes about those of tiles; a few statements only. */
  readonly large?: boolean;
  /** Elements of a tensor and steps of a statement, at most. */
  readonly elements?: number;
  readonly work?: number;
}

export interface Tensor {
  readonly name: string;
  readonly dtype: DType;
  readonly axes: readonly Size[];
  readonly range: Interval;
}

/** An index while its statement is written. */
export interface Index {
  readonly name: string;
  readonly size: Size;
  /** Some subscript says its range; else it needs an annotation. */
  bare: boolean;
  annotate: boolean;
  /** Bound by the short form, which leaves no room for an annotation. */
  linked: boolean;
  readonly kept: boolean;
}

export interface Table {
  readonly name: string;
  readonly over: Size;
  readonly entries: readonly number[];
}

/** The program under construction. */
export interface Program {
  readonly r: Random;
  readonly options: Required<GenerateOptions>;
  readonly sizes: readonly Size[];
  readonly tables: readonly Table[];
  readonly callables: CallableText[];
  next: number;
}

/** A body under construction. */
export interface Body {
  readonly p: Program;
  readonly r: Random;
  readonly kind: "fn" | "block" | "model";
  readonly sizes: readonly Size[];
  tensors: Tensor[];
  /** Statements in order. */
  lines: string[];
  /** Indices in scope, outermost first. */
  indices: Index[];
  readonly counters: { readonly name: string; readonly count: number }[];
  /** The body of the callable: where `param` and inputs go. */
  readonly root: Root;
  /** How often a step of this body runs at most, by what is around it. */
  times: number;
  readonly nested: number;
}

export interface Root {
  readonly params: string[];
  readonly inputs: { readonly name: string; readonly type: string }[];
  /** Made on demand, visible everywhere in the callable. */
  readonly made: Tensor[];
  /** The most steps of one statement. */
  work: number;
}

export const typeText = (dtype: DType, axes: readonly Size[]): string =>
  axes.length === 0 ? dtype : `${dtype}[${axes.map((a) => a.text).join(", ")}]`;

export const freshName = (p: Program, letter: string): string => `${letter}${p.next++}`;

const indexNames = [..."ijkmnqrtuacdhlo", "step", "from", "as", "lf", "fixed", "_s"];

/** An index name that nothing in scope has. */
export function freshIndex(b: Body, size: Size, kept = true): Index {
  const taken = new Set([...b.indices, ...b.counters].map((x) => x.name));
  for (const s of [...b.sizes, ...b.p.sizes]) taken.add(s.text);
  const free = indexNames.filter((n) => !taken.has(n));
  const name = b.r.chance(0.9)
    ? (free.slice(0, 15)[b.r.int(0, Math.min(14, free.length - 1))] ?? freshName(b.p, "i"))
    : b.r.pick(free);
  return { name, size, bare: false, annotate: false, linked: false, kept };
}

export const visible = (b: Body): readonly Tensor[] => [
  ...b.tensors,
  ...b.root.made.filter((t) => !b.tensors.includes(t)),
];

/** Steps of the innermost expression so far. */
export const steps = (b: Body): number => b.times * volume(b.indices.map((i) => i.size));

export const affords = (b: Body, more: number): boolean => steps(b) * more <= b.p.options.work;

export function spend(b: Body): void {
  b.root.work = Math.max(b.root.work, steps(b));
}

/** The text of an index where it is bound. */
export const binding = (b: Body, i: Index): string =>
  i.annotate || !i.bare || b.r.chance(0.15) ? `${i.name}: ${i.size.text}` : i.name;

/** Sizes for the axes of a new tensor that stays small. */
export function pickAxes(b: Body, rank: number): readonly Size[] {
  const axes: Size[] = [];
  const used = visible(b).flatMap((t) => t.axes);
  for (let i = 0; i < rank; i++) {
    const fits = (s: Size): boolean => volume([...axes, s]) <= b.p.options.elements && affords(b, volume([...axes, s]));
    const candidates = (used.length > 0 && b.r.chance(0.75) ? used : b.sizes).filter(fits);
    if (candidates.length === 0) break;
    axes.push(b.r.pick(candidates));
  }
  return axes;
}

/** A size that the program has, or one made of its sizes. */
export function pickSize(b: Body): Size {
  if (b.r.chance(0.85)) return b.r.pick(b.sizes);
  const known = b.sizes.filter((s) => !s.generic);
  const made = known.length > 0 ? derive(b.r, known) : undefined;
  return made !== undefined && made.most <= 64 && !/\b(ceil|floor)\b/.test(made.text) ? made : b.r.pick(b.sizes);
}

const floats: Interval = [-6, 6];
/** Random inputs are below 8 where nothing is known (`randomInput`). */
const wholes: Interval = [0, 7];

export const startRange = (dtype: DType): Interval =>
  dtype === "bool" ? [0, 1] : dtype === "i32" || dtype === "u32" ? wholes : floats;

/** A tensor of this type: one that is there, or a new parameter, input or table of numbers. */
export function tensorOf(b: Body, dtype: DType, axes: readonly Size[], fresh = 0.35): Tensor {
  const found = visible(b).filter((t) => t.dtype === dtype && sameAxes(t.axes, axes));
  if (found.length > 0 && !b.r.chance(fresh)) return b.r.pick(found);
  const fixed = axes.every((a) => a.fixed);
  const float = dtype === "f32" || dtype === "f16";
  if (b.kind !== "fn" && float && (fixed || canSlice(b, axes)) && axes.length > 0 && b.r.chance(0.8)) {
    return parameter(b, dtype, axes);
  }
  if (b.kind === "model") {
    const name = freshName(b.p, "x");
    b.root.inputs.push({ name, type: typeText(dtype, axes) });
    const tensor: Tensor = { name, dtype, axes, range: startRange(dtype) };
    b.root.made.push(tensor);
    return tensor;
  }
  return madeOfIndices(b, dtype, axes);
}

/** A run-time axis of a parameter is a slice of a fixed one (`E[:, 0..Seq]`). */
const canSlice = (b: Body, axes: readonly Size[]): boolean =>
  b.nested === 0 && axes.every((a) => a.fixed || (!a.generic && fixedValue(a) === undefined && a.most <= 64));

function parameter(b: Body, dtype: DType, axes: readonly Size[]): Tensor {
  const { r } = b;
  const name = freshName(b.p, "w");
  const whole: Size[] = axes.map((a) => (a.fixed ? a : { ...a, text: String(a.most), fixed: true }));
  const options = ["", " = normal(0.7)", " = uniform(-1, 1)", " = xavier", " = ones", " = fixed normal(0.5)"];
  if (dtype === "f32" && fixedValue(whole[0] as Size) !== undefined)
    options.push(` = uniform(-1 / sqrt(${operandText(whole[0] as Size)}), 0.5)`);
  const init = r.chance(0.6) ? "" : r.pick(options);
  const ones = init === " = ones";
  b.root.params.push(
    `param ${name}: ${b.kind === "model" && r.chance(0.1) ? keyed(b, name, dtype, whole, init) : typeText(dtype, whole) + init}`,
  );
  const range: Interval = ones ? [1, 1] : floats;
  if (axes.every((a) => a.fixed)) {
    const tensor: Tensor = { name, dtype, axes, range };
    b.root.made.push(tensor);
    return tensor;
  }
  const sliced = freshName(b.p, "v");
  const subs = axes.map((a) => (a.fixed ? ":" : `0..${a.text}`));
  while (subs.at(-1) === ":" && r.chance(0.5)) subs.pop();
  b.lines.push(`let ${sliced} = ${name}[${subs.join(", ")}]`);
  const tensor: Tensor = { name: sliced, dtype, axes, range };
  b.tensors.push(tensor);
  return tensor;
}

const operandText = (s: Size): string => (/^\w+$/.test(s.text) ? s.text : `(${s.text})`);

/** A parameter that says where a checkpoint keeps it, and how (F6). */
function keyed(b: Body, name: string, dtype: DType, axes: readonly Size[], init: string): string {
  const letters = b.r.shuffle([..."abcdefg"]).slice(0, axes.length);
  const order = b.r.shuffle(letters);
  const packed =
    order.length > 1 && b.r.chance(0.5)
      ? `(${order.slice(0, 2).join(" ")}) ${order.slice(2).join(" ")}`.trim()
      : order.join(" ");
  const type = `${dtype}[${axes.map((a, i) => `${letters[i]}: ${a.text}`).join(", ")}]`;
  return `${type}${init} from "net.${name}.weight"${b.r.chance(0.7) ? ` as "${packed}"` : ""}`;
}

/** Values made of index numbers alone: what a pure function can do. */
function madeOfIndices(b: Body, dtype: DType, axes: readonly Size[]): Tensor {
  const name = freshName(b.p, "v");
  const outer = b.indices;
  b.indices = [];
  const indices: Index[] = [];
  for (const axis of axes) {
    const index = freshIndex({ ...b, indices: [...outer, ...indices] }, axis);
    indices.push(index);
  }
  b.indices = outer;
  const total = indices.map((i, n) => (n === 0 ? i.name : `${n + 1} * ${i.name}`)).join(" + ");
  const [first] = indices;
  const left = indices.map((i) => `${i.name}: ${i.size.text}`).join(", ");
  const whole = total === "" ? "3" : total;
  const value =
    dtype === "bool"
      ? first === undefined
        ? "true"
        : `(${whole}) % 3 != 1`
      : dtype === "i32"
        ? first === undefined
          ? "i32(3)"
          : `(${whole}) % 7`
        : dtype === "u32"
          ? `u32(${first === undefined ? "3" : `(${whole}) % 7`})`
          : `cos(${dtype}(${whole}) * 0.7)`;
  const range: Interval = dtype === "bool" ? [0, 1] : dtype === "i32" || dtype === "u32" ? [0, 6] : [-1, 1];
  b.lines.push(`let ${name}${left === "" ? "" : `[${left}]`} = ${value}`);
  const tensor: Tensor = { name, dtype, axes, range };
  b.tensors.push(tensor);
  return tensor;
}

/** A body inside of this one: it sees what is visible here. */
export const inside = (b: Body, times: number): Body => ({
  ...b,
  tensors: [...b.tensors],
  lines: [],
  indices: [...b.indices],
  counters: [...b.counters],
  times: b.times * times,
  nested: b.nested + 1,
});

/** Pairs of sizes whose product is this one: how it can be split in blocks. */
export function factorings(b: Body, whole: Size): readonly (readonly [blocks: Size, block: Size])[] {
  const found: (readonly [Size, Size])[] = [];
  for (const block of b.sizes) {
    if (leastOf(block) < 2 || !block.fixed) continue;
    const blocks = combine(whole, "/", block);
    const back = blocks && combine(blocks, "*", block);
    if (blocks !== undefined && back !== undefined && same(back, whole)) found.push([blocks, block]);
  }
  return found;
}
