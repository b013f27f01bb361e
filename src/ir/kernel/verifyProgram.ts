import type { Target } from "../../cost/target.js";
import {
  addDim,
  ceilDivDim,
  constDim,
  constValue,
  type Dim,
  dimRange,
  isWhole,
  mulDim,
  printDim,
  sameDim,
  scaleDim,
  symbolsOf,
} from "../dim.js";
import { byteSize } from "../dtype.js";
import type { Bound, Program, Resource, Step } from "../program/program.js";
import type { World } from "./bounds.js";
import type { Kernel } from "./ops.js";
import { sizeAtLeast, sizeAtLeastZero } from "./sizeProof.js";
import { verifyKernel } from "./verifyKernel.js";

/**
 * The rules of a program, beside those of its kernels:
 *
 * P1. Kernels and resources have names of their own; all sizes are made of the program's symbols.
 * P2. A dispatch binds each global buffer of its kernel, and no other, to a window inside a resource of the same dtype
 *     that is long enough; it gives as many sizes as the kernel has slots; its grid is that of the kernel's grid loops.
 * P3. What a dispatch writes it binds once: windows of one resource do not overlap when one is written.
 * P4. Inputs and parameters are never written; a temporary or output is written before it is read; every output is
 *     written; `prepare` touches only parameters and temporaries.
 * P5. After `planBuffers`, temporaries that live at the same time have places that do not overlap, aligned to 256 bytes.
 * P6. A kernel binds at most `Target.maxBuffers`; after `legalize` grids and windows fit the target.
 */
type Dispatch = Step & { readonly step: "dispatch" };

/** All dispatches in order; both arms of a choice, one after the other. */
export function dispatchesOf(steps: readonly Step[]): readonly Dispatch[] {
  return steps.flatMap((s) => (s.step === "dispatch" ? [s] : [...dispatchesOf(s.then), ...dispatchesOf(s.else)]));
}

/** The sizes with which a kernel is dispatched; at least one world. */
export function worldsOf(program: Program, kernel: Kernel): readonly World[] {
  const all = dispatchesOf([...program.prepare, ...program.steps]).filter((d) => d.kernel === kernel.name);
  const worlds = all.map((d) => d.dims);
  return worlds.length > 0 ? worlds : [[]];
}

export function verifyProgram(program: Program, target: Target, after: readonly string[]): readonly string[] {
  const problems = [
    ...names(program),
    ...bindings(program),
    ...aliases(program),
    ...order(program),
    ...limits(program, target, after),
  ];
  if (after.includes("planBuffers")) problems.push(...arena(program));
  for (const k of program.kernels) problems.push(...verifyKernel(k, target, after, worldsOf(program, k)));
  return problems;
}

function names(p: Program): string[] {
  const problems: string[] = [];
  const unique = (what: string, ids: readonly string[]): void => {
    ids.forEach((id, i) => {
      if (ids.indexOf(id) !== i) problems.push(`P1: two ${what} are named ${id}`);
    });
  };
  unique(
    "kernels",
    p.kernels.map((k) => k.name),
  );
  unique(
    "resources",
    p.resources.map((r) => r.id),
  );
  const known = new Set(p.symbols.map((s) => (s.op === "symbol" ? s.name : "")));
  const check = (d: Dim, where: string): void => {
    for (const s of symbolsOf(d))
      if (!known.has(s.name)) problems.push(`P1: ${where} depends on ${s.name}, which is no size of the program`);
  };
  for (const r of p.resources) for (const d of [...r.shape, r.length]) check(d, r.id);
  for (const d of dispatchesOf([...p.prepare, ...p.steps])) {
    for (const x of [...d.grid, ...d.dims]) check(x, `dispatch ${d.kernel}`);
  }
  return problems;
}

const resourceOf = (p: Program, id: string): Resource | undefined => p.resources.find((r) => r.id === id);
const kernelOf = (p: Program, name: string): Kernel | undefined => p.kernels.find((k) => k.name === name);

function bindings(p: Program): string[] {
  const problems: string[] = [];
  for (const d of dispatchesOf([...p.prepare, ...p.steps])) {
    const k = kernelOf(p, d.kernel);
    const bad = (why: string): void => void problems.push(`P2: dispatch ${d.kernel} (${d.label}): ${why}`);
    if (!k) {
      bad("no such kernel");
      continue;
    }
    if (d.dims.length !== k.dims) bad(`${d.dims.length} sizes, the kernel has ${k.dims} slots`);
    const globals = k.buffers.filter((b) => b.space === "global");
    for (const id of Object.keys(d.bind))
      if (!globals.some((b) => b.id === id)) bad(`it binds ${id}, which the kernel has not`);
    for (const b of globals) {
      const bound = Object.hasOwn(d.bind, b.id) ? d.bind[b.id] : undefined;
      const r = bound && resourceOf(p, bound.resource);
      if (!bound || !r) {
        bad(`${b.id} is bound to nothing`);
        continue;
      }
      if (r.dtype !== b.type.dtype) bad(`${b.id} holds ${b.type.dtype}, ${r.id} ${r.dtype}`);
      if (!sizeAtLeast(r.length, addDim(bound.offset, bound.length)) || !sizeAtLeastZero(bound.offset)) {
        bad(
          `the window ${printDim(bound.offset)} + ${printDim(bound.length)} of ${b.id} is not proved inside ${r.id} (${printDim(r.length)})`,
        );
      }
      if (b.space === "global" && !sizeAtLeast(bound.length, mulDim(b.length, constDim(b.type.width)))) {
        bad(
          `${b.id} has ${printDim(b.length)} elements of width ${b.type.width}, ${printDim(bound.length)} lanes are bound`,
        );
      }
    }
    grids(k, d).forEach(bad);
  }
  return problems;
}

function grids(k: Kernel, d: Dispatch): string[] {
  const problems: string[] = [];
  const axes = new Map<number, Dim | undefined>();
  let body = k.body;
  for (;;) {
    const only = body.length === 1 ? body[0] : undefined;
    if (only?.s !== "for" || only.bind.to !== "grid") break;
    const { to } = only;
    axes.set(only.bind.axis, to.k === "lit" ? constDim(to.value) : to.k === "dim" ? d.dims[to.slot] : undefined);
    body = only.body;
  }
  d.grid.forEach((g, axis) => {
    const loop = axes.has(axis) ? axes.get(axis) : constDim(1);
    if (!loop || !sameDim(loop, g)) {
      problems.push(
        `grid axis ${axis} is ${printDim(g)}, the kernel's loop has ${loop ? printDim(loop) : "no such count"}`,
      );
    }
  });
  return problems;
}

const apart = (a: Bound, b: Bound): boolean =>
  sizeAtLeast(b.offset, addDim(a.offset, a.length)) || sizeAtLeast(a.offset, addDim(b.offset, b.length));

function aliases(p: Program): string[] {
  const problems: string[] = [];
  for (const d of dispatchesOf([...p.prepare, ...p.steps])) {
    const k = kernelOf(p, d.kernel);
    if (!k) continue;
    const bound = Object.entries(d.bind);
    const writes = (id: string): boolean =>
      k.buffers.some((b) => b.id === id && b.space === "global" && b.access !== "read");
    bound.forEach(([id, b], i) => {
      for (const [other, c] of bound.slice(i + 1)) {
        if (b.resource === c.resource && (writes(id) || writes(other)) && !apart(b, c)) {
          problems.push(
            `P3: dispatch ${d.kernel} (${d.label}) binds ${b.resource} to ${id} and ${other} and writes it`,
          );
        }
      }
    });
  }
  return problems;
}

function order(p: Program): string[] {
  const problems: string[] = [];
  const written = new Set<string>();
  const visit = (steps: readonly Step[], done: Set<string>, prepare: boolean): void => {
    for (const s of steps) {
      if (s.step === "choose") {
        const [a, b] = [new Set(done), new Set(done)];
        visit(s.then, a, prepare);
        visit(s.else, b, prepare);
        for (const id of a) if (b.has(id)) done.add(id);
        continue;
      }
      const k = kernelOf(p, s.kernel);
      const where = `dispatch ${s.kernel} (${s.label})`;
      for (const [id, b] of Object.entries(s.bind)) {
        const r = resourceOf(p, b.resource);
        const buffer = k?.buffers.find((x) => x.id === id);
        if (!r || buffer?.space !== "global") continue;
        const given = r.kind === "input" || r.kind === "param";
        if (buffer.access !== "read" && given) problems.push(`P4: ${where} writes the ${r.kind} ${r.id}`);
        if (buffer.access !== "write" && !given && !done.has(r.id))
          problems.push(`P4: ${where} reads ${r.id} before anything wrote it`);
        if (prepare && r.kind !== "param" && r.kind !== "temp")
          problems.push(`P4: ${where} of prepare touches the ${r.kind} ${r.id}`);
      }
      for (const [id, b] of Object.entries(s.bind)) {
        const buffer = k?.buffers.find((x) => x.id === id);
        if (buffer?.space === "global" && buffer.access !== "read") done.add(b.resource);
      }
    }
  };
  visit(p.prepare, written, true);
  visit(p.steps, written, false);
  for (const r of p.resources)
    if (r.kind === "output" && !written.has(r.id)) problems.push(`P4: the output ${r.id} is never written`);
  return problems;
}

/** The first and last dispatch of the run that touches each resource; what `prepare` touches lives for ever. */
export function lifetimes(p: Program): ReadonlyMap<string, readonly [first: number, last: number]> {
  const lives = new Map<string, readonly [number, number]>();
  const steps = dispatchesOf(p.steps);
  steps.forEach((d, i) => {
    for (const b of Object.values(d.bind)) lives.set(b.resource, [lives.get(b.resource)?.[0] ?? i, i]);
  });
  for (const d of dispatchesOf(p.prepare)) {
    for (const b of Object.values(d.bind)) lives.set(b.resource, [0, Math.max(steps.length - 1, 0)]);
  }
  return lives;
}

/** Offsets in the arena are multiples of this, as bindings need. */
const alignment = 256;

/** Bytes of a resource, rounded up to the alignment. */
export function arenaSize(r: Resource): Dim {
  const bytes = mulDim(r.length, constDim(byteSize(r.dtype)));
  if (isWhole(scaleDim(bytes, 1, alignment))) return bytes;
  return mulDim(ceilDivDim(bytes, constDim(alignment)), constDim(alignment));
}

function arena(p: Program): string[] {
  const problems: string[] = [];
  const lives = lifetimes(p);
  const prepared = new Set(dispatchesOf(p.prepare).flatMap((d) => Object.values(d.bind).map((b) => b.resource)));
  const placed = p.resources.flatMap((r) => {
    const life = lives.get(r.id);
    if (!r.arena || !life) return [];
    if (r.kind !== "temp") problems.push(`P5: the ${r.kind} ${r.id} has a place in the arena`);
    if (prepared.has(r.id)) problems.push(`P5: ${r.id} outlives a run and has a place in the arena`);
    const from = r.arena.offset;
    const value = constValue(from);
    if (value !== undefined && value % alignment !== 0)
      problems.push(`P5: ${r.id} lies at ${value}, not at a multiple of ${alignment}`);
    return [{ id: r.id, life, from, to: addDim(from, arenaSize(r)) }];
  });
  placed.forEach((a, i) => {
    for (const b of placed.slice(i + 1)) {
      const together = a.life[0] <= b.life[1] && b.life[0] <= a.life[1];
      if (together && !sizeAtLeast(b.from, a.to) && !sizeAtLeast(a.from, b.to)) {
        problems.push(`P5: ${a.id} and ${b.id} live at the same time in the same bytes`);
      }
    }
  });
  return problems;
}

function limits(p: Program, target: Target, after: readonly string[]): string[] {
  const problems: string[] = [];
  for (const k of p.kernels) {
    const n = k.buffers.filter((b) => b.space === "global").length;
    if (n > target.maxBuffers) problems.push(`P6: kernel ${k.name} binds ${n} buffers, at most ${target.maxBuffers}`);
  }
  if (!after.includes("legalize")) return problems;
  for (const d of dispatchesOf([...p.prepare, ...p.steps])) {
    for (const g of d.grid) {
      if (dimRange(g).hi > target.maxGrid)
        problems.push(`P6: dispatch ${d.kernel} has a grid of ${printDim(g)}, at most ${target.maxGrid}`);
    }
    for (const [id, b] of Object.entries(d.bind)) {
      const bytes = dimRange(b.length).hi * byteSize(resourceOf(p, b.resource)?.dtype ?? "f32");
      if (bytes > target.maxBinding)
        problems.push(`P6: dispatch ${d.kernel} binds ${bytes} bytes to ${id}, at most ${target.maxBinding}`);
    }
  }
  return problems;
}
