import fc from "fast-check";
import { expect, test } from "vitest";
import { dedupe } from "../../passes/kernel/dedupe.js";
import { guardBounds } from "../../passes/kernel/guardBounds.js";
import { planBuffers } from "../../passes/kernel/planBuffers.js";
import { planShared } from "../../passes/kernel/planShared.js";
import { simplifyKernels } from "../../passes/kernel/simplify.js";
import { unroll } from "../../passes/kernel/unroll.js";
import { constDim, mulDim, symbolDim } from "../../src/ir/dim.js";
import {
  add,
  call,
  clamp,
  convert,
  floordiv,
  fma,
  int,
  type KernelBuilder,
  kernelBuilder,
  kType,
  lane,
  laneAt,
  lt,
  max,
  min,
  mod,
  mul,
  pack,
  select,
  sub,
} from "../../src/ir/kernel/builder.js";
import type { KExpr } from "../../src/ir/kernel/ops.js";
import { printProgram } from "../../src/ir/kernel/print.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import { contextFor, simt } from "./context.js";
import { f32, loadProgram, numbers, programOf } from "./support.js";

/**
 * Random kernels: each invocation works on 4 elements of its own through registers, scratch and shared memory, loops,
 * conditions and names, from a script of numbers. Every pass must leave the outputs as they were, bit by bit, the
 * checked mode must have nothing to say, and the verifier neither.
 */
const f = kType("f32");
const [threads, groups] = [4, 3];
const n = symbolDim("N", threads * groups * 4, 256);

function randomKernel(script: readonly number[]): KernelBuilder {
  const k = kernelBuilder("random");
  k.buffer({ space: "global", id: "x", type: f, length: n, access: "read" });
  k.buffer({ space: "global", id: "v", type: kType("f32", 4), length: constDim(8), access: "read" });
  k.buffer({ space: "global", id: "y", type: f, length: mulDim(n, constDim(1)), access: "write" });
  const g = k.grid(0, groups, "g");
  const t = k.local(0, threads, "t");
  const acc = k.memory("register", "acc", f, 4);
  const own = k.memory("scratch", "own", f, 4);
  const tile = k.memory("shared", "tile", f, threads);
  const other = k.memory("shared", "other", f, threads * 2);
  let at = 0;
  const next = (limit: number): number => (script[at++] ?? 0) % limit;
  const ints: KExpr[] = [g, t, k.dim(n), int(3)];
  const index = (depth = 2): KExpr => {
    if (depth === 0) return ints[next(ints.length)] ?? t;
    const [a, b] = [index(depth - 1), index(depth - 1)];
    const c = next(7) + 1;
    return [add(a, b), sub(a, b), mul(a, c), floordiv(a, c), mod(a, c), min(a, b), max(a, b), add(a, c)][next(8)] ?? a;
  };
  const within = (limit: number): KExpr => clamp(index(), 0, limit - 1);
  /** Values used before: the same expression again, perhaps with another result. */
  const past: KExpr[] = [];
  const value = (depth = 2): KExpr => {
    const made = past.length > 0 && next(3) === 0 ? past[next(past.length)] : undefined;
    if (made) return made;
    const fresh = newValue(depth);
    past.push(fresh);
    return fresh;
  };
  const newValue = (depth: number): KExpr => {
    const load = (): KExpr =>
      [
        k.load("x", min(max(index(), 0), sub(k.dim(n), 1))),
        k.load(acc, next(4)),
        k.load(own, within(4)),
        laneAt(k.load("v", within(8)), within(4)),
        convert("f32", index(1)),
      ][next(5)] ?? k.load(acc, 0);
    if (depth === 0) return load();
    const [a, b] = [value(depth - 1), value(depth - 1)];
    switch (next(7)) {
      case 0:
        return add(a, b);
      case 1:
        return fma(a, b, load());
      case 2:
        return select(lt(index(1), index(1)), a, b);
      case 3:
        return call("pow", min(max(a, -9), 9), 2);
      case 4:
        return lane(mul(pack([a, b, a, b]), k.load("v", within(8))), next(4));
      case 5:
        return max(a, call("neg", b));
      default:
        return call("exp", min(a, 2));
    }
  };
  const bounded = (e: KExpr): KExpr => max(min(e, 100), -100);
  for (let i = 0; i < 4; i++) {
    k.store(acc, i, i);
    k.store(own, i, add(k.load("x", add(mul(t, 4), i)), 1));
  }
  const inside = (i: KExpr, body: () => void): void => {
    const [knownInts, knownValues] = [ints.length, past.length];
    ints.push(i);
    body();
    ints.length = knownInts;
    past.length = knownValues;
  };
  const block = (depth: number): void => {
    inside(g, () => statements(depth));
  };
  const statements = (depth: number): void => {
    for (let s = 0; s < 3; s++) {
      switch (next(depth > 0 ? 7 : 4)) {
        case 0:
          k.store(acc, next(4), bounded(value()));
          break;
        case 1:
          k.store(own, within(4), bounded(value()));
          break;
        case 2:
          ints.push(k.let(clamp(index(), -50, 50), "i"));
          k.store(acc, next(4), bounded(value(1)));
          break;
        case 3: {
          const named = k.let(bounded(value()), "named");
          k.store(own, within(4), named);
          k.store(acc, next(4), add(named, 1));
          break;
        }
        case 4:
          k.if(lt(index(1), index(1)), () => block(depth - 1), next(2) === 0 ? () => block(depth - 1) : undefined);
          break;
        case 5:
          k.for(next(3), next(4) + 1, next(2) + 1, "serial", (i) => inside(i, () => block(depth - 1)));
          break;
        default:
          k.for(0, 4, 1, "unroll", (i) => inside(i, () => k.store(acc, i, bounded(value(1)))));
      }
    }
  };
  block(2);
  for (const memory of [tile, other]) {
    k.store(memory, t, k.load(acc, next(4)));
    k.barrier();
    k.store(acc, next(4), add(k.load(memory, within(threads)), k.load(acc, 0)));
    k.barrier();
  }
  block(1);
  for (let i = 0; i < 4; i++)
    k.store("y", add(mul(add(mul(g, threads), t), 4), i), add(k.load(acc, i), k.load(own, within(4))));
  return k;
}

test("passes change nothing that can be seen", async () => {
  const cx = contextFor(simt);
  const passes = [dedupe, unroll, simplifyKernels, guardBounds, planShared, planBuffers];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(10000), { minLength: 40, maxLength: 120 }), async (script) => {
      const program = programOf(
        [
          { id: "x", kind: "input", shape: [n] },
          { id: "v", kind: "param", shape: [8, 4] },
          { id: "y", kind: "output", shape: [n] },
        ],
        [randomKernel(script)],
      );
      const params = { v: f32([8, 4], numbers(32, 5)) };
      const inputs = { x: f32([50], numbers(50, 3)) };
      const y = async (p: typeof program, options = {}) =>
        (await (await loadProgram(p, options, params)).run(inputs)).y?.data;
      expect(verifyProgram(program, simt, [])).toEqual([]);
      const expected = await y(program);
      const done: string[] = [];
      let now = program;
      for (const pass of passes) {
        now = pass.run(now, cx);
        done.push(pass.name);
        expect(verifyProgram(now, simt, done)).toEqual([]);
        expect(await y(now), `after ${pass.name}\n${printProgram(now)}`).toEqual(expected);
      }
      const again = passes.reduce((p, pass) => pass.run(p, cx), now);
      expect(await y(again)).toEqual(expected);
      const checked = await y(now, { checked: true });
      expect(checked?.slice(0, 48)).toEqual(expected?.slice(0, 48));
    }),
    { numRuns: 60 },
  );
});
