import { type Random, randomFrom } from "../support/random.js";
import { bodyText, libraryCallable, newBody, newRoot, randomCallable } from "./callables.js";
import { disguised } from "./disguise.js";
import {
  freshName,
  type GenerateOptions,
  type Program,
  pickAxes,
  startRange,
  type Table,
  type Tensor,
  typeText,
} from "./scope.js";
import { fixedValue, type RuntimeDim, randomDims } from "./sizes.js";
import { statement } from "./statements.js";

export type { GenerateOptions } from "./scope.js";

/** A program with what it runs on. */
export interface Generated {
  readonly seed: number;
  readonly text: string;
  /** For `--dim`. */
  readonly dims: Readonly<Record<string, number>>;
  /** Run-time sizes: one record for each run. */
  readonly sizes: readonly Readonly<Record<string, number>>[];
}

/** A well-typed program: the same for the same seed and options. Its numbers stay finite and its sizes small. */
export function generateProgram(seed: number, options: GenerateOptions = {}): Generated {
  const r = randomFrom(Math.imul(seed, 0x9e3779b1) ^ 0x51ed270b);
  const full: Required<GenerateOptions> = {
    statements: options.statements ?? (options.large ? 3 : 6),
    half: options.half ?? false,
    runtime: options.runtime ?? true,
    large: options.large ?? false,
    elements: options.elements ?? (options.large ? 12_000 : 2000),
    work: options.work ?? (options.large ? 600_000 : 30_000),
  };
  const dims = randomDims(r, full.runtime, full.large);
  const { tables, lines: tableLines } = randomTables(r, dims.sizes);
  const p: Program = { r, options: full, sizes: dims.sizes, tables, callables: [], next: 1 };
  const callables = r.pick([0, 1, 1, 2, 3]);
  for (let i = 0; i < callables; i++)
    p.callables.push(r.chance(0.35) ? libraryCallable(p) : randomCallable(p, r.chance(0.5) ? "fn" : "block"));
  const model = randomModel(p, dims.runtime);
  const note = r.chance(0.2) ? "// a program made at random\n" : "";
  const plain = `${note}lf 1\n${[...dims.lines, ...tableLines].join("\n")}\n${p.callables.map((c) => c.text).join("\n")}\n${model}\n`;
  const text = r.chance(0.25) ? disguised(r, plain) : plain;
  const fixed = dims.runtime.filter(() => r.chance(0.08));
  return {
    seed,
    text,
    dims: Object.fromEntries(fixed.map((d) => [d.size.text, runtimeSize(r, d)])),
    sizes: runs(
      r,
      dims.runtime.filter((d) => !fixed.includes(d)),
    ),
  };
}

const runtimeSize = (r: Random, d: RuntimeDim): number => d.step * r.int(d.lo / d.step, Math.floor(d.hi / d.step));

/** One run, or two when sizes are known at run time only: the ends of the ranges are likely. */
function runs(r: Random, dims: readonly RuntimeDim[]): readonly Readonly<Record<string, number>>[] {
  const one = (): Readonly<Record<string, number>> =>
    Object.fromEntries(
      dims.map((d) => [d.size.text, r.chance(0.25) ? d.lo : r.chance(0.3) ? d.hi : runtimeSize(r, d)]),
    );
  return dims.length === 0 ? [{}] : [one(), one()];
}

function randomTables(
  r: Random,
  sizes: Program["sizes"],
): { readonly tables: readonly Table[]; readonly lines: readonly string[] } {
  const over = sizes.filter((s) => s.fixed && /^\w+$/.test(s.text) && (fixedValue(s) ?? 99) <= 5);
  if (over.length === 0 || !r.chance(0.4)) return { tables: [], lines: [] };
  const size = r.pick(over);
  const some = [r.int(1, 9), r.int(1, 9), r.int(1, 5)];
  const entries = Array.from({ length: fixedValue(size) ?? 1 }, () => r.pick(some));
  return {
    tables: [{ name: "Tab", over: size, entries }],
    lines: [`dim Tab[h: ${size.text}] = [${entries.join(", ")}]`],
  };
}

function randomModel(p: Program, runtime: readonly RuntimeDim[]): string {
  const { r } = p;
  const root = newRoot();
  const b = newBody(p, "model", p.sizes, root, []);
  const input = (dtype: Tensor["dtype"], axes: Tensor["axes"]): void => {
    const name = freshName(p, "x");
    root.inputs.push({ name, type: typeText(dtype, axes) });
    root.made.push({ name, dtype, axes, range: startRange(dtype) });
  };
  // every run-time size is an axis of some input (D6)
  const own = runtime.map((d) => d.size);
  const more = pickAxes(b, own.length === 0 ? 2 : 1);
  input(
    "f32",
    r
      .shuffle([...own, ...more])
      .slice(0, Math.max(own.length, 2))
      .concat(own.length > 2 ? [] : []),
  );
  for (const size of own) if (!root.made[0]?.axes.includes(size)) input("f32", [size]);
  if (r.chance(0.6)) input("f32", pickAxes(b, r.int(1, 3)));
  if (r.chance(0.5)) input("bool", pickAxes(b, r.int(1, 2)));
  if (r.chance(0.5)) input("i32", pickAxes(b, r.int(1, 2)));
  if (p.options.half) {
    input("f16", pickAxes(b, r.int(1, 2)));
    if (r.chance(0.6)) input("u32", pickAxes(b, r.int(1, 2)));
  }
  const count = r.chance(0.05) ? 2 * p.options.statements : r.int(2, p.options.statements);
  for (let i = 0; i < count; i++) statement(b);
  const lets = b.tensors.filter((t) => /^v\d+$/.test(t.name));
  const newest = lets.at(-1) ?? (root.made[0] as Tensor);
  const others = r.shuffle(lets.filter((t) => t !== newest)).slice(0, r.pick([0, 0, 1, 2]));
  // an input or a parameter as it is, or the same value twice
  if (r.chance(0.08)) others.push(r.pick(root.made));
  if (r.chance(0.05)) others.push(newest);
  const outputs = [newest, ...others];
  const name = r.pick(["Model1", "Net", "M"]);
  const types =
    outputs.length === 1 && r.chance(0.7)
      ? typeText(newest.dtype, newest.axes)
      : `(${outputs.map((t, i) => `out${i}: ${typeText(t.dtype, t.axes)}`).join(", ")})`;
  const formals = root.inputs.map((i) => `${i.name}: ${i.type}`).join(", ");
  return `model ${name}(${formals}) -> ${types} ${bodyText([...root.params, ...b.lines, `return ${outputs.map((t) => t.name).join(", ")}`])}`;
}
