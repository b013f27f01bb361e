import type { Pass, PassContext } from "../../src/backend/backend.js";
import { ceilDivDim, constValue, type Dim, dimRange } from "../../src/ir/dim.js";
import { add, int, lt, mul, operands, slot, typeOf, variable, withOperands } from "../../src/ir/kernel/expr.js";
import type { KExpr, Kernel, KStmt } from "../../src/ir/kernel/ops.js";
import {
  bodiesOf,
  expressionsOf,
  flatMapSame,
  ifStmt,
  mapExprs,
  walkExpr,
  withBodies,
  withExpressions,
} from "../../src/ir/kernel/visit.js";
import type { Program, Step } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import { inlineNames } from "./inlineNames.js";
import { largest } from "./types.js";

/** What WGSL lacks, taken away before printing. */

const mapKernels = (program: Program, change: (k: Kernel) => Kernel): Program => {
  const kernels = flatMapSame(program.kernels, change);
  return kernels === program.kernels ? program : { ...program, kernels };
};

const withBody = (kernel: Kernel, body: readonly KStmt[]): Kernel =>
  body === kernel.body ? kernel : { ...kernel, body };

/**
 * WGSL has no infinity and no NaN. An infinite constant becomes the largest finite number of its type, as a computed
 * overflow would; a NaN has no meaning to keep and becomes 0.
 */
export const replaceNonFinite: Pass<Program> = {
  name: "wgsl-finite",
  summary: "Constants that WGSL cannot write become finite",
  run: (program) => mapKernels(program, (k) => withBody(k, mapExprs(k.body, finite))),
};

function finite(e: KExpr): KExpr {
  if (e.k !== "lit" || Number.isFinite(e.value)) return e;
  const dtype = typeOf(e).dtype === "f16" ? "f16" : "f32";
  return { ...e, value: Number.isNaN(e.value) ? 0 : Math.sign(e.value) * largest(dtype) };
}

/**
 * A grid axis may exceed what a dispatch can count (65,535 groups): it is folded over a free axis, r = slab · rows + row,
 * and what lies beyond the end is guarded. The guard depends on the group alone, so barriers under it stay uniform.
 */
export const foldGrid: Pass<Program> = {
  name: "wgsl-fold-grid",
  summary: "Grid axes beyond the limit of a dispatch are folded into two",
  run(program, cx) {
    const folded = new Map<string, Kernel>();
    const steps = foldSteps(program.steps, program, folded, cx);
    const prepare = foldSteps(program.prepare, program, folded, cx);
    if (folded.size === 0) return program;
    const used = new Set<string>();
    eachDispatch([...prepare, ...steps], (s) => used.add(s.kernel));
    return {
      ...program,
      prepare,
      steps,
      kernels: [...program.kernels, ...folded.values()].filter((k) => used.has(k.name)),
    };
  },
};

/** Calls `visit` on every dispatch, those under `choose` too. */
export function eachDispatch(steps: readonly Step[], visit: (s: Extract<Step, { step: "dispatch" }>) => void): void {
  for (const s of steps) {
    if (s.step === "dispatch") visit(s);
    else for (const arm of [s.then, s.else]) eachDispatch(arm, visit);
  }
}

function foldSteps(
  steps: readonly Step[],
  program: Program,
  folded: Map<string, Kernel>,
  cx: PassContext,
): readonly Step[] {
  return flatMapSame(steps, (s) => {
    if (s.step === "choose") {
      const [then, otherwise] = [s.then, s.else].map((arm) => foldSteps(arm, program, folded, cx)) as [
        readonly Step[],
        readonly Step[],
      ];
      return then === s.then && otherwise === s.else ? s : { ...s, then, else: otherwise };
    }
    return foldDispatch(s, program, folded, cx);
  });
}

const axes = [0, 1, 2] as const;

function foldDispatch(
  step: Extract<Step, { step: "dispatch" }>,
  program: Program,
  folded: Map<string, Kernel>,
  cx: PassContext,
): Step {
  const long = axes.find((a) => dimRange(step.grid[a]).hi > cx.target.maxGrid);
  if (long === undefined) return step;
  const free = axes.find((a) => a !== long && constValue(step.grid[a]) === 1);
  invariant(free !== undefined, () => `${step.kernel}: no free grid axis to fold ${step.label} over`);
  const kernel = program.kernels.find((k) => k.name === step.kernel);
  invariant(kernel !== undefined, () => `no kernel ${step.kernel}`);
  const count = step.grid[long];
  const slabs = Math.ceil(dimRange(count).hi / cx.target.maxGrid);
  const rows = ceilDivDim(count, { op: "const", value: slabs });
  const fixedRows = constValue(rows);
  const name = `${kernel.name}_folded_${long}${free}_by${slabs}${fixedRows === undefined ? "" : `_${fixedRows}`}`;
  if (!folded.has(name)) folded.set(name, foldKernel(kernel, name, long, free, slabs, fixedRows));
  const grid = axes.map((a) => (a === long ? rows : a === free ? constDimOf(slabs) : step.grid[a])) as [Dim, Dim, Dim];
  return { ...step, kernel: name, grid, dims: fixedRows === undefined ? [...step.dims, rows] : step.dims };
}

const constDimOf = (value: number): Dim => ({ op: "const", value });

function foldKernel(
  kernel: Kernel,
  name: string,
  long: 0 | 1 | 2,
  free: 0 | 1 | 2,
  slabs: number,
  fixedRows: number | undefined,
): Kernel {
  const rows: KExpr = fixedRows === undefined ? slot(kernel.dims) : int(fixedRows);
  const rebuild = (body: readonly KStmt[], wrap: (inner: readonly KStmt[]) => readonly KStmt[]): readonly KStmt[] => {
    const only = body[0];
    if (body.length !== 1 || only?.s !== "for" || (only.bind.to !== "grid" && only.bind.to !== "local"))
      return wrap(body);
    if (only.bind.to !== "grid" || only.bind.axis !== long) return [{ ...only, body: rebuild(only.body, wrap) }];
    const row = `${only.var}_row`;
    const slab = `${only.var}_slab`;
    const index = add(mul(variable(slab), rows), variable(row));
    const guarded = (inner: readonly KStmt[]): readonly KStmt[] =>
      wrap([{ s: "let", var: only.var, value: index }, ifStmt(lt(variable(only.var), only.to), inner)]);
    return [
      {
        ...only,
        var: row,
        to: rows,
        body: [
          { ...only, var: slab, to: int(slabs), bind: { to: "grid", axis: free }, body: rebuild(only.body, guarded) },
        ],
      },
    ];
  };
  const dims = fixedRows === undefined ? kernel.dims + 1 : kernel.dims;
  return { ...kernel, name, dims, body: rebuild(kernel.body, (inner) => inner) };
}

/** Operations that one printed expression may hold: Tint counts nested parentheses (126) and chained operators (511). */
const largestExpression = 24;
/** A value used twice is named when it costs more than this many operations. */
const largestRepeated = 2;

/**
 * Names parts of large expressions, and parts that one statement uses several times: expressions are graphs in memory but
 * text is a tree.
 */
export const nameTemporaries: Pass<Program> = {
  name: "wgsl-temporaries",
  summary: "Large and repeated expressions get names",
  run: (program) => mapKernels(program, (k) => withBody(k, nameInBody(k.body, namer(k)))),
};

interface Namer {
  /** A new variable for a value: a loaded one is called after its buffer. */
  fresh(e: KExpr): string;
  /** Whether an expression is worth a name when it is used twice. */
  costly(e: KExpr): boolean;
}

function namer(kernel: Kernel): Namer {
  const taken = new Set<string>(kernel.buffers.map((b) => b.id));
  const collect = (list: readonly KStmt[]): void => {
    for (const s of list) {
      if (s.s === "for" || s.s === "let") taken.add(s.var);
      for (const inner of bodiesOf(s)) collect(inner);
    }
  };
  collect(kernel.body);
  const registers = new Set(kernel.buffers.filter((b) => b.space === "register").map((b) => b.id));
  return {
    fresh(e) {
      const base = e.k === "load" ? e.buffer : "t";
      let name = base;
      for (let n = 1; taken.has(name); n++) name = `${base}_${n}`;
      taken.add(name);
      return name;
    },
    costly: (e) =>
      e.k === "op"
        ? !cheap.has(e.op)
        : e.k === "load"
          ? !registers.has(e.buffer)
          : e.k === "fold" || e.k === "subgroup",
  };
}

function nameInBody(body: readonly KStmt[], names: Namer): readonly KStmt[] {
  return flatMapSame(body, (s) => {
    const inner = withBodies(
      s,
      bodiesOf(s).map((b) => nameInBody(b, names)),
    );
    const lets: KStmt[] = [];
    const renamed = withExpressions(inner, nameParts(s, names, lets));
    return lets.length === 0 ? renamed : [...lets, renamed];
  });
}

/** The statement's expressions with parts replaced by names, whose `let`s are appended to `lets`. */
function nameParts(s: KStmt, names: Namer, lets: KStmt[]): readonly KExpr[] {
  const whole = expressionsOf(s);
  const uses = countUses(whole);
  const done = new Map<KExpr, { readonly e: KExpr; readonly size: number }>();
  const name = (e: KExpr): KExpr => {
    const v = names.fresh(e);
    lets.push({ s: "let", var: v, value: e });
    return variable(v, typeOf(e));
  };
  const visit = (e: KExpr): { readonly e: KExpr; readonly size: number } => {
    const known = done.get(e);
    if (known !== undefined) return known;
    const parts = operands(e).map(visit);
    // The largest parts are named until the whole is small enough.
    let size = 1 + parts.reduce((sum, p) => sum + p.size, 0);
    while (size > largestExpression) {
      const at = parts.reduce((best, p, i) => (p.size > (parts[best]?.size ?? 0) ? i : best), 0);
      const part = parts[at];
      if (part === undefined || part.size === 0) break;
      parts[at] = { e: name(part.e), size: 0 };
      size -= part.size;
    }
    let result: { readonly e: KExpr; readonly size: number } = {
      e:
        parts.length === 0
          ? e
          : withOperands(
              e,
              parts.map((p) => p.e),
            ),
      size: parts.length === 0 ? 0 : size,
    };
    const repeated = (uses.get(e) ?? 0) > 1 && (result.size > largestRepeated || names.costly(e));
    if (repeated && result.e.k !== "var" && result.e.k !== "lit") result = { e: name(result.e), size: 0 };
    done.set(e, result);
    return result;
  };
  const named = whole.map((e) => visit(e).e);
  // The bound of a printed loop is evaluated again before each iteration: memory in it is read once, before the loop.
  if (s.s === "for" && s.bind.to === "serial" && named[0] && named[1] && readsMemory(named[1])) {
    return [named[0], name(named[1])];
  }
  return named;
}

/** How often each object occurs as an operand or as an expression of the statement. */
function countUses(roots: readonly KExpr[]): ReadonlyMap<KExpr, number> {
  const uses = new Map<KExpr, number>();
  const seen = new Set<KExpr>();
  const count = (e: KExpr): void => void uses.set(e, (uses.get(e) ?? 0) + 1);
  for (const root of roots) {
    count(root);
    walkExpr(
      root,
      (e) => {
        for (const x of operands(e)) count(x);
      },
      seen,
    );
  }
  return uses;
}

const readsMemory = (e: KExpr): boolean => {
  let found = false;
  walkExpr(e, (x) => {
    if (x.k === "load") found = true;
  });
  return found;
};

const cheap = new Set<string>([
  "add",
  "sub",
  "mul",
  "neg",
  "min",
  "max",
  "and",
  "or",
  "not",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "splat",
  "convert",
  "abs",
  "bitcast",
]);

export const legalize: readonly Pass<Program>[] = [replaceNonFinite, foldGrid, inlineNames, nameTemporaries];
