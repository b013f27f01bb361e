import { noLoc } from "../../src/diagnostics/span.js";
import { addDim, constDim, constValue, type Dim, dimRange, scaleDim, subDim } from "../../src/ir/dim.js";
import { byteSize } from "../../src/ir/dtype.js";
import { createBounds, type World } from "../../src/ir/kernel/bounds.js";
import { add, int, slot, sub, variable } from "../../src/ir/kernel/builder.js";
import type { BufId, KBuffer, KExpr, Kernel, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import { dispatchesOf } from "../../src/ir/kernel/verify.js";
import {
  expressionsOf,
  flatMapSame,
  globalLengths,
  mapExprs,
  substitute,
  walkExprs,
} from "../../src/ir/kernel/visit.js";
import type { Program, Step } from "../../src/ir/program/program.js";
import type { Pass } from "../pass.js";

/**
 * A binding that is larger than the machine binds is cut into windows (rule 12): the kernel runs several times, each time
 * over a stretch of one grid axis, and sees of each large buffer the stretch that these workgroups touch. Where a window
 * starts, and the first workgroup, are sizes of the dispatch, so it stays one kernel. Windows start at multiples of 256
 * bytes.
 *
 * What a stretch of workgroups touches is found by intervals: the axis is cut into ever more parts until every window
 * fits. Sizes that are known at run time only are not cut; what does not fit then is refused when a program is loaded.
 */
export const windowBindings: Pass<Program> = {
  name: "windowBindings",
  summary: "bindings over the machine's limit become windows, with a dispatch each",
  run(program, cx) {
    const all = dispatchesOf([...program.prepare, ...program.steps]);
    const cuts = new Map<string, Cut>();
    for (const kernel of program.kernels) {
      const own = all.filter((d) => d.kernel === kernel.name);
      const large = largeBuffers(kernel, cx.target.maxBinding);
      if (large.length === 0 || own.length === 0) continue;
      const cut = cutOf(kernel, large, own[0] as Dispatch, cx.target.maxBinding);
      const alike = own.every((d) => sameSizes(d, own[0] as Dispatch));
      if (cut !== undefined && alike) cuts.set(kernel.name, cut);
      else {
        const message = `${own[0]?.label}: ${large.map((b) => b.id).join(", ")} is larger than a binding, and the kernel cannot run in parts`;
        cx.remark({ pass: "windowBindings", loc: noLoc, message });
      }
    }
    if (cuts.size === 0) return program;
    const steps = (list: readonly Step[]): readonly Step[] =>
      flatMapSame(list, (s): Step | readonly Step[] => {
        if (s.step === "choose") {
          // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
          return { ...s, then: steps(s.then), else: steps(s.else) };
        }
        const cut = cuts.get(s.kernel);
        return cut === undefined ? s : windowed(s, cut);
      });
    return {
      ...program,
      kernels: program.kernels.map((k) => cuts.get(k.name)?.kernel ?? k),
      prepare: steps(program.prepare),
      steps: steps(program.steps),
    };
  },
};

type Dispatch = Extract<Step, { step: "dispatch" }>;
type Global = Extract<KBuffer, { space: "global" }>;
type GridLoop = KStmt & { readonly s: "for" };

interface Cut {
  /** The kernel of all windows: the last slots are the first workgroup, their number, and the start of each window. */
  readonly kernel: Kernel;
  readonly axis: 0 | 1 | 2;
  readonly parts: readonly Part[];
  readonly large: readonly Window[];
}

interface Part {
  readonly first: number;
  readonly count: number;
  /** Where each window starts, in elements of its buffer. */
  readonly starts: readonly number[];
}

/** A large buffer, and how much of it a dispatch sees, in elements. */
interface Window {
  readonly buffer: Global;
  readonly length: number;
}

/** Bytes at a multiple of which a binding may start. */
const alignment = 256;
/** Parts of an axis, at most: a command buffer of dispatches, not a stream of them. */
const mostParts = 256;

const bytesOf = (b: Global): number => b.type.width * byteSize(b.type.dtype);
/** Whether two dispatches have the same grid and sizes, all known before a run. */
function sameSizes(a: Dispatch, b: Dispatch): boolean {
  const [x, y] = [a, b].map((d) => [...d.grid, ...d.dims].map((size) => constValue(size)));
  return x?.length === y?.length && (x?.every((size, i) => size !== undefined && size === y?.[i]) ?? false);
}

const largeBuffers = (k: Kernel, most: number): readonly Global[] =>
  k.buffers.filter((b): b is Global => b.space === "global" && dimRange(b.length).hi * bytesOf(b) > most);

/** The first axis and the least number of parts for which every window fits. */
function cutOf(kernel: Kernel, large: readonly Global[], step: Dispatch, most: number): Cut | undefined {
  if (large.some((b) => constValue(b.length) === undefined)) return undefined;
  const loops = gridLoops(kernel);
  for (const loop of loops.toReversed()) {
    if (loop.bind.to !== "grid") continue;
    const { axis } = loop.bind;
    const groups = constValue(step.grid[axis]) ?? 1;
    for (let count = 2; count <= Math.min(groups, mostParts); count = Math.max(count + 1, Math.floor(count * 1.5))) {
      const each = Math.ceil(groups / count);
      const parts = Array.from({ length: Math.ceil(groups / each) }, (_, i) => ({
        first: i * each,
        count: Math.min(each, groups - i * each),
      }));
      const touched = parts.map((p) => touchedBy(kernel, loop.var, p, large, step.dims));
      const windows = large.map((buffer, i) =>
        windowOf(
          buffer,
          touched.map((t) => t[i] ?? [0, 0]),
        ),
      );
      if (windows.some((w, i) => w.length * bytesOf(large[i] as Global) > most)) continue;
      return {
        kernel: rewritten(
          kernel,
          loop,
          large,
          windows.map((w) => w.length),
        ),
        axis,
        parts: parts.map((p, n) => ({ ...p, starts: windows.map((w) => w.starts[n] ?? 0) })),
        large: large.map((buffer, i) => ({ buffer, length: windows[i]?.length ?? 0 })),
      };
    }
  }
  return undefined;
}

function gridLoops(kernel: Kernel): readonly GridLoop[] {
  const loops: GridLoop[] = [];
  for (let body = kernel.body; ; ) {
    const only = body.length === 1 ? body[0] : undefined;
    if (only?.s !== "for" || only.bind.to !== "grid") return loops;
    loops.push(only);
    body = only.body;
  }
}

/** The elements of each buffer that workgroups of a stretch of an axis may touch, the end excluded. */
function touchedBy(
  kernel: Kernel,
  axis: VarId,
  part: { readonly first: number; readonly count: number },
  large: readonly Global[],
  world: World,
): readonly (readonly [from: number, to: number])[] {
  const bounds = createBounds([world], globalLengths(kernel));
  const found = new Map<BufId, [number, number]>(large.map((b) => [b.id, [Number.POSITIVE_INFINITY, 0]]));
  const touch = (id: BufId, at: KExpr): void => {
    const range = found.get(id);
    if (range === undefined) return;
    const { lo, hi } = bounds.range(at);
    range[0] = Math.min(range[0], lo);
    range[1] = Math.max(range[1], hi + 1);
  };
  const visit = (body: readonly KStmt[]): void => {
    for (const s of body) {
      for (const e of expressionsOf(s)) {
        walkExprs([{ s: "let", var: "", value: e }], (x) => {
          if (x.k === "load") touch(x.buffer, x.at);
        });
      }
      if (s.s === "store") touch(s.buffer, s.at);
      if (s.s === "let") bounds.let(s.var, s.value);
      if (s.s === "for") {
        const here = s.var === axis ? { ...s, from: int(part.first), to: int(part.first + part.count) } : s;
        bounds.loop(here);
        visit(s.body);
      }
      if (s.s === "if") {
        bounds.assuming(s.cond, true, () => visit(s.then));
        bounds.assuming(s.cond, false, () => visit(s.else));
      }
    }
  };
  visit(kernel.body);
  return large.map((b) => {
    const [from, to] = found.get(b.id) ?? [0, 0];
    const end = constValue(b.length) ?? 0;
    return from > to ? [0, 0] : [Math.max(0, from), Math.min(end, to)];
  });
}

/** Windows of one length that hold what is touched: the last ends where the buffer ends. */
function windowOf(
  b: Global,
  touched: readonly (readonly [number, number])[],
): { readonly length: number; readonly starts: readonly number[] } {
  const unit = alignment / Math.min(alignment, bytesOf(b));
  const total = constValue(b.length) ?? 0;
  const down = (x: number): number => Math.floor(x / unit) * unit;
  const need = Math.max(...touched.map(([from, to]) => to - down(from)), 1);
  // Of such a length that a window at the very end starts at a multiple too.
  const length = Math.min(total, need + ((((total - need) % unit) + unit) % unit));
  return { length, starts: touched.map(([from]) => Math.min(down(from), total - length)) };
}

/** The kernel over a stretch of an axis, reading and writing windows. */
function rewritten(kernel: Kernel, loop: GridLoop, large: readonly Global[], lengths: readonly number[]): Kernel {
  const [first, count] = [slot(kernel.dims), slot(kernel.dims + 1)];
  const starts = new Map(large.map((b, i) => [b.id, slot(kernel.dims + 2 + i)]));
  const shifted = (id: BufId, at: KExpr): KExpr => {
    const start = starts.get(id);
    return start === undefined ? at : sub(at, start);
  };
  const whole = new Map([[loop.var, add(variable(loop.var), first)]]);
  const inside = (body: readonly KStmt[]): readonly KStmt[] =>
    storesShifted(
      mapExprs(substitute(body, whole), (e) => (e.k === "load" ? { ...e, at: shifted(e.buffer, e.at) } : e)),
      shifted,
    );
  const rebuild = (s: KStmt): KStmt => {
    if (s.s !== "for" || s.bind.to !== "grid") return s;
    if (s === loop) return { ...s, to: count, body: inside(s.body) };
    // What stands between the grid loops and the body is one loop.
    return { ...s, body: s.body.map(rebuild) };
  };
  return {
    ...kernel,
    dims: kernel.dims + 2 + large.length,
    buffers: kernel.buffers.map((b) => {
      const i = large.findIndex((x) => x.id === b.id);
      return i < 0 || b.space !== "global" ? b : { ...b, length: constDim(lengths[i] ?? 0) };
    }),
    body: kernel.body.map(rebuild),
  };
}

function storesShifted(body: readonly KStmt[], shifted: (id: BufId, at: KExpr) => KExpr): readonly KStmt[] {
  return body.map((s): KStmt => {
    switch (s.s) {
      case "store":
        return { ...s, at: shifted(s.buffer, s.at) };
      case "if":
        // biome-ignore lint/suspicious/noThenProperty: the arms of a condition are named then and else in the kernel.
        return { ...s, then: storesShifted(s.then, shifted), else: storesShifted(s.else, shifted) };
      case "for":
        return { ...s, body: storesShifted(s.body, shifted) };
      default:
        return s;
    }
  });
}

/** The dispatches of the parts, each with its share of the work. */
function windowed(step: Dispatch, cut: Cut): readonly Step[] {
  const groups = cut.parts.reduce((n, p) => n + p.count, 0);
  const share = (of: Dim, first: number, count: number): Dim => {
    const upTo = (n: number): Dim => constDim(Math.floor(((constValue(of) ?? 0) * n) / groups));
    return subDim(upTo(first + count), upTo(first));
  };
  return cut.parts.map((p, i): Step => {
    const bind = { ...step.bind };
    cut.large.forEach(({ buffer, length }, n) => {
      const bound = step.bind[buffer.id];
      if (bound === undefined) return;
      const { width } = buffer.type;
      const offset = addDim(bound.offset, scaleDim(constDim(p.starts[n] ?? 0), width, 1));
      bind[buffer.id] = { ...bound, offset, length: constDim(length * width) };
    });
    const grid = step.grid.map((g, axis) => (axis === cut.axis ? constDim(p.count) : g)) as [Dim, Dim, Dim];
    return {
      ...step,
      grid,
      dims: [...step.dims, constDim(p.first), constDim(p.count), ...p.starts.map(constDim)],
      bind,
      flops: share(step.flops, p.first, p.count),
      bytes: share(step.bytes, p.first, p.count),
      label: `${step.label}, window ${i + 1} of ${cut.parts.length}`,
    };
  });
}
