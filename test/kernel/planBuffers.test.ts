import fc from "fast-check";
import { expect, test } from "vitest";
import { arenaPeak, planBuffers } from "../../passes/kernel/planBuffers.js";
import { constDim, constValue, type Dim, evalDim, mulDim, symbolDim } from "../../src/ir/dim.js";
import { lifetimes, verifyProgram } from "../../src/ir/kernel/verify.js";
import type { Program } from "../../src/ir/program/program.js";
import { contextFor, cpu } from "./context.js";
import { doubled, f32, loadProgram, numbers, programOf, type Tensor } from "./support.js";

const cx = contextFor(cpu);

/** x → t0 → t1 → … → y, each twice the one before. */
function chain(lengths: number, n: Dim | number = 8): Program {
  const size = typeof n === "number" ? constDim(n) : n;
  const temps = Array.from({ length: lengths }, (_, i): Tensor => ({ id: `t${i}`, kind: "temp", shape: [n] }));
  const ids = ["x", ...temps.map((t) => t.id), "y"];
  const k = doubled(size, typeof n === "number" ? constDim(Math.ceil(n / 8)) : constDim(13), 8);
  return programOf(
    [{ id: "x", kind: "input", shape: [n] }, ...temps, { id: "y", kind: "output", shape: [n] }],
    ids.slice(1).map((id, i) => ({ b: k, bind: { x: ids[i] ?? "x", y: id } })),
  );
}

const offsets = (p: Program): (number | undefined)[] =>
  p.resources.filter((r) => r.kind === "temp").map((r) => (r.arena ? constValue(r.arena.offset) : undefined));

test("no temporaries: the same program", () => {
  const program = chain(0);
  expect(planBuffers.run(program, cx)).toBe(program);
});

test("a chain needs two places, and nothing is computed in place", async () => {
  const done = planBuffers.run(chain(4), cx);
  expect(offsets(done)).toEqual([0, 256, 0, 256]);
  expect(arenaPeak(done)).toBe(512);
  expect(verifyProgram(done, cpu, ["planBuffers"])).toEqual([]);
  expect(planBuffers.run(done, cx)).toBe(done);
  for (const options of [{}, { checked: true }]) {
    const { y } = await (await loadProgram(done, options)).run({ x: f32([8], numbers(8)) });
    expect(y?.data).toEqual(numbers(8).map((v) => v * 32));
  }
});

test("what the preparation makes outlives a run and gets no place", () => {
  const program = chain(2);
  const prepared: Program = {
    ...program,
    resources: program.resources.map((r) => (r.id === "x" ? { ...r, kind: "param" } : r)),
    prepare: program.steps.slice(0, 1),
    steps: program.steps.slice(1),
  };
  expect(offsets(planBuffers.run(prepared, cx))).toEqual([undefined, 0]);
  expect(verifyProgram(planBuffers.run(prepared, cx), cpu, ["planBuffers"])).toEqual([]);
});

test("run-time sizes: places that are right for every size", async () => {
  const n = symbolDim("N", 1, 100);
  const done = planBuffers.run(chain(3, n), cx);
  expect(verifyProgram(done, cpu, ["planBuffers"])).toEqual([]);
  const places = done.resources.flatMap((r) => (r.arena ? [evalDim(r.arena.offset, new Map([["N", 65]]))] : []));
  expect(places).toEqual([0, 512, 0]);
  expect(arenaPeak(done)).toBe(1024);
  const exe = await loadProgram(done);
  for (const size of [100, 1, 65]) {
    const { y } = await exe.run({ x: f32([size], numbers(size)) });
    expect(y?.data).toEqual(numbers(size).map((v) => v * 16));
  }
});

test("random lifetimes and sizes: what lives together lies apart, and little is wasted", () => {
  const n = symbolDim("N", 1, 1000);
  const temp = fc.record({
    first: fc.nat(9),
    more: fc.nat(4),
    size: fc.integer({ min: 1, max: 900 }),
    dynamic: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(temp, { minLength: 1, maxLength: 8 }), (temps) => {
      const base = chain(0);
      const dispatch = base.steps[0];
      if (dispatch?.step !== "dispatch") throw new Error("no dispatch");
      const program: Program = {
        ...base,
        symbols: [n],
        resources: temps.map((t, i) => {
          const length = t.dynamic ? mulDim(n, constDim(t.size)) : constDim(t.size);
          return { id: `t${i}`, kind: "temp", name: `t${i}`, dtype: "f32", shape: [length], length };
        }),
        steps: Array.from({ length: 14 }, (_, step) => ({
          ...dispatch,
          bind: Object.fromEntries(
            temps.flatMap((t, i) =>
              t.first <= step && step <= t.first + t.more
                ? [[`b${i}`, { resource: `t${i}`, offset: constDim(0), length: constDim(1) }] as const]
                : [],
            ),
          ),
        })),
      };
      const done = planBuffers.run(program, cx);
      const lives = lifetimes(program);
      for (const value of [1, 37, 1000]) {
        const env = new Map([["N", value]]);
        const placed = done.resources.map((r) => {
          const from = evalDim(r.arena!.offset, env);
          expect(from % 256).toBe(0);
          return { from, to: from + 4 * evalDim(r.length, env), life: lives.get(r.id)! };
        });
        placed.forEach((a, i) => {
          for (const b of placed.slice(i + 1)) {
            const together = a.life[0] <= b.life[1] && b.life[0] <= a.life[1];
            expect(together && a.from < b.to && b.from < a.to).toBe(false);
          }
        });
      }
    }),
    { numRuns: 200 },
  );
});
