import { join } from "node:path";
import { expect, test } from "vitest";
import type { TensorData } from "../../src/ir/dtype.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import {
  type At,
  checked,
  corpus,
  expectElements,
  graphOfFile,
  graphOfText,
  range,
  runReference,
  softmax,
  sourceOf,
  sum,
} from "./support.js";

const good = (file: string, model?: string, dims: Readonly<Record<string, number>> = {}): Graph =>
  graphOfFile(join(corpus, `${file}.lf`), { dims, ...(model === undefined ? {} : { model }) });

const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));
/** By its series: exact enough for small arguments, and no code of the compiler. */
function erf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

/** softmax(q kᵀ / √c) v for one head. */
function attention(
  sizes: { readonly n: number; readonly m: number; readonly c: number },
  q: At,
  k: At,
  v: At,
  keep: (n: number, m: number) => boolean = () => true,
  bias: (n: number, m: number) => number = () => 0,
): At {
  const rows = range(sizes.n).map((n) =>
    softmax(
      range(sizes.m).map((m) => sum(sizes.c, (c) => q(n, c) * k(m, c)) / Math.sqrt(sizes.c) + bias(n, m)),
      (m) => keep(n, m),
    ),
  );
  return (n = 0, c = 0) => sum(sizes.m, (m) => (rows[n]?.[m] ?? 0) * v(m, c));
}

function layerNorm(width: number, x: (d: number) => number, gain: At, bias: At): (d: number) => number {
  const mu = sum(width, x) / width;
  const variance = sum(width, (d) => (x(d) - mu) ** 2) / width;
  return (d) => ((x(d) - mu) / Math.sqrt(variance + 1e-5)) * gain(d) + bias(d);
}

test("one Linformer encoder layer is the paper's formula", () => {
  const graph = good("encoder_linformer", undefined, {
    ...{ Batch: 2, Seq: 128, MaxSeq: 128, Vocab: 9, Depth: 2 },
    ...{ Model: 4, Heads: 2, Proj: 3 },
  });
  const run = runReference(graph);
  const [n, d, heads, c, k, ffn] = [128, 4, 2, 2, 3, 16];
  const tokens = run.input("tokens");
  const tok = run.param("tok");
  const pos = run.param("pos");
  const E = run.param("E");
  const layer = (path: string, x: At): At => {
    const p = (name: string) => run.param(`${path}.${name}`);
    const [wq, wk, wv, wo] = [p("wq"), p("wk"), p("wv"), p("wo")];
    const table = (f: At, rows: number, cols: number): At => {
      const known = range(rows).map((i) => range(cols).map((j) => f(i, j)));
      return (i = 0, j = 0) => known[i]?.[j] ?? Number.NaN;
    };
    const norms = range(n).map((i) => layerNorm(d, (j) => x(i, j), p("g1"), p("b1")));
    const u = table((i = 0, j = 0) => norms[i]?.(j) ?? 0, n, d);
    const head = range(heads).map((h) => {
      const q = table((i = 0, cc = 0) => sum(d, (j) => u(i, j) * wq(h, j, cc)), n, c);
      const kx = table((i = 0, cc = 0) => sum(d, (j) => u(i, j) * wk(h, j, cc)), n, c);
      const vx = table((i = 0, cc = 0) => sum(d, (j) => u(i, j) * wv(h, j, cc)), n, c);
      const keys = table((j = 0, cc = 0) => sum(n, (i) => E(j, i) * kx(i, cc)), k, c);
      const vals = table((j = 0, cc = 0) => sum(n, (i) => E(j, i) * vx(i, cc)), k, c);
      return table(attention({ n, m: k, c }, q, keys, vals), n, c);
    });
    const a = table(
      (i = 0, o = 0) => x(i, o) + sum(heads, (h) => sum(c, (cc) => (head[h]?.(i, cc) ?? 0) * wo(h, cc, o))),
      n,
      d,
    );
    const after = range(n).map((i) => layerNorm(d, (j) => a(i, j), p("g2"), p("b2")));
    const hid = table(
      (i = 0, j = 0) => gelu(p("c1")(j) + sum(d, (dd) => (after[i]?.(dd) ?? 0) * p("w1")(dd, j))),
      n,
      ffn,
    );
    return table((i = 0, o = 0) => a(i, o) + p("c2")(o) + sum(ffn, (j) => hid(i, j) * p("w2")(j, o)), n, d);
  };
  const perBatch = range(2).map((b) => {
    const x: At = (i = 0, j = 0) => tok(tokens(b, i), j) + pos(i, j);
    return layer("Encoder.1", layer("Encoder.0", x));
  });
  expectElements(run.result(), (b = 0, i = 0, j = 0) => perBatch[b]?.(i, j) ?? Number.NaN);
});

test("causal and sliding attention", () => {
  const [n, c] = [64, 4];
  const triangle = runReference(good("causal", "Triangle", { Seq: n, Head: c }));
  const keep = triangle.input("keep");
  const wanted = attention(
    { n, m: n, c },
    triangle.input("q"),
    triangle.input("k"),
    triangle.input("v"),
    (i, j) => j <= i && keep(j) === 1,
  );
  expectElements(triangle.result(), wanted);

  const sliding = runReference(good("causal", "Sliding", { Seq: n, Head: c, Window: 5 }));
  expectElements(
    sliding.result(),
    attention(
      { n, m: n, c },
      sliding.input("q"),
      sliding.input("k"),
      sliding.input("v"),
      (i, j) => i - 5 < j && j <= i,
    ),
  );
});

test("the prefix form projects only what a query may see", () => {
  const [n, c, k] = [64, 2, 3];
  const run = runReference(good("causal", "Prefix", { Seq: n, Head: c, Proj: k }));
  const [q, kx, vx, E, F] = [run.input("q"), run.input("k"), run.input("v"), run.param("E"), run.param("F")];
  expectElements(run.result(), (i = 0, cc = 0) =>
    attention(
      { n: 1, m: k, c },
      (_, x = 0) => q(i, x),
      (j = 0, x = 0) => sum(i + 1, (m) => E(j, m) * kx(m, x)),
      (j = 0, x = 0) => sum(i + 1, (m) => F(j, m) * vx(m, x)),
    )(0, cc),
  );
});

test("block-causal attention with one joint softmax", () => {
  const [n, c, block] = [64, 2, 16];
  const run = runReference(good("causal", "BlockJoint", { Seq: n, Head: c, Block: block }));
  const [q, k, v, E] = [run.input("q"), run.input("k"), run.input("v"), run.param("E")];
  expectElements(run.result(), (i = 0, cc = 0) => {
    const own = Math.floor(i / block);
    const rows: { key: number[]; value: number[] }[] = [];
    const squeeze = (x: At, j: number) => range(c).map((a) => sum(block, (t) => E(t) * x(j * block + t, a)));
    for (let j = 0; j < own; j++) rows.push({ key: squeeze(k, j), value: squeeze(v, j) });
    for (let m = own * block; m <= i; m++)
      rows.push({ key: range(c).map((a) => k(m, a)), value: range(c).map((a) => v(m, a)) });
    const p = softmax(rows.map((r) => sum(c, (a) => q(i, a) * (r.key[a] ?? 0)) / Math.sqrt(c)));
    return sum(rows.length, (r) => (p[r] ?? 0) * (rows[r]?.value[cc] ?? 0));
  });
});

test("pools: mean of the real rows, mean with zeros, maximum; a slot of padding takes no part", () => {
  const [n, k, c] = [12, 4, 2];
  const graph = good("projections", "Pools", { Seq: n, Proj: k, Head: c });
  const run = runReference(graph, {}, (inputs) => {
    const keep = inputs.keep as TensorData;
    return { ...inputs, keep: { ...keep, data: Uint32Array.from(keep.data, (_, i) => (i < 6 || i === 7 ? 1 : 0)) } };
  });
  const r = n / k;
  const keep = run.input("keep");
  const windows = (j: number) =>
    range(r)
      .map((i) => j * r + i)
      .filter((m) => keep(m) === 1);
  const live = (j: number) => windows(j).length > 0;
  expect(range(k).map(live)).toEqual([true, true, true, false]);
  const pooled = (of: (x: At, j: number, a: number) => number, selected: (j: number) => boolean) =>
    attention(
      { n, m: k, c },
      run.input("q"),
      (j = 0, a = 0) => of(run.input("kx"), j, a),
      (j = 0, a = 0) => of(run.input("vx"), j, a),
      (_, j) => selected(j),
    );
  const total = (x: At, j: number, a: number) => windows(j).reduce((s, m) => s + x(m, a), 0);
  expectElements(
    run.result("mean_exclude"),
    pooled((x, j, a) => total(x, j, a) / Math.max(1, windows(j).length), live),
  );
  expectElements(
    run.result("mean_zero"),
    pooled(
      (x, j, a) => total(x, j, a) / r,
      () => true,
    ),
  );
  expectElements(
    run.result("biggest"),
    pooled((x, j, a) => Math.max(-3.4028234663852886e38, ...windows(j).map((m) => x(m, a))), live),
  );
});

test("convolutions in three modes", () => {
  const [n, k, c] = [12, 4, 2];
  const run = runReference(good("projections", "Convolutions", { Seq: n, Proj: k, Head: c }));
  const r = n / k;
  const keep = run.input("keep");
  const [w1, w2, w3, bias] = [run.param("w1"), run.param("w2"), run.param("w3"), run.param("bias")];
  const live = (j: number) => range(r).some((i) => keep(j * r + i) === 1);
  const over = (j: number, f: (i: number, m: number) => number) =>
    sum(r, (i) => (keep(j * r + i) === 1 ? f(i, j * r + i) : 0));
  const check = (name: string, of: (x: At, j: number, a: number) => number) =>
    expectElements(
      run.result(name),
      attention(
        { n, m: k, c },
        run.input("q"),
        (j = 0, a = 0) => of(run.input("kx"), j, a),
        (j = 0, a = 0) => of(run.input("vx"), j, a),
        (_, j) => live(j),
      ),
    );
  check("taps", (x, j, a) => over(j, (i, m) => w1(i) * x(m, a)));
  check("depthwise", (x, j, a) => bias(a) + over(j, (i, m) => w2(a, i) * x(m, a)));
  check("whole", (x, j, a) => bias(a) + over(j, (i, m) => sum(c, (b) => w3(a, b, i) * x(m, b))));
});

test("k that differs by head: each head with its own sizes", () => {
  const [n, model, heads, c] = [16, 8, 4, 2];
  const slots = [128, 64, 32, 32];
  const graph = good("ragged", "HeadsOwn", { Seq: n, Depth: 4, Model: model });
  const run = runReference(graph);
  let x: At = run.input("x");
  for (const layer of range(4)) {
    const p = (name: string) => run.param(`ByHead.${layer}.${name}`);
    const [wq, wk, wv, wo] = [p("wq"), p("wk"), p("wv"), p("wo")];
    // heads 2 and 3 have one size and are stored together
    const projection = (name: string, h: number): At =>
      h < 2 ? (j = 0, m = 0) => p(`${name}.${h}`)(0, j, m) : (j = 0, m = 0) => p(`${name}.2`)(h - 2, j, m);
    const before = x;
    const rows = (w: At, h: number) =>
      range(n).map((i) => range(c).map((a) => sum(model, (d) => before(i, d) * w(h, d, a))));
    const head = range(heads).map((h) => {
      const [q, kx, vx] = [rows(wq, h), rows(wk, h), rows(wv, h)];
      const K = slots[h] ?? 0;
      const squeeze = (of: number[][], e: At) =>
        range(K).map((j) => range(c).map((a) => sum(n, (m) => e(j, m) * (of[m]?.[a] ?? 0))));
      const [keys, vals] = [squeeze(kx, projection("E", h)), squeeze(vx, projection("F", h))];
      const of =
        (t: number[][]): At =>
        (i = 0, j = 0) =>
          t[i]?.[j] ?? Number.NaN;
      return range(n).map((i) => range(c).map((a) => attention({ n, m: K, c }, of(q), of(keys), of(vals))(i, a)));
    });
    const after = range(n).map((i) =>
      range(model).map((o) => before(i, o) + sum(heads, (h) => sum(c, (a) => (head[h]?.[i]?.[a] ?? 0) * wo(h, a, o)))),
    );
    x = (i = 0, o = 0) => after[i]?.[o] ?? Number.NaN;
  }
  expectElements(run.result(), x);
});

test("ragged sizes in the open: one shared matrix, each head reads its first rows", () => {
  const [n, model, heads, c] = [16, 8, 4, 2];
  const slots = [128, 64, 32, 32];
  const run = runReference(good("ragged", "HeadsShared", { Seq: n, Model: model, Depth: 4 }));
  const e = run.param("e");
  let x: At = run.input("x");
  for (const layer of range(4)) {
    const p = (name: string) => run.param(`ByHeadShared.${layer}.${name}`);
    const [wq, wk, wv, wo] = [p("wq"), p("wk"), p("wv"), p("wo")];
    const before = x;
    const head = range(heads).map((h) => {
      const rows = (w: At) => range(n).map((i) => range(c).map((a) => sum(model, (d) => before(i, d) * w(h, d, a))));
      const [q, kx, vx] = [rows(wq), rows(wk), rows(wv)];
      const K = slots[h] ?? 0;
      const squeeze = (of: number[][]) =>
        range(K).map((j) => range(c).map((a) => sum(n, (m) => e(j, m) * (of[m]?.[a] ?? 0))));
      const [keys, vals] = [squeeze(kx), squeeze(vx)];
      return range(n).map((i) => {
        const weights = softmax(keys.map((key) => sum(c, (a) => (q[i]?.[a] ?? 0) * (key[a] ?? 0)) / Math.sqrt(c)));
        return range(c).map((a) => sum(K, (j) => (weights[j] ?? 0) * (vals[j]?.[a] ?? 0)));
      });
    });
    const after = range(n).map((i) =>
      range(model).map((o) => before(i, o) + sum(heads, (h) => sum(c, (a) => (head[h]?.[i]?.[a] ?? 0) * wo(h, a, o)))),
    );
    x = (i = 0, o = 0) => after[i]?.[o] ?? Number.NaN;
  }
  expectElements(run.result(), x);
});

test("masked language model: labels of -100 are not counted, whatever they read", () => {
  const [b, n, v, d] = [2, 3, 8, 4];
  const graph = good("mlm", undefined, { Batch: b, Seq: n, MaxSeq: 5, Vocab: v, Model: d });
  const run = runReference(graph, {}, (inputs) => {
    const labels = inputs.labels as TensorData;
    return { ...inputs, labels: { ...labels, data: Int32Array.from([-100, 2, -100, 7, -100, 0]) } };
  });
  const [tokens, labels, tok, pos] = [run.input("tokens"), run.input("labels"), run.param("tok"), run.param("pos")];
  const [w, bb, g, beta, bias] = ["w", "b", "g", "beta", "bias"].map((p) => run.param(p)) as [At, At, At, At, At];
  const [w1, b1, w2, b2] = ["w1", "b1", "w2", "b2"].map((p) => run.param(`ffn.${p}`)) as [At, At, At, At];
  const logits = (i: number, m: number): number[] => {
    const pe = (dd: number) =>
      dd % 2 === 0 ? Math.sin(m / 10_000 ** (dd / d)) : Math.cos(m / 10_000 ** ((dd - 1) / d));
    const x = range(d).map((dd) => tok(tokens(i, m), dd) + pos(m, dd) + pe(dd));
    const hid = range(4 * d).map((j) => gelu(b1(j) + sum(d, (dd) => (x[dd] ?? 0) * w1(j, dd))));
    const h = range(d).map((o) => (x[o] ?? 0) + b2(o) + sum(4 * d, (j) => (hid[j] ?? 0) * w2(o, j)));
    const t = range(d).map((o) => gelu(bb(o) + sum(d, (dd) => (h[dd] ?? 0) * w(o, dd))));
    const normal = layerNorm(d, (dd) => t[dd] ?? 0, g, beta);
    return range(v).map((y) => bias(y) + sum(d, (dd) => normal(dd) * tok(y, dd)));
  };
  expectElements(run.result("logits"), (i = 0, m = 0, y = 0) => logits(i, m)[y] ?? Number.NaN);
  const losses = range(b).flatMap((i) =>
    range(n).flatMap((m) => {
      const label = labels(i, m);
      if (label < 0) return [];
      const row = logits(i, m);
      return [Math.log(row.reduce((s, x) => s + Math.exp(x), 0)) - (row[label] ?? Number.NaN)];
    }),
  );
  expect(losses.length).toBe(3);
  expectElements(run.result("loss"), () => losses.reduce((s, x) => s + x, 0) / losses.length);
});

test("rotary positions in both layouts, low-rank adaptation, gated feed-forward", () => {
  const [n, d, rank, hidden] = [6, 4, 2, 5];
  const run = runReference(good("modern", "Block", { Seq: n, Model: d, Rank: rank, Ffn2: hidden, Marks: 2 }));
  const [x, g, wq] = [run.input("x"), run.param("g"), run.param("wq")];
  const [down, up] = [run.param("lora.down"), run.param("lora.up")];
  const [w1, w2, w3] = ["w1", "w2", "w3"].map((p) => run.param(`glu.${p}`)) as [At, At, At];
  const rows = range(n).map((i) => {
    const ms = sum(d, (j) => x(i, j) ** 2) / d;
    return range(d).map((j) => (x(i, j) / Math.sqrt(ms + 1e-6)) * g(j));
  });
  const lora = rows.map((u) =>
    range(d).map(
      (o) =>
        sum(d, (i) => wq(o, i) * (u[i] ?? 0)) +
        2 * sum(rank, (r) => sum(d, (i) => up(o, r) * down(r, i) * (u[i] ?? 0))),
    ),
  );
  const angle = (i: number, f: number) => i * 10_000 ** ((-2 * f) / d);
  const pairs = lora.map((q, i) =>
    range(d).map((c) => {
      const f = Math.floor(c / 2);
      const [a, b] = [q[2 * f] ?? 0, q[2 * f + 1] ?? 0];
      const [cos, sin] = [Math.cos(angle(i, f)), Math.sin(angle(i, f))];
      return c % 2 === 0 ? a * cos - b * sin : a * sin + b * cos;
    }),
  );
  const halves = pairs.map((q, i) =>
    range(d).map((c) => {
      const f = c % (d / 2);
      const [a, b] = [q[f] ?? 0, q[f + d / 2] ?? 0];
      const [cos, sin] = [Math.cos(angle(i, f)), Math.sin(angle(i, f))];
      return c < d / 2 ? a * cos - b * sin : a * sin + b * cos;
    }),
  );
  const silu = (t: number) => t / (1 + Math.exp(-t));
  expectElements(run.result(), (i = 0, o = 0) => {
    const u = rows[i] ?? [];
    const hid = range(hidden).map(
      (j) => silu(sum(d, (dd) => w1(j, dd) * (u[dd] ?? 0))) * sum(d, (dd) => w3(j, dd) * (u[dd] ?? 0)),
    );
    return x(i, o) + (halves[i]?.[o] ?? 0) + sum(hidden, (j) => w2(o, j) * (hid[j] ?? 0));
  });
});

test("alibi adds its penalty inside the softmax", () => {
  const [h, n, c] = [2, 6, 4];
  const run = runReference(good("modern", "Alibi", { Heads: h, Seq: n, Head: c, Marks: 2 }));
  expectElements(run.result(), (head = 0, i = 0, cc = 0) => {
    const of =
      (name: string): At =>
      (m = 0, a = 0) =>
        run.input(name)(head, m, a);
    const slope = 2 ** ((-8 * (head + 1)) / h);
    return attention(
      { n, m: n, c },
      of("q"),
      of("k"),
      of("v"),
      (a, m) => m <= a,
      (a, m) => -slope * (a - m),
    )(i, cc);
  });
});

test("a reversible pair: two states, three layers", () => {
  const [n, d, hidden] = [4, 2, 5];
  const run = runReference(good("modern", "Reversible", { Seq: n, Model: d, Ffn2: hidden, Marks: 2 }));
  const glu = (path: string, u: readonly number[]) => {
    const [w1, w2, w3] = ["w1", "w2", "w3"].map((p) => run.param(`${path}.${p}`)) as [At, At, At];
    const hid = range(hidden).map((j) => {
      const t = sum(d, (i) => w1(j, i) * (u[i] ?? 0));
      return (t / (1 + Math.exp(-t))) * sum(d, (i) => w3(j, i) * (u[i] ?? 0));
    });
    return range(d).map((o) => sum(hidden, (j) => w2(o, j) * (hid[j] ?? 0)));
  };
  const rows = range(n).map((i) => {
    let a = range(d).map((j) => run.input("x")(i, j));
    let b = [...a];
    for (const l of range(3)) {
      const f = glu(`f.${l}`, b);
      a = a.map((v, j) => v + (f[j] ?? 0));
      const g = glu(`g.${l}`, a);
      b = b.map((v, j) => v + (g[j] ?? 0));
    }
    return a.map((v, j) => 0.5 * (v + (b[j] ?? 0)));
  });
  expectElements(run.result(), (i = 0, j = 0) => rows[i]?.[j] ?? Number.NaN);
});

test("patches with a class token, and a convolution with zero padding", () => {
  const dims = { Chan: 2, Patch: 2, Rows: 2, Cols: 3, Model: 4 };
  const run = runReference(good("vision", "Patches", { Batch: 2, ...dims }));
  const [image, w, bias, cls, pos] = [
    run.input("image"),
    run.param("w"),
    run.param("bias"),
    run.param("cls"),
    run.param("pos"),
  ];
  expectElements(run.result(), (b = 0, n = 0, d = 0) => {
    if (n === 0) return pos(0, d) + cls(0, d);
    const [i, j] = [Math.floor((n - 1) / 3), (n - 1) % 3];
    const patch = sum(2, (ch) => sum(2, (u) => sum(2, (v) => image(b, ch, i * 2 + u, j * 2 + v) * w(d, ch, u, v))));
    return pos(n, d) + bias(d) + patch;
  });

  const conv = runReference(good("vision", "Conv3", { Rows: 5, Model: 2 }));
  const [x, taps] = [conv.input("x"), conv.param("w")];
  const at = (n: number, d: number) => (n >= 0 && n < 5 ? x(n, d) : 0);
  expectElements(conv.result(), (n = 0, d = 0) => sum(3, (t) => taps(t, d) * at(n + t - 1, d)) + at(n - 1, d));
});

test("names: precedence at every level", () => {
  const run = runReference(good("names"));
  const [x, m] = [run.input("x"), run.input("m")];
  const n = 4;
  const s = sum(n, (i) => (x(i) / 2) * 3);
  const t = sum(n, (i) => x(i)) / 2;
  const u = -sum(n, (i) => x(i) * x(i));
  const near = (i: number, j: number) => (i - j >= 0 && i - j < 2 ? m(i, j) : 0);
  const col = (i: number) => m(i, 1) + near(2, i);
  const lf = t + u + 1;
  expectElements(run.result(), (i = 0) => {
    const step = x(i) + col(i);
    const odd = (i % 2 === 0 && !(i > 2)) || i === 3 ? 1 : -1;
    return -(step ** 2) + (x(0) * -s) / lf - Math.max(step, col(i)) + odd;
  });
});

test("retrieval: one instance serves two lengths; cosine of a vector with itself is 1", () => {
  const graph = good("retrieval", undefined, { Queries: 2, Passages: 3, Short: 3, Long: 5, Vocab: 6, Model: 4 });
  const run = runReference(graph, {}, (inputs) => {
    const rows = (length: number, values: readonly number[]) => Int32Array.from({ length }, (_, i) => values[i] ?? 0);
    const put = (name: string, data: Int32Array | Uint32Array): TensorData => ({
      ...(inputs[name] as TensorData),
      data,
    });
    return {
      q: put("q", rows(6, [1, 2, 0, 4, 5, 3])),
      qkeep: put("qkeep", Uint32Array.from([1, 1, 0, 1, 1, 1])),
      p: put("p", rows(15, [3, 3, 3, 3, 3, 1, 2, 5, 5, 5, 4, 5, 3, 0, 0])),
      pkeep: put("pkeep", Uint32Array.from([1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0])),
    };
  });
  const scores = run.output("scores");
  expect(scores(0, 1)).toBeCloseTo(1, 9);
  expect(scores(1, 2)).toBeCloseTo(1, 9);
  expect([run.output("best")(0), run.output("best")(1)]).toEqual([1, 2]);
  expectElements(run.result("scores"), (i = 0, j = 0) => scores(i, j));
});

test("padding that is not selected may hold anything", () => {
  const graph = graphOfText(`lf 1
    dim N = 4  dim C = 2
    model M(x: f32[N, C], keep: bool[N]) -> (s: f32[C], m: f32[C], p: f32[N], e: f32[C], one: f32) {
      let s[c] = sum[n where keep[n]] x[n, c] * x[n, c]
      let m[c] = mean[n where keep[n]] exp(x[n, c])
      let p[n] = softmax[n where keep[n]] sum[c] x[n, c] * x[n, 0]
      let e[c] = mean[n where not keep[n] and keep[n]] x[n, c]
      let one  = prod[n where keep[n]] x[n, 0]
      return s, m, p, e, one
    }`);
  const run = runReference(graph, {}, (inputs) => ({
    x: { ...(inputs.x as TensorData), data: Float32Array.from([1, 2, Number.NaN, Number.NaN, 3, 4, Number.NaN, 1]) },
    keep: { ...(inputs.keep as TensorData), data: Uint32Array.from([1, 0, 1, 0]) },
  }));
  expectElements(run.result("s"), (c = 0) => [10, 20][c] ?? 0);
  expectElements(run.result("m"), (c = 0) => [(Math.E + Math.exp(3)) / 2, (Math.exp(2) + Math.exp(4)) / 2][c] ?? 0);
  const p = softmax([1 + 2, 9 + 12]);
  expectElements(run.result("p"), (n = 0) => (n === 0 ? (p[0] ?? 0) : n === 2 ? (p[1] ?? 0) : 0));
  expectElements(run.result("e"), () => 0);
  expectElements(run.result("one"), () => 3);
});

test("a sum over nothing is 0 even where what stands outside of it is no number", () => {
  const graph = graphOfText(`lf 1
    dim N = 3  dim C = 2
    model M(x, w: f32[N, C], keep: bool[N], g: f32[C]) -> (a: f32[C], b: f32[C]) {
      let a[c] = sum[n where keep[n]] g[c] * x[n, c] * w[n, c]
      let b[c] = sum[n where keep[n]] x[n, c] / g[c]
      return a, b
    }`);
  const run = runReference(graph, {}, (inputs) => ({
    ...inputs,
    keep: { ...(inputs.keep as TensorData), data: new Uint32Array(3) },
    g: { ...(inputs.g as TensorData), data: Float32Array.from([Number.NaN, 0]) },
  }));
  expectElements(run.result("a"), () => 0);
  expectElements(run.result("b"), () => 0);
});

test("extremes and positions, ties to the least index, joint indices", () => {
  const graph = graphOfText(`lf 1
    dim N = 3  dim K = 4
    model M(x: f32[N, K]) -> (top: f32, low: f32[N], at: i32[N], last: i32, far: f32[N, K], s: f32[N, K], p: f32) {
      let top     = max[n, k] x[n, k]
      let low[n]  = min[k where k > 0] x[n, k]
      let at[n]   = argmax[k] (if k == 1 or k == 2 then 5.0 else x[n, k])
      let last    = argmin[n: N] -f32(n)
      let far[n: N, k: K] = prod[j: K where j <= k] 2.0
      let s[n, k] = softmax[n, k] x[n, k]
      let p       = prod[n, k: K] x[n, 0]
      return top, low, at, last, far, s, p
    }`);
  const run = runReference(graph);
  const x = run.input("x");
  const all = range(3).flatMap((n) => range(4).map((k) => x(n, k)));
  expectElements(run.result("top"), () => Math.max(...all));
  expectElements(run.result("low"), (n = 0) => Math.min(...range(3).map((k) => x(n, k + 1))));
  expectElements(run.result("at"), () => 1);
  expectElements(run.result("last"), () => 2);
  expectElements(run.result("far"), (_, k = 0) => 2 ** (k + 1));
  const p = softmax(all);
  expectElements(run.result("s"), (n = 0, k = 0) => p[n * 4 + k] ?? 0);
  expectElements(run.result("p"), () => range(3).reduce((t, n) => t * x(n, 0) ** 4, 1));
});

test("ragged heads: mean, max, argmax over them, softmax across them, a table in numbers, whole operators", () => {
  const graph = graphOfText(`lf 1
    dim H = 4  dim N = 5
    dim K[h: H] = [3, 2, 2, 4]
    fn double<A>(x: f32[A]) -> f32[A] { return 2 * x }
    model M(x: f32[H, N]) -> (avg: f32, top: f32, best: i32, p: f32[H], size: f32[H], twice: f32, third: f32) {
      param E: f32[h: H, K[h], N]
      let s[h, k] = sum[m] E[h, k, m] * x[h, m]
      let avg     = mean[h, k] s[h, k]
      let top     = max[h, k] s[h, k]
      let best    = argmax[h] sum[k] s[h, k]
      let p[h]    = softmax[h] sum[k] s[h, k]
      let size[h: H] = f32(K[h])
      let t       = s + s
      let d[h]    = double(s[h])
      let twice   = sum[h, k] t[h, k] * d[h, k]
      let third   = sum[k] s[3, k]
      return avg, top, best, p, size, twice, third
    }`);
  const run = runReference(graph);
  const sizes = [3, 2, 2, 4];
  const E = (h: number, k: number, m: number): number =>
    h === 0 ? run.param("E.0")(0, k, m) : h === 3 ? run.param("E.2")(0, k, m) : run.param("E.1")(h - 1, k, m);
  const x = run.input("x");
  const s = sizes.map((K, h) => range(K).map((k) => sum(5, (m) => E(h, k, m) * x(h, m))));
  const flat = s.flat();
  const totals = s.map((row) => row.reduce((a, b) => a + b, 0));
  expectElements(run.result("avg"), () => flat.reduce((a, b) => a + b, 0) / 11);
  expectElements(run.result("top"), () => Math.max(...flat));
  expectElements(run.result("best"), () => totals.indexOf(Math.max(...totals)));
  const p = softmax(totals);
  expectElements(run.result("p"), (h = 0) => p[h] ?? 0);
  expectElements(run.result("size"), (h = 0) => sizes[h] ?? 0);
  expectElements(run.result("twice"), () => flat.reduce((a, b) => a + 4 * b * b, 0));
  expectElements(run.result("third"), () => totals[3] ?? 0);
});

/** Sizes at which a program runs in milliseconds. */
const small: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  causal: { Seq: 64, Head: 2, Proj: 3, Window: 4 },
  checkpoint_lucidrains: { Batch: 1, Seq: 3, MaxSeq: 8, Vocab: 7, Depth: 2, Model: 8, Heads: 2, Proj: 3 },
  checkpoint_packed: { Seq: 4, Depth: 2, Model: 6, Heads: 3, Proj: 2 },
  encoder_decoder: { Src: 3, Dst: 4, Model: 8, Heads: 2, Proj: 3, Vocab: 5, Depth: 2 },
  encoder_linformer: { Batch: 1, Seq: 128, MaxSeq: 128, Vocab: 5, Depth: 1, Model: 4, Heads: 2, Proj: 3 },
  encoder_standard: { Batch: 2, Seq: 3, Depth: 2, Model: 8, Heads: 2 },
  mlm: { Batch: 2, Seq: 3, MaxSeq: 4, Vocab: 6, Model: 4 },
  modern: { Seq: 8, Model: 4, Head: 4, Feat: 4, Marks: 2, Heads: 2, Rank: 2, Ffn2: 4 },
  mqa_gqa: { Seq: 6, Proj: 3, Model: 4, Heads: 4, Kv: 2, Head: 2 },
  names: {},
  per_layer_kind: { Seq: 8, Model: 4, Proj: 2 },
  projections: { Seq: 12, Proj: 4, Head: 2 },
  ragged: { Seq: 8, Model: 8 },
  retrieval: { Queries: 2, Passages: 3, Short: 2, Long: 4, Vocab: 6, Model: 4 },
  sharing: { Batch: 2, Seq: 16, MaxSeq: 16, Depth: 2, Model: 4, Heads: 2, Proj: 3 },
  vision: { Batch: 2, Chan: 2, Patch: 2, Rows: 3, Cols: 2, Model: 4 },
};

test.each(Object.entries(small))("%s runs, and gives numbers", (file, dims) => {
  const program = checked(sourceOf(join(corpus, `${file}.lf`)), dims);
  expect(program.models.length).toBeGreaterThan(0);
  for (const { name, results } of program.models) {
    const run = runReference(good(file, name.text, dims));
    for (const result of results) {
      const { value, shape } = run.result(result.name?.text);
      expect(value.length).toBe(shape.reduce((a, b) => a * b, 1));
      expect(value.every(Number.isFinite), `${name.text} ${result.name?.text ?? ""}`).toBe(true);
    }
  }
});

test("grouped queries: the key of the query head, the value of its group", () => {
  const [n, k, d, heads, kv, c] = [6, 3, 4, 4, 2, 2];
  const run = runReference(good("mqa_gqa", "Gqa", { Seq: n, Proj: k, Model: d, Heads: heads, Kv: kv, Head: c }));
  const x = run.input("x");
  const [wq, wk, wv, e, f] = ["wq", "wk", "wv", "e", "f"].map((p) => run.param(p)) as [At, At, At, At, At];
  expectElements(run.result(), (h = 0, i = 0, cc = 0) => {
    const g = Math.floor(h / (heads / kv));
    return attention(
      { n, m: k, c },
      (m = 0, a = 0) => sum(d, (j) => x(m, j) * wq(h, j, a)),
      (s = 0, a = 0) => sum(n, (m) => e(h, s, m) * sum(d, (j) => x(m, j) * wk(g, j, a))),
      (s = 0, a = 0) => sum(n, (m) => f(g, s, m) * sum(d, (j) => x(m, j) * wv(g, j, a))),
    )(i, cc);
  });
});

test("random features, both ways", () => {
  const [n, c, f] = [6, 4, 3];
  const run = runReference(good("modern", "Performer", { Seq: n, Head: c, Feat: f, Marks: 2, Model: 4 }));
  const [q, k, v, w] = [run.input("q"), run.input("k"), run.input("v"), run.param("w")];
  const feature = (x: At, i: number, j: number) =>
    Math.exp(sum(c, (a) => x(i, a) * w(j, a)) - 0.5 * sum(c, (a) => x(i, a) ** 2)) / Math.sqrt(f);
  const weight = (i: number, m: number) => sum(f, (j) => feature(q, i, j) * feature(k, m, j));
  const mean = (i: number, a: number, end: number) =>
    sum(end, (m) => weight(i, m) * v(m, a)) / sum(end, (m) => weight(i, m));
  expectElements(run.result("both"), (i = 0, a = 0) => mean(i, a, n));
  expectElements(run.result("causal"), (i = 0, a = 0) => mean(i, a, i + 1));
});

test("halves: a head in f16, its sums in f32", () => {
  const graph = graphOfText(`lf 1
    dim N = 5  dim C = 4
    model Half(q, k, v: f16[N, C]) -> (o: f16[N, C], avg: f16[C], wide: f32[N, N]) {
      let s[n, m]    = (sum[c] q[n, c] * k[m, c]) / sqrt(C)
      let p[n, m]    = softmax[m] s[n, m]
      let o[n, c]    = 1.5 * sum[m] p[n, m] * v[m, c]
      let avg[c]     = mean[n where n != 2] v[n, c]
      let wide[n, m] = f32(s[n, m]) + 0.1
      return o, avg, wide
    }`);
  expect(graph.nodes.flatMap((n) => (n.op === "contract" ? [`${n.type.dtype} in ${n.accum}`] : []))).toEqual([
    "f16 in f32",
    "f16 in f32",
  ]);
  const run = runReference(graph);
  const v = run.input("v");
  const wanted = attention({ n: 5, m: 5, c: 4 }, run.input("q"), run.input("k"), v);
  expectElements(run.result("o"), (i = 0, c = 0) => 1.5 * wanted(i, c), 1e-2);
  expectElements(run.result("avg"), (c = 0) => (v(0, c) + v(1, c) + v(3, c) + v(4, c)) / 4, 1e-2);
});

test("gathers: nested, through a slice, at a computed place, out of range", () => {
  const graph = graphOfText(`lf 1
    dim V = 6  dim N = 3
    model G(t: f32[V], ids: i32[N], perm: u32[N]) -> (a: f32[N], b: f32[N], c: f32[N], d: f32[N]) {
      let a[n] = t[ids[perm[n]]]
      let b[n] = t[1..4][ids[n]]
      let c[n] = t[ids[n] * ids[n] - 1]
      let pairs[i: V / 2, j: 2] = t[2 * i + j]
      let d[n] = pairs[ids[n], 1]
      return a, b, c, d
    }`);
  const run = runReference(graph, {}, (inputs) => ({
    ...inputs,
    ids: { ...(inputs.ids as TensorData), data: Int32Array.from([0, 9, -3]) },
    perm: { ...(inputs.perm as TensorData), data: Uint32Array.from([2, 0, 1]) },
  }));
  const t = run.input("t");
  expectElements(run.result("a"), (n = 0) => t([0, 0, 5][n] ?? 0));
  expectElements(run.result("b"), (n = 0) => t([1, 3, 1][n] ?? 0));
  expectElements(run.result("c"), (n = 0) => t([0, 5, 5][n] ?? 0));
  expectElements(run.result("d"), (n = 0) => t([1, 5, 1][n] ?? 0));
});

test("a long sum and a long product", () => {
  const terms = Array.from({ length: 1000 }, (_, i) => `x[n] * ${i}`).join(" + ");
  const graph = graphOfText(`lf 1
    dim N = 2
    model L(x: f32[N]) -> (a: f32[N], b: f32) {
      let a[n] = ${terms}
      let b = sum[n] ${Array.from({ length: 20 }, () => "x[n]").join(" * ")}
      return a, b
    }`);
  const run = runReference(graph);
  const x = run.input("x");
  expectElements(run.result("a"), (n = 0) => 499_500 * x(n));
  expectElements(run.result("b"), () => x(0) ** 20 + x(1) ** 20);
});

test("whole tensors under `if`, several results under an index, a scalar function of the user", () => {
  const graph = graphOfText(`lf 1
    dim N = 3  dim D = 2
    fn both(x: f32[D]) -> (low: f32, high: f32) {
      return min(x[0], x[1]), max(x[0], x[1])
    }
    fn square(t: f32) -> f32 { t * t }
    fn place(i: i32, t: f32[D]) -> f32 { t[i] }
    model W(x, y: f32[N, D], pick: bool[N, D]) -> (c: f32[N, D], low: f32[N], high: f32[N], s: f32[N], at: f32[N]) {
      let c = if pick then x else -y
      let low[n], high[n] = both(x[n])
      let s[n] = sum[d] square(x[n, d] + y[n, d])
      let at[n: N] = place(n, x[0])
      return c, low, high, s, at
    }`);
  const run = runReference(graph);
  const [x, y, pick] = [run.input("x"), run.input("y"), run.input("pick")];
  expectElements(run.result("c"), (n = 0, d = 0) => (pick(n, d) === 1 ? x(n, d) : -y(n, d)));
  expectElements(run.result("low"), (n = 0) => Math.min(x(n, 0), x(n, 1)));
  expectElements(run.result("high"), (n = 0) => Math.max(x(n, 0), x(n, 1)));
  expectElements(run.result("s"), (n = 0) => sum(2, (d) => (x(n, d) + y(n, d)) ** 2));
  // the index is a value in the body: beyond the row it reads the nearest element
  expectElements(run.result("at"), (n = 0) => x(0, Math.min(n, 1)));
});

test("rounded and run-time sizes, sizes as numbers", () => {
  const graph = graphOfText(`lf 1
    dim N = ? in 1..64  dim B = 4
    dim P = ceil(N / B)
    model R(x: f32[N]) -> (y: f32[P], z: f32[N], last: f32) {
      let y[j: P] = sum[r: B where j * B + r < N] x[j * B + r]
      let z[n] = x[n] / N + (if N > 5 then 1 else 2)
      let last = x[N - 1]
      return y, z, last
    }`);
  for (const n of [1, 4, 7]) {
    const run = runReference(graph, { N: n });
    const x = run.input("x");
    expect(run.result("y").shape).toEqual([Math.ceil(n / 4)]);
    expectElements(run.result("y"), (j = 0) => sum(4, (r) => (4 * j + r < n ? x(4 * j + r) : 0)));
    expectElements(run.result("z"), (i = 0) => x(i) / n + (n > 5 ? 1 : 2));
    expectElements(run.result("last"), () => x(n - 1));
  }
});

test("lists of instances over two axes, by counters and numbers", () => {
  const graph = graphOfText(`lf 1
    dim D = 2
    block Scale(x: f32[D]) -> f32[D] {
      param g: f32[D] from "g"
      return g * x
    }
    model L(x: f32[D]) -> f32[D] {
      param grid: Scale[r: 2, c: 3] from "rows.{r}.cols.{c}"
      let y = repeat r in 2 (z = x) { repeat c in 3 (u = z) { grid[r, c](u) } }
      return grid[1, 2](y)
    }`);
  const keys = graph.nodes.flatMap((n) => (n.op === "param" ? [[n.path, n.from?.key] as const] : []));
  expect(keys).toEqual(range(2).flatMap((r) => range(3).map((c) => [`grid.${r}.${c}.g`, `rows.${r}.cols.${c}.g`])));
  const run = runReference(graph);
  const g = (r: number, c: number, d: number) => run.param(`grid.${r}.${c}.g`)(d);
  expectElements(run.result(), (d = 0) =>
    range(6).reduce((t, i) => t * g(Math.floor(i / 3), i % 3, d), run.input("x")(d) * g(1, 2, d)),
  );
});

test("a ragged parameter that a checkpoint keeps head by head; a plain one that it keeps so", () => {
  const graph = graphOfText(`lf 1
    dim H = 3  dim N = 2
    dim K[h: H] = [2, 2, 1]
    model S(x: f32[N]) -> (y: f32[H], z: f32[H]) {
      param E: f32[h: H, k: K[h], n: N] = zeros from "heads.{h}.e" as "n k"
      param w: f32[h: H, n: N] from "heads.{h}.w"
      let y[h] = sum[k, n] E[h, k, n] * x[n]
      let z[h] = sum[n] w[h, n] * x[n]
      return y, z
    }`);
  const params = graph.nodes.flatMap((n) =>
    n.op === "param" ? [[n.path, n.from?.key, n.type.shape.length] as const] : [],
  );
  expect(params).toEqual([
    ["E.0", "heads.0.e", 3],
    ["E.1", "heads.1.e", 3],
    ["E.2", "heads.2.e", 3],
    ["w", "heads.{h}.w", 2],
  ]);
  const run = runReference(graph);
  expectElements(run.result("y"), () => 0);
  expectElements(run.result("z"), (h = 0) => sum(2, (n) => run.param("w")(h, n) * run.input("x")(n)));
});
