import { add } from "../../src/ir/kernel/builder.js";
import type { BufId, KBuffer, Kernel, KStmt } from "../../src/ir/kernel/ops.js";
import { printType } from "../../src/ir/kernel/print.js";
import { mapExprs, mapStmts, walkExprs, walkStmts } from "../../src/ir/kernel/visit.js";
import type { Program } from "../../src/ir/program/program.js";
import type { Pass } from "../pass.js";

/**
 * Shared memory in as few bytes as possible: shared buffers of one type become parts of one array, and parts that are
 * not in use at the same time lie over each other.
 *
 * Time is counted in stretches between barriers at the top of the workgroup's body; a loop with all that is in it is one
 * stretch. Two buffers may share bytes if no stretch uses both and a barrier lies between their uses. Rule 7 holds
 * afterwards if the kernel fits at all.
 */
export const planShared: Pass<Program> = {
  name: "planShared",
  summary: "places shared buffers in one array of each type; those not in use together share bytes",
  run(program) {
    const kernels = program.kernels.map(planKernel);
    return kernels.every((k, i) => k === program.kernels[i]) ? program : { ...program, kernels };
  },
};

type Shared = KBuffer & { readonly space: "shared" };

interface Placed {
  readonly buffer: Shared;
  readonly offset: number;
}

/** The stretches in which each buffer is used, first and last. */
function lifetimes(k: Kernel): ReadonlyMap<BufId, readonly [number, number]> {
  let body = k.body;
  for (;;) {
    const only: KStmt | undefined = body.length === 1 ? body[0] : undefined;
    if (only?.s !== "for" || (only.bind.to !== "grid" && only.bind.to !== "local")) break;
    body = only.body;
  }
  const lives = new Map<BufId, readonly [number, number]>();
  let stretch = 0;
  for (const s of body) {
    if (s.s === "barrier") {
      stretch++;
      continue;
    }
    const use = (id: BufId): void => void lives.set(id, [lives.get(id)?.[0] ?? stretch, stretch]);
    walkExprs([s], (e) => {
      if (e.k === "load") use(e.buffer);
    });
    walkStmts([s], (x) => {
      if (x.s === "store") use(x.buffer);
    });
  }
  return lives;
}

export function planKernel(k: Kernel): Kernel {
  const shared = k.buffers.filter((b): b is Shared => b.space === "shared");
  if (shared.length < 2) return k;
  const lives = lifetimes(k);
  const groups = new Map<string, Shared[]>();
  for (const b of shared) {
    const type = printType(b.type);
    groups.set(type, [...(groups.get(type) ?? []), b]);
  }
  const moved = new Map<BufId, { readonly to: BufId; readonly offset: number }>();
  const lengths = new Map<BufId, number>();
  for (const group of groups.values()) {
    const [first] = group;
    if (!first || group.length < 2) continue;
    // Large ones first: small ones fit into the gaps.
    const placed: Placed[] = [];
    for (const buffer of [...group].sort((a, b) => b.length - a.length)) {
      const life = lives.get(buffer.id);
      if (!life) continue;
      const rivals = placed.filter((p) => {
        const other = lives.get(p.buffer.id);
        return other && other[0] <= life[1] && life[0] <= other[1];
      });
      const candidates = [0, ...rivals.map((p) => p.offset + p.buffer.length)].sort((a, b) => a - b);
      const fits = (at: number): boolean =>
        rivals.every((p) => at + buffer.length <= p.offset || p.offset + p.buffer.length <= at);
      const offset = candidates.find(fits) ?? 0;
      placed.push({ buffer, offset });
      moved.set(buffer.id, { to: first.id, offset });
    }
    lengths.set(first.id, Math.max(0, ...placed.map((p) => p.offset + p.buffer.length)));
  }
  if (moved.size === 0) return k;
  const body = mapExprs(k.body, (e) => {
    const to = e.k === "load" ? moved.get(e.buffer) : undefined;
    return e.k === "load" && to ? { ...e, buffer: to.to, at: add(e.at, to.offset) } : e;
  });
  return {
    ...k,
    buffers: k.buffers.flatMap((b) => {
      const length = lengths.get(b.id);
      if (b.space === "shared" && length !== undefined) return [{ ...b, length }];
      return moved.has(b.id) ? [] : [b];
    }),
    body: mapStmts(body, (s) => {
      const to = s.s === "store" ? moved.get(s.buffer) : undefined;
      return s.s === "store" && to ? { ...s, buffer: to.to, at: add(s.at, to.offset) } : s;
    }),
  };
}
