import { noLoc } from "../../src/diagnostics/span.js";
import { constDim, type Dim } from "../../src/ir/dim.js";
import { type GraphBuilder, graphBuilder } from "../../src/ir/graph/builder.js";
import type { Graph, Use, ValueId } from "../../src/ir/graph/ops.js";
import { argument, call, constant } from "../../src/ir/graph/scalars.js";

/** A use by bare indices. */
export const plain = (value: ValueId, ...ixs: readonly number[]): Use => ({
  value,
  at: ixs.map((ix) => ({ i: "ix", ix })),
});

export interface EncoderSizes {
  readonly seq: number;
  readonly model: number;
  readonly heads: number;
  readonly proj: number;
  readonly ffn: number;
}

/** One Linformer encoder block with layer norms, shared E for keys and values, and a GELU feed-forward part. */
export function encoderGraph({ seq, model, heads, proj, ffn }: EncoderSizes): Graph {
  const b = graphBuilder();
  const [N, D, H, K, F] = [seq, model, heads, proj, ffn].map(constDim) as [Dim, Dim, Dim, Dim, Dim];
  const C = constDim(model / heads);
  const x = b.add({ op: "input", name: "x" }, noLoc, { dtype: "f32", shape: [N, D] });
  const param = (path: string, std: number, ...shape: readonly Dim[]): ValueId =>
    b.add({ op: "param", path, init: std === 0 ? { kind: "ones" } : { kind: "normal", std }, fixed: false }, noLoc, {
      dtype: "f32",
      shape,
    });
  const u = layerNorm(b, x, N, D, param("g1", 0, D), param("b1", 0.02, D));
  const std = 1 / Math.sqrt(model);
  const [wq, wk, wv] = ["wq", "wk", "wv"].map((name) => param(name, std, H, D, C)) as [ValueId, ValueId, ValueId];
  const e = param("e", 1 / Math.sqrt(seq), K, N);
  // h n c d
  const q = contract(b, [plain(u, 1, 3), plain(wq, 0, 3, 2)], [0, 1, 2], [H, N, C, D]);
  // h k c m d
  const keys = contract(b, [plain(e, 1, 3), plain(u, 3, 4), plain(wk, 0, 4, 2)], [0, 1, 2], [H, K, C, N, D]);
  const values = contract(b, [plain(e, 1, 3), plain(u, 3, 4), plain(wv, 0, 4, 2)], [0, 1, 2], [H, K, C, N, D]);
  // h n k c
  const scores = contract(b, [plain(q, 0, 1, 3), plain(keys, 0, 2, 3)], [0, 1, 2], [H, N, K, C]);
  const scaled = b.add(
    {
      op: "map",
      args: [plain(scores, 0, 1, 2)],
      out: [0, 1, 2],
      extents: [H, N, K],
      body: call("mul", argument(0), constant(1 / Math.sqrt(model / heads))),
    },
    noLoc,
  );
  const p = b.add({ op: "softmax", arg: plain(scaled, 0, 1, 2), axis: 2, extents: [H, N, K] }, noLoc);
  const o = contract(b, [plain(p, 0, 1, 3), plain(values, 0, 3, 2)], [0, 1, 2], [H, N, C, K]);
  const wo = param("wo", std, H, C, D);
  // n o h c
  const joined = contract(b, [plain(o, 2, 0, 3), plain(wo, 2, 3, 1)], [0, 1], [N, D, H, C]);
  const a = add(b, x, joined, N, D);
  const v = layerNorm(b, a, N, D, param("g2", 0, D), param("b2", 0.02, D));
  const hidden = contract(b, [plain(v, 0, 2), plain(param("w1", std, D, F), 2, 1)], [0, 1], [N, F, D]);
  const active = b.add(
    {
      op: "map",
      args: [plain(hidden, 0, 1), plain(param("c1", 0.02, F), 1)],
      out: [0, 1],
      extents: [N, F],
      body: call("gelu", call("add", argument(0), argument(1))),
    },
    noLoc,
  );
  const back = contract(
    b,
    [plain(active, 0, 2), plain(param("w2", 1 / Math.sqrt(ffn), F, D), 2, 1)],
    [0, 1],
    [N, D, F],
  );
  return b.finish("encoder", [{ name: "y", value: add(b, a, back, N, D) }]);
}

function contract(b: GraphBuilder, factors: readonly Use[], out: readonly number[], extents: readonly Dim[]): ValueId {
  return b.add({ op: "contract", factors, out, extents, accum: "f32" }, noLoc);
}

function add(b: GraphBuilder, x: ValueId, y: ValueId, N: Dim, D: Dim): ValueId {
  return b.add(
    {
      op: "map",
      args: [plain(x, 0, 1), plain(y, 0, 1)],
      out: [0, 1],
      extents: [N, D],
      body: call("add", argument(0), argument(1)),
    },
    noLoc,
  );
}

function layerNorm(b: GraphBuilder, x: ValueId, N: Dim, D: Dim, gain: ValueId, bias: ValueId): ValueId {
  const size: number = D.op === "const" ? D.value : 1;
  const mean = (arg: ValueId): ValueId => {
    const sum = b.add({ op: "reduce", monoid: "sum", arg: plain(arg, 0, 1), out: [0], extents: [N, D] }, noLoc);
    return b.add(
      { op: "map", args: [plain(sum, 0)], out: [0], extents: [N], body: call("div", argument(0), constant(size)) },
      noLoc,
    );
  };
  const centred = b.add(
    {
      op: "map",
      args: [plain(x, 0, 1), plain(mean(x), 0)],
      out: [0, 1],
      extents: [N, D],
      body: call("sub", argument(0), argument(1)),
    },
    noLoc,
  );
  const squared = b.add(
    {
      op: "map",
      args: [plain(centred, 0, 1)],
      out: [0, 1],
      extents: [N, D],
      body: call("pow", argument(0), constant(2)),
    },
    noLoc,
  );
  return b.add(
    {
      op: "map",
      args: [plain(centred, 0, 1), plain(mean(squared), 0), plain(gain, 1), plain(bias, 1)],
      out: [0, 1],
      extents: [N, D],
      body: call(
        "add",
        call("mul", call("mul", argument(0), call("rsqrt", call("add", argument(1), constant(1e-5)))), argument(2)),
        argument(3),
      ),
    },
    noLoc,
  );
}
