import { addDim, constDim, constValue, type Dim, dimRange } from "../../src/ir/dim.js";
import { sizeAtLeast } from "../../src/ir/kernel/sizeProof.js";
import { arenaSize, dispatchesOf, lifetimes } from "../../src/ir/kernel/verify.js";
import type { Program } from "../../src/ir/program/program.js";
import type { Pass } from "../pass.js";

/**
 * Gives each temporary a place in one transient arena: temporaries that do not live at the same time share bytes.
 *
 * A temporary lives from the first to the last dispatch that touches it, both included, so nothing is computed in place.
 * Larger ones are placed first, each at the lowest offset that is proved free for all run-time sizes; offsets are
 * multiples of 256 bytes, as bindings need. What `prepare` touches outlives a run and gets no place.
 */
export const planBuffers: Pass<Program> = {
  name: "planBuffers",
  summary: "places temporaries in one arena; those that do not live together share bytes",
  run(program) {
    const places = plan(program);
    if (places.size === 0) return program;
    const same = program.resources.every((r) => {
      const offset = places.get(r.id);
      return offset === r.arena?.offset || (offset && r.arena && constValue(offset) === constValue(r.arena.offset));
    });
    if (same) return program;
    return {
      ...program,
      resources: program.resources.map((r) => {
        const offset = places.get(r.id);
        return offset ? { ...r, arena: { offset } } : r;
      }),
    };
  },
};

interface Placed {
  readonly life: readonly [number, number];
  readonly from: Dim;
  readonly to: Dim;
}

function plan(program: Program): ReadonlyMap<string, Dim> {
  const lives = lifetimes(program);
  const prepared = new Set(dispatchesOf(program.prepare).flatMap((d) => Object.values(d.bind).map((b) => b.resource)));
  const temps = program.resources
    .filter((r) => r.kind === "temp" && !prepared.has(r.id) && lives.has(r.id))
    .map((r) => ({ r, size: arenaSize(r), life: lives.get(r.id) ?? ([0, 0] as const) }))
    .sort((a, b) => dimRange(b.size).hi - dimRange(a.size).hi || a.life[0] - b.life[0]);
  const placed: Placed[] = [];
  const result = new Map<string, Dim>();
  for (const { r, size, life } of temps) {
    const rivals = placed.filter((p) => p.life[0] <= life[1] && life[0] <= p.life[1]);
    const fits = (at: Dim): boolean => {
      const end = addDim(at, size);
      return rivals.every((p) => sizeAtLeast(at, p.to) || sizeAtLeast(p.from, end));
    };
    const candidates = [constDim(0), ...rivals.map((p) => p.to)].sort((a, b) => dimRange(a).hi - dimRange(b).hi);
    // Where nothing else is proved free, the sum of all ends is.
    const offset = candidates.find(fits) ?? rivals.reduce<Dim>((sum, p) => addDim(sum, p.to), constDim(0));
    placed.push({ life, from: offset, to: addDim(offset, size) });
    result.set(r.id, offset);
  }
  return result;
}

/** Bytes of the arena: the greatest end of a temporary, for the greatest sizes. */
export const arenaPeak = (program: Program): number =>
  program.resources.reduce(
    (peak, r) => (r.arena ? Math.max(peak, dimRange(addDim(r.arena.offset, arenaSize(r))).hi) : peak),
    0,
  );
