import { describe, expect, test } from "vitest";
import backend from "../../backends/js/index.js";
import { constDim, symbolDim } from "../../src/ir/dim.js";
import {
  add,
  int,
  type KernelBuilder,
  kernelBuilder,
  kType,
  load,
  lt,
  slot,
  splat,
  subgroup,
  variable,
} from "../../src/ir/kernel/builder.js";
import type { KBuffer, KExpr, Kernel, KStmt } from "../../src/ir/kernel/ops.js";
import { verifyKernel, verifyProgram } from "../../src/ir/kernel/verify.js";
import { ifStmt } from "../../src/ir/kernel/visit.js";
import type { Program, Step } from "../../src/ir/program/program.js";
import { doubled, matmul, programOf, rowSums } from "./support.js";

const simt = backend.target({ checked: false, count: false, execution: "simt" });
const cpu = backend.target({ checked: false, count: false, execution: "cpu" });
const all = ["schedule", "planShared", "unroll", "guardBounds"];

const f = kType("f32");
const out = (length = 8): KBuffer => ({
  space: "global",
  id: "out",
  type: f,
  length: constDim(length),
  access: "write",
});

/** A kernel of 8 invocations with `body` inside. */
function inGroup(body: (k: KernelBuilder, t: KExpr) => void): Kernel {
  const k = kernelBuilder("k");
  k.buffer(out());
  const t = k.local(0, 8, "t");
  body(k, t);
  return k.finish();
}

const withBody = (k: Kernel, body: readonly KStmt[]): Kernel => ({ ...k, body });
const store = (at: KExpr, value: KExpr = { k: "lit", type: f, value: 1 }): KStmt => ({
  s: "store",
  buffer: "out",
  at,
  value,
});
const plain: Kernel = { name: "k", buffers: [out()], dims: 0, local: [1, 1, 1], body: [store(int(0))] };

test("good kernels have no problems", () => {
  expect(verifyKernel(plain, cpu, all)).toEqual([]);
  expect(verifyKernel(matmul("m", 8, 8, 8).finish(), simt, [])).toEqual([]);
  expect(verifyKernel(rowSums(3, 50, 8).finish(), simt, all)).toEqual([]);
  expect(verifyKernel(doubled(symbolDim("N", 1, 9), constDim(2), 8).finish(), cpu, [])).toEqual([]);
});

const bad: readonly [rule: number, Kernel, words: string, on?: "cpu"][] = [
  [0, withBody(plain, [store(variable("i"))]), "variable i is used where it is not bound"],
  [
    0,
    withBody(plain, [
      { s: "let", var: "i", value: int(1) },
      { s: "let", var: "i", value: int(2) },
    ]),
    "i is bound twice",
  ],
  [0, { ...plain, buffers: [out(), out()] }, "buffer out is declared twice"],
  [0, withBody(plain, [{ s: "store", buffer: "in", at: int(0), value: int(0) }]), "no buffer in"],
  [
    0,
    withBody(plain, [{ s: "let", var: "i", value: int(1) }, store(int(0), variable("i", f))]),
    "i is i32, used as f32",
  ],
  [
    1,
    withBody(plain, [
      store(int(0)),
      { s: "for", var: "g", from: int(0), to: int(2), step: 1, bind: { to: "grid", axis: 0 }, body: [] },
    ]),
    "grid loop g is not part of the outer nest",
  ],
  [
    1,
    withBody(plain, [
      { s: "for", var: "g", from: int(1), to: int(2), step: 1, bind: { to: "grid", axis: 0 }, body: [] },
    ]),
    "does not count from 0 by 1",
  ],
  [1, { ...plain, local: [4, 1, 1] }, "no loop over the 4 invocations"],
  [1, { ...inGroup((k, t) => k.store("out", t, 1)), local: [4, 1, 1] }, "has not the 4 iterations"],
  [2, withBody(plain, [store(int(0), load("out", f, 0))]), "out is write-only and loaded"],
  [2, withBody(plain, [store(int(0), splat(variable("x", f), 4))]), "f32x4 stored into out"],
  [2, { ...plain, buffers: [{ ...out(), access: "read" } as KBuffer] }, "out is read-only and stored to"],
  [
    3,
    withBody(plain, [store(int(0), { k: "op", op: "add", args: [int(1), { k: "lit", type: f, value: 1 }], type: f })]),
    "operands of different types",
  ],
  [
    3,
    withBody(plain, [store(int(0), { k: "lane", of: { k: "lit", type: f, value: 1 }, lane: 3, type: f })]),
    "no such lane",
  ],
  [3, withBody(plain, [ifStmt(int(1), [])]), "not a condition"],
  [
    4,
    inGroup((k, t) => {
      const r = k.memory("register", "r", f, 8);
      k.store(r, t, 1);
    }),
    "not indexed by a literal",
  ],
  [
    4,
    inGroup((k) => {
      const r = k.memory("register", "r", f, 8);
      k.store(r, 8, 1);
    }),
    "register r has no element 8",
  ],
  [5, matmul("k", 8, 8, 8).finish(), "is still to be unrolled"],
  [6, withBody(plain, [store(slot(2))]), "size slot 2 of 0"],
  [
    7,
    inGroup((k, t) => {
      const s = k.memory("shared", "s", f, 5000);
      k.store(s, t, 1);
    }),
    "20000 bytes of shared memory, 16384 there are",
  ],
  [7, rowSums(3, 50, 8, false).finish(), "without a barrier"],
  [
    7,
    inGroup((k, t) => {
      const s = k.memory("shared", "s", f, 9);
      k.for(0, 4, 1, "serial", () => {
        k.store(s, t, 1);
        k.barrier();
        k.store("out", t, k.load(s, add(t, 1)));
      });
    }),
    "is written after",
  ],
  [8, inGroup((k, t) => k.store("out", t, 1)), "local 8x1x1 on a cpu", "cpu"],
  [8, inGroup((k) => k.barrier()), "a barrier on a cpu", "cpu"],
  [
    8,
    { ...plain, buffers: [out(), { space: "shared", id: "s", type: f, length: 4 }] },
    "shared memory on a cpu",
    "cpu",
  ],
  [
    8,
    withBody(plain, [store(int(0), subgroup("add", { k: "lit", type: f, value: 1 }))]),
    "a subgroup operation on a cpu",
    "cpu",
  ],
  [
    8,
    { ...plain, buffers: [out(), { space: "scratch", id: "s", type: f, length: 5000 }] },
    "20000 bytes of scratch memory",
  ],
  [9, inGroup((k, t) => k.if(lt(t, 4), () => k.barrier())), "a barrier in control flow that differs"],
  [9, inGroup((k, t) => k.for(0, t, 1, "serial", () => k.barrier())), "a barrier in control flow that differs"],
  [9, { ...plain, buffers: [{ ...out(), length: constDim(2 ** 31) } as KBuffer] }, "indices are below 2^31"],
  [9, withBody(plain, [store({ k: "lit", type: f, value: 0 })]), "is not indexed by an i32"],
  [10, withBody(plain, [store(int(8))]), "out[8] is not proved in range"],
  [10, inGroup((k, t) => k.store("out", add(t, 1), 1)), "out[t + 1] is not proved in range"],
];

test.each(bad)("rule %i: %#", (rule, kernel, words, on) => {
  const problems = verifyKernel(kernel, on === "cpu" ? cpu : simt, all);
  expect(problems.join("\n")).toContain(words);
  expect(problems.join("\n")).toContain(`rule ${rule}`);
});

test("a barrier may stand under a uniform condition", () => {
  const k = kernelBuilder("k");
  k.buffer({ space: "global", id: "x", type: kType("i32"), length: constDim(4), access: "read" });
  const g = k.grid(0, 4, "g");
  k.local(0, 8, "t");
  k.if(lt(g, 2), () => k.barrier());
  k.for(0, k.load("x", g), 1, "serial", () => k.barrier());
  expect(verifyKernel(k.finish(), simt, all)).toEqual([]);
});

describe("programs", () => {
  const n = symbolDim("N", 1, 100);
  const good = programOf(
    [
      { id: "x", kind: "input", shape: [n] },
      { id: "t", kind: "temp", shape: [n], arena: 0 },
      { id: "y", kind: "output", shape: [n] },
    ],
    [
      { b: doubled(n, constDim(13), 8), bind: { y: "t" } },
      { b: doubled(n, constDim(13), 8), bind: { x: "t" } },
    ],
  );
  const step = (p: Program, i: number): Step & { readonly step: "dispatch" } => {
    const s = p.steps[i];
    if (s?.step !== "dispatch") throw new Error("no dispatch");
    return s;
  };
  const change = (f: (s: Step & { readonly step: "dispatch" }) => Step): Program => ({
    ...good,
    steps: [step(good, 0), f(step(good, 1))],
  });

  test("a good one has no problems", () => {
    expect(verifyProgram(good, cpu, ["schedule", "planBuffers", "guardBounds"])).toEqual([]);
  });

  test.each<[string, Program]>([
    ["P1: two kernels are named doubled", { ...good, kernels: [...good.kernels, ...good.kernels] }],
    ["P1: x depends on N, which is no size of the program", { ...good, symbols: [] }],
    ["P2: dispatch doubled (doubled): no such kernel", { ...good, kernels: [] }],
    ["P2: dispatch doubled (doubled): 0 sizes, the kernel has 1 slots", change((s) => ({ ...s, dims: [] }))],
    ["y is bound to nothing", change((s) => ({ ...s, bind: { x: s.bind.x! } }))],
    [
      "is not proved inside y (N)",
      change((s) => ({ ...s, bind: { ...s.bind, y: { ...s.bind.y!, offset: constDim(1) } } })),
    ],
    ["1 lanes are bound", change((s) => ({ ...s, bind: { ...s.bind, y: { ...s.bind.y!, length: constDim(1) } } }))],
    [
      "grid axis 0 is 12, the kernel's loop has 13",
      change((s) => ({ ...s, grid: [constDim(12), constDim(1), constDim(1)] })),
    ],
    [
      "y holds f32, y i32",
      { ...good, resources: good.resources.map((r) => (r.id === "y" ? { ...r, dtype: "i32" } : r)) },
    ],
    [
      "P3: dispatch doubled (doubled) binds t to x and y",
      change((s) => ({ ...s, bind: { x: s.bind.x!, y: s.bind.x! } })),
    ],
    [
      "P4: dispatch doubled (doubled) writes the input x",
      change((s) => ({ ...s, bind: { x: s.bind.x!, y: step(good, 0).bind.x! } })),
    ],
    ["P4: dispatch doubled (doubled) reads t before anything wrote it", { ...good, steps: [step(good, 1)] }],
    ["P4: the output y is never written", { ...good, steps: [step(good, 0)] }],
    ["P4: dispatch doubled (doubled) of prepare touches the input x", { ...good, prepare: [step(good, 0)] }],
    ["P6: kernel doubled binds 2 buffers", { ...good }],
  ])("%s", (words, program) => {
    const target = words.startsWith("P6") ? { ...cpu, maxBuffers: 1 } : cpu;
    expect(verifyProgram(program, target, ["planBuffers"]).join("\n")).toContain(words);
  });

  test("P5: what lives at the same time lies apart", () => {
    const together = {
      ...good,
      resources: [
        ...good.resources.filter((r) => r.id !== "y"),
        ...good.resources.flatMap((r) => (r.id === "t" ? [{ ...r, id: "y" }] : [])),
      ],
    };
    expect(verifyProgram(together, cpu, ["planBuffers"])).toEqual([
      "P5: t and y live at the same time in the same bytes",
    ]);
    expect(verifyProgram(together, cpu, [])).toEqual([]);
  });
});
