import { describe, expect, test } from "vitest";
import type { Fn } from "../../src/api/fn.js";
import {
  type Model as AnyModel,
  compile,
  compileText,
  graphOfFn,
  graphOfText,
  type Index,
  LfError,
  lf,
  run,
  textOfFn,
  type Value,
} from "../../src/api/index.js";
import { printGraph } from "../../src/api/ir.js";

const Seq = lf.dim("Seq", 12);
const Model = lf.dim("Model", 8);
const Head = lf.dim("Head", 4);
const Proj = lf.dim("Proj", 3);

const linformerHead = lf.fn(
  { x: lf.f32(Seq, Model) },
  ({ x }, param) => {
    const weight = { init: lf.normal(lf.value(1).div(lf.sqrt(Model))) };
    const wq = param("wq", lf.f32(Model, Head), weight);
    const wk = param("wk", lf.f32(Model, Head), weight);
    const wv = param("wv", lf.f32(Model, Head), weight);
    const e = param("e", lf.f32(Proj, Seq));
    const f = param("f", lf.f32(Proj, Seq));
    const q = lf.tensor((n, c) => lf.sum((d) => x.at(n, d).mul(wq.at(d, c))), { name: "q" });
    const keys = lf.tensor((k, c) => lf.sum((m, d) => e.at(k, m).mul(x.at(m, d)).mul(wk.at(d, c))), { name: "keys" });
    const vals = lf.tensor((k, c) => lf.sum((m, d) => f.at(k, m).mul(x.at(m, d)).mul(wv.at(d, c))), { name: "vals" });
    const p = lf.tensor((n) => lf.softmax((k) => lf.sum((c) => q.at(n, c).mul(keys.at(k, c))).div(lf.sqrt(Head))), {
      name: "p",
    });
    return lf.tensor((n, c) => lf.sum((k) => p.at(n, k).mul(vals.at(k, c))), { name: "o" });
  },
  { name: "LinformerHead" },
);

const sameInText = `lf 1
dim Seq = 12
dim Model = 8
dim Head = 4
dim Proj = 3
model LinformerHead(x: f32[Seq, Model]) -> f32[Seq, Head] {
  param wq, wk, wv: f32[Model, Head] = normal(1 / sqrt(Model))
  param e, f: f32[Proj, Seq]
  let q[n, c]    = sum[d] x[n, d] * wq[d, c]
  let keys[k, c] = sum[m, d] e[k, m] * x[m, d] * wk[d, c]
  let p[n, k]    = softmax[k] (sum[c] q[n, c] * keys[k, c]) / sqrt(Head)
  let vals[k, c] = sum[m, d] f[k, m] * x[m, d] * wv[d, c]
  let o[n, c]    = sum[k] p[n, k] * vals[k, c]
  return o
}
`;

const codes = (build: () => unknown): readonly string[] => {
  try {
    build();
  } catch (error) {
    if (error instanceof LfError) return error.diagnostics.map((d) => d.code);
    throw error;
  }
  return [];
};

test("a Linformer head built by a program is the graph of the same head in text", () => {
  expect(printGraph(graphOfFn(linformerHead))).toBe(printGraph(graphOfText(sameInText)));
});

test("a product of three inside of a sum is one contraction", () => {
  const factors = graphOfFn(linformerHead).nodes.flatMap((n) => (n.op === "contract" ? [n.factors.length] : []));
  expect(factors.toSorted()).toEqual([2, 2, 2, 3, 3]);
});

test("the two give the same files", async () => {
  const { files } = await compile(linformerHead, { backend: "wgsl" });
  const fromText = await compileText(sameInText, { backend: "wgsl" });
  const code = (list: typeof files) => list.filter((f) => f.path.endsWith(".wgsl"));
  expect(code(files).length).toBeGreaterThan(2);
  expect(code(fromText.files).map((f) => f.path)).toEqual(code(files).map((f) => f.path));
  // the letters of indices differ, in names and comments; the numbers of threads, buffers and steps don't
  const shape = (list: typeof files) =>
    code(list).map((f) => String(f.text).match(/@workgroup_size\(.*?\)|@binding\(\d\)/g));
  expect(shape(fromText.files)).toEqual(shape(files));
});

test("it runs, and the backends agree with the reference", async () => {
  const x = Float32Array.from({ length: 96 }, (_, i) => Math.sin(i));
  const { output: want } = await run(linformerHead, { x }, { seed: 3 });
  expect(want?.shape).toEqual([12, 4]);
  for (const backend of ["js", "tfjs"]) {
    const { output } = await run(linformerHead, { x }, { seed: 3, backend });
    expect(Math.max(...Array.from(output?.data ?? [NaN], (v, i) => Math.abs(v - (want?.data[i] ?? NaN))))).toBeLessThan(
      1e-5,
    );
  }
});

describe("what can be built", () => {
  const N = lf.dim("N", { min: 2, max: 8, step: 2 });
  const values = async (model: AnyModel, inputs: Parameters<typeof run>[1]): Promise<number[]> =>
    Array.from(Object.values(await run(model, inputs))[0]?.data ?? []);
  const five = lf.dim(5);

  test("arithmetic, comparisons, selection and conversion", async () => {
    const model = lf.fn({ x: lf.f32(five) }, ({ x }) =>
      lf.tensor((i) =>
        lf.select(
          x.at(i).lt(0).and(i.gt(0)).or(i.eq(4)),
          x.at(i).neg().sub(-1).pow(2),
          lf.max(x.at(i), 0.5).add(i.mod(2).to("f32")).div(2),
        ),
      ),
    );
    expect(await values(model, { x: [-1, 1, -2, 3, 4] })).toEqual([0.25, 1, 9, 2, 9]);
  });

  test("every reduction, and a selection within", async () => {
    const of = (reduce: (body: (i: Index) => Value) => Value) =>
      lf.fn({ x: lf.f32(five) }, ({ x }) => lf.tensor(() => reduce((i) => x.at(i))));
    const x = [3, -1, 4, 1, 5];
    expect(await values(of(lf.sum), { x })).toEqual([12]);
    expect((await values(of(lf.mean), { x }))[0]).toBeCloseTo(2.4);
    expect(await values(of(lf.max), { x })).toEqual([5]);
    expect(await values(of(lf.min), { x })).toEqual([-1]);
    expect(await values(of(lf.prod), { x })).toEqual([-60]);
    expect(await values(of(lf.argmax), { x })).toEqual([4]);
    expect(await values(of(lf.argmin), { x })).toEqual([1]);
    const prefix = lf.fn({ x: lf.f32(five) }, ({ x }) =>
      lf.tensor([five], (n) => lf.sum((m) => lf.where(m.le(n), x.at(m)))),
    );
    expect(await values(prefix, { x })).toEqual([3, 2, 6, 7, 12]);
  });

  test("a softmax as an element of a tensor", async () => {
    const model = lf.fn({ x: lf.f32(2, 3) }, ({ x }) => lf.tensor((n, k) => lf.softmax(k, x.at(n, k)).mul(2)));
    const [a = 0, b = 0, c = 0] = await values(model, { x: [1, 1, 1, 0, 0, 0] });
    expect([a, b, c].map((v) => v.toFixed(6))).toEqual(["0.666667", "0.666667", "0.666667"]);
  });

  test("sizes given at run time, derived sizes, blocks and slices", async () => {
    const model = lf.fn({ x: lf.f32(N) }, ({ x }) => ({
      pooled: lf.tensor([N.div(2)], (j) => lf.mean([2], (r) => x.at(j.mul(2).add(r)))),
      tail: lf.tensor((i) => x.at(lf.slice(1, 2)).at(i).mul(N)),
    }));
    const x = { dtype: "f32", shape: [4], data: Float32Array.of(1, 3, 5, 9) } as const;
    const out = await run(model, { x });
    expect(Object.fromEntries(Object.entries(out).map(([k, t]) => [k, Array.from(t.data)]))).toEqual({
      pooled: [2, 7],
      tail: [12],
    });
    expect(await codesOfRun(() => run(model, { x: [1, 2] }))).toEqual(["LF0406"]);
  });

  test("functions are called for each index, blocks with parameters have an instance a call", async () => {
    const scale = lf.fn({ row: lf.f32(3), by: lf.f32() }, ({ row, by }) => lf.tensor((i) => row.at(i).mul(by)), {
      name: "scale",
    });
    const model = lf.fn({ x: lf.f32(2, 3), by: lf.f32(2) }, ({ x, by }) =>
      lf.tensor((n) => scale.call({ row: x.at(n), by: by.at(n) })),
    );
    expect(await values(model, { x: [1, 2, 3, 4, 5, 6], by: [10, 100] })).toEqual([10, 20, 30, 400, 500, 600]);

    const layer = lf.fn(
      { x: lf.f32(3) },
      ({ x }, param) => {
        const w = param("w", lf.f32({ i: 3, o: 3 }), {
          init: lf.ones(),
          from: "weight",
          layout: "o i",
          doc: "The weight.",
        });
        return lf.tensor((o) => lf.sum((i) => x.at(i).mul(w.at(i, o))));
      },
      { name: "Layer" },
    );
    expect(graphOfFn(layer).nodes.find((n) => n.op === "param")).toMatchObject({
      path: "w",
      from: { key: "weight", layout: "o i" },
    });
    const plain = lf.fn(
      { x: lf.f32(3) },
      ({ x }, param) => {
        const w = param("w", lf.f32(3, 3), { init: lf.ones(), doc: "The weight." });
        return lf.tensor((o) => lf.sum((i) => x.at(i).mul(w.at(i, o))));
      },
      { name: "Layer", doc: "One layer." },
    );
    const deep = lf.fn({ x: lf.f32(3) }, ({ x }) => plain.call({ x: plain.call({ x }) }), { name: "Deep" });
    const paths = graphOfFn(deep).nodes.flatMap((n) => (n.op === "param" ? [n.path] : []));
    expect(new Set(paths).size).toBe(2);
    expect(await values(deep, { x: [1, 2, 3] })).toEqual([18, 18, 18]);
    expect(textOfFn(deep)).toContain("/// One layer.\nblock Layer(");
  });
});

const codesOfRun = async (start: () => Promise<unknown>): Promise<readonly string[]> => {
  const error: unknown = await start().catch((e: unknown) => e);
  return error instanceof LfError ? error.diagnostics.map((d) => d.code) : [String(error)];
};

describe("mistakes are thrown with a diagnostic", () => {
  const A = lf.dim("A", 4);
  const B = lf.dim("B", 4);
  const graph = (f: Fn) => () => graphOfFn(f);
  test("an index over two dimensions", () => {
    expect(
      codes(graph(lf.fn({ x: lf.f32(A), y: lf.f32(B) }, ({ x, y }) => lf.tensor((i) => x.at(i).add(y.at(i)))))),
    ).toEqual(["LF0203"]);
  });
  test("an index that leaves its tensor", () => {
    const leak = lf.fn({ x: lf.f32(A) }, ({ x }) => lf.tensor((i) => lf.tensor((j) => x.at(j).add(x.at(i))).at(i)));
    expect(codes(graph(leak))).toEqual(["LF0218"]);
  });
  test("nothing that gives a range", () => {
    expect(codes(graph(lf.fn({ x: lf.f32(A) }, ({ x }) => lf.tensor((i) => x.at(i.add(0))))))).toEqual(["LF0202"]);
  });
  test("a value of another function", () => {
    const outer = lf.fn({ x: lf.f32(A) }, ({ x }) => lf.fn({ y: lf.f32(A) }, ({ y }) => y.add(x)).call({ y: x }));
    expect(codes(graph(outer))).toEqual(["LF0217"]);
  });
  test.each(["for it", "in", "x) -> f32 {", ""])("the name %j", (name) => {
    expect(codes(graph(lf.fn({ [name]: lf.f32(A) }, () => lf.value(1))))).toEqual(["LF0116"]);
    const local = lf.fn({ x: lf.f32(A) }, ({ x }) => lf.tensor((i) => x.at(i), { name }));
    expect(codes(graph(local))).toEqual(["LF0116"]);
  });
  test("two sizes of one name", () => {
    const f = lf.fn({ x: lf.f32(A), y: lf.f32(lf.dim("A", 5)) }, ({ x }) => x.add(1));
    expect(codes(graph(f))).toEqual(["LF0214"]);
  });
  test("a number that is none", () => {
    expect(codes(() => lf.fn({ x: lf.f32(A) }, ({ x }) => x.add(Number.NaN)))).toEqual(["LF0219"]);
  });
  test("an element that doubles at each step", () => {
    const doubled = lf.fn({ x: lf.f32(A) }, ({ x }) =>
      lf.tensor((i) => {
        let v = x.at(i);
        for (let n = 0; n < 40; n++) v = v.mul(v);
        return v;
      }),
    );
    expect(codes(graph(doubled))).toEqual(["LF0305"]);
  });
  test("arguments", () => {
    const f: Fn = lf.fn({ x: lf.f32(A) }, ({ x }) => x.add(1), { name: "f" });
    expect(codes(() => f.call({}))).toEqual(["LF0270"]);
    expect(codes(() => f.call({ x: 1, z: 1 }))).toEqual(["LF0270"]);
  });
  test("inputs of a run", async () => {
    expect(await codesOfRun(() => run(linformerHead, {}))).toEqual(["LF0404"]);
    expect(await codesOfRun(() => run(linformerHead, { x: [1] }))).toEqual(["LF0406"]);
    expect(await codesOfRun(() => run(linformerHead, { x: [1], y: [1] }))).toEqual(["LF0405"]);
    expect(await codesOfRun(() => compile(linformerHead, { backend: "wgls" }))).toHaveLength(1);
  });
  test("a text, with its place", async () => {
    const error: unknown = await compileText("lf 1\nmodel M(x: f32[3]) -> f32[3] { y }", {
      backend: "js",
      path: "m.lf",
    }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LfError);
    expect((error as LfError).message).toContain("m.lf:2:");
  });
});
