import { expect, test } from "vitest";
import js from "../../backends/js/index.js";
import { asLeft } from "../../passes/schedule/tile/asLeft.js";
import { foldPlaces, foldRows } from "../../passes/schedule/tile/foldRows.js";
import { colsOf, type Distribution, map, rowsOf, set, zero, zip } from "../../passes/schedule/tile/fragment.js";
import { gemm } from "../../passes/schedule/tile/gemm.js";
import { load } from "../../passes/schedule/tile/load.js";
import type { Sink, Source } from "../../passes/schedule/tile/source.js";
import { store } from "../../passes/schedule/tile/store.js";
import { constDim } from "../../src/ir/dim.js";
import type { DType, TensorData } from "../../src/ir/dtype.js";
import {
  add,
  call,
  div,
  int,
  type KB,
  type KernelBuilder,
  kernelBuilder,
  kType,
  mul,
  pack,
  sub,
} from "../../src/ir/kernel/builder.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import type { Program } from "../../src/ir/program/program.js";
import { passContext, randoms, simt, tensor } from "./support.js";

interface Buffer {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly dtype?: DType;
  readonly output?: boolean;
}

/** Runs one workgroup whose body is written with the tile library. */
async function run(
  local: readonly [number, number],
  buffers: readonly Buffer[],
  inputs: Readonly<Record<string, TensorData>>,
  body: (b: KernelBuilder, d: (regs: readonly [number, number], width: 1 | 4) => Distribution) => void,
): Promise<Readonly<Record<string, TensorData>>> {
  const b = kernelBuilder("tile");
  for (const { name, shape, dtype = "f32", output } of buffers) {
    const length = constDim(shape[0] * shape[1]);
    b.buffer({ space: "global", id: name, type: kType(dtype), length, access: output ? "write" : "read" });
  }
  const y = b.local(1, local[0], "y");
  const x = b.local(0, local[1], "x");
  body(b, (regs, width) => ({ lanes: local, regs, width, place: [y, x] }));
  const kernel = b.finish();
  const size = ({ shape }: Buffer) => constDim(shape[0] * shape[1]);
  const program: Program = {
    irVersion: 1,
    name: "tile",
    symbols: [],
    resources: buffers.map((x) => ({
      id: x.name,
      kind: x.output ? "output" : "input",
      name: x.name,
      dtype: x.dtype ?? "f32",
      shape: x.shape.map(constDim),
      length: size(x),
    })),
    kernels: [kernel],
    prepare: [],
    steps: [
      {
        step: "dispatch",
        kernel: "tile",
        grid: b.gridSize(),
        dims: b.dims(),
        bind: Object.fromEntries(
          buffers.map((x) => [x.name, { resource: x.name, offset: constDim(0), length: size(x) }]),
        ),
        flops: constDim(0),
        bytes: constDim(0),
        label: "tile",
      },
    ],
  };
  expect(verifyProgram(program, simt, ["schedule"])).toEqual([]);
  const artifact = js.emit(program, passContext(), { checked: true, count: false, execution: "simt" });
  const executable = await js.load(artifact, { params: new Map() });
  return executable.run(inputs);
}

const source = (buffer: string, stride: number, transposed = false): Source => ({
  vector: "none",
  at(b: KB, row, col, width, along) {
    const lanes = Array.from({ length: width }, (_, i) => {
      const [r, c] = along === "row" ? [add(row, i), col] : [row, add(col, i)];
      return b.load(buffer, transposed ? add(mul(c, stride), r) : add(mul(r, stride), c));
    });
    return width === 1 ? (lanes[0] ?? pack(lanes)) : pack(lanes);
  },
});

const sink = (buffer: string, stride: number, width: 1 | 4): Sink => ({
  put(b, row, col, value) {
    for (let l = 0; l < width; l++) {
      const v = width === 1 ? value : ({ k: "lane", of: value, lane: l as 0, type: kType("f32") } as const);
      b.store(buffer, add(mul(row, stride), add(col, l)), v);
    }
  },
});

test.each([
  [1, 1, [4, 4], 4],
  [2, 4, [4, 1], 4],
  [2, 4, [3, 2], 1],
  [4, 2, [8, 2], 4],
  [4, 1, [1, 3], 4],
] as const)(
  "a row of scores, softmax and product with values on %i x %i invocations of %j",
  async (ly, lx, regs, width) => {
    const local = [ly, lx] as const;
    const shape: Distribution = { lanes: local, regs, width, place: [int(0), int(0)] };
    const [n, k] = [rowsOf(shape), colsOf(shape)];
    const [c, v] = [8, lx * 4];
    const q = tensor([n, c], "f32", randoms(1));
    const keys = tensor([k, c], "f32", randoms(2));
    const values = tensor([k, v], "f32", randoms(3));
    const got = await run(
      local,
      [
        { name: "q", shape: [n, c] },
        { name: "keys", shape: [k, c] },
        { name: "vals", shape: [k, v] },
        { name: "y", shape: [n, v], output: true },
        { name: "best", shape: [n, 1], dtype: "i32", output: true },
      ],
      { q, keys, vals: values },
      (b, d) => {
        const own = d(regs, width);
        const scores = zero(b, own, "f32");
        gemm(b, scores, source("q", c), source("keys", c, true), { fours: [0, c / 4] });
        const greatest = foldRows(b, scores, "max");
        const places = foldPlaces(b, scores, "argmax");
        const powers = zip(b, scores, greatest, (x, m) => call("exp", sub(x, m)));
        const total = foldRows(b, powers, "add");
        const probabilities = zip(b, powers, total, div);
        const out = zero(b, d([regs[0], 1], 4), "f32");
        gemm(b, out, asLeft(b, probabilities), source("vals", v), {
          fours: [0, Math.floor(k / 4)],
          ones: [k - (k % 4), k],
        });
        store(b, out, sink("y", v, 4));
        const last = map(b, places, (x) => x, "last");
        set(b, last, places);
        b.if(call("eq", own.place[1], 0), () => store(b, last, { put: (kb, row, _, x) => kb.store("best", row, x) }));
      },
    );
    for (let i = 0; i < n; i++) {
      const s = Array.from({ length: k }, (_, j) => {
        let sum = 0;
        for (let e = 0; e < c; e++) sum += (q.data[i * c + e] ?? 0) * (keys.data[j * c + e] ?? 0);
        return sum;
      });
      const m = Math.max(...s);
      const total = s.reduce((t, x) => t + Math.exp(x - m), 0);
      expect(got.best?.data[i]).toBe(s.indexOf(m));
      for (let j = 0; j < v; j++) {
        const expected = s.reduce((t, x, e) => t + (Math.exp(x - m) / total) * (values.data[e * v + j] ?? 0), 0);
        expect(got.y?.data[i * v + j]).toBeCloseTo(expected, 5);
      }
    }
  },
);

test("a tile is loaded and stored where it lies", async () => {
  const x = tensor([8, 16], "f32", randoms(4));
  const got = await run(
    [2, 2],
    [
      { name: "x", shape: [8, 16] },
      { name: "y", shape: [8, 16], output: true },
    ],
    { x },
    (b, d) => store(b, load(b, source("x", 16), d([4, 2], 4), "f32"), sink("y", 16, 4)),
  );
  expect([...(got.y?.data ?? [])]).toEqual([...x.data]);
});
