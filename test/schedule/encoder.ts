import { noLoc } from "../../src/diagnostics/span.js";
import { constDim, type Dim } from "../../src/ir/dim.js";
import type { Graph, ValueId } from "../../src/ir/graph/ops.js";
import { argument, call, constant } from "../../src/ir/graph/scalars.js";
import { dim, type Hand, hand, use } from "./support.js";

export interface EncoderSizes {
  readonly batch: Dim | number;
  readonly seq: Dim | number;
  readonly model: number;
  readonly heads: number;
  readonly proj: number;
  readonly ffn: number;
  readonly layers: number;
  readonly vocab: number;
  readonly maxSeq: number;
  /** Whether a padding mask selects positions in the projection. */
  readonly masked: boolean;
}

function layerNorm(
  h: Hand,
  x: ValueId,
  gain: ValueId,
  bias: ValueId,
  extents: readonly (Dim | number)[],
  d: number,
): ValueId {
  const [b, n] = [extents[0] ?? 1, extents[1] ?? 1];
  const sum = (arg: ValueId): ValueId =>
    h.b.add(
      { op: "reduce", monoid: "sum", arg: use(arg, 0, 1, 2), out: [0, 1], extents: [dim(b), dim(n), constDim(d)] },
      noLoc,
    );
  const mean = h.map([use(sum(x), 0, 1)], [b, n], call("mul", argument(0), constant(1 / d)));
  const square = h.map(
    [use(x, 0, 1, 2), use(mean, 0, 1)],
    [b, n, d],
    call("mul", call("sub", argument(0), argument(1)), call("sub", argument(0), argument(1))),
  );
  const scale = h.map(
    [use(sum(square), 0, 1)],
    [b, n],
    call("rsqrt", call("add", call("mul", argument(0), constant(1 / d)), constant(1e-5))),
  );
  return h.map(
    [use(x, 0, 1, 2), use(mean, 0, 1), use(scale, 0, 1), use(gain, 2), use(bias, 2)],
    [b, n, d],
    call("add", call("mul", call("mul", call("sub", argument(0), argument(1)), argument(2)), argument(3)), argument(4)),
  );
}

/** A Linformer encoder as the language elaborates it: embeddings, `layers` blocks of attention and feed-forward. */
export function encoder(s: EncoderSizes): Graph {
  const h = hand();
  const { batch: B, seq: N, model: D, heads: H, proj: K, ffn: F } = s;
  const C = D / H;
  const tokens = h.input("tokens", [B, N], "i32");
  const keep = s.masked ? h.input("keep", [B, N], "bool") : undefined;
  const tok = h.param("tok", [s.vocab, D]);
  const pos = h.param("pos", [s.maxSeq, D]);
  const E = h.param("E", [K, s.maxSeq]);
  let x = h.map(
    [use(tok, { i: "value", of: use(tokens, 0, 1) }, 2), use(pos, 1, 2)],
    [B, N, D],
    call("add", argument(0), argument(1)),
  );
  for (let l = 0; l < s.layers; l++) {
    const p = (name: string, ...shape: number[]): ValueId => h.param(`layer.${l}.${name}`, shape);
    const [wq, wk, wv] = [p("wq", H, D, C), p("wk", H, D, C), p("wv", H, D, C)];
    const wo = p("wo", H, C, D);
    const u = layerNorm(h, x, p("g1", D), p("b1", D), [B, N, D], D);
    const q = h.contract([use(u, 0, 2, 4), use(wq, 1, 4, 3)], [0, 1, 2, 3], [B, H, N, C, D]);
    const project = (w: ValueId): ValueId =>
      h.contract(
        [use(E, 2, 4), use(u, 0, 4, 5), use(w, 1, 5, 3)],
        [0, 1, 2, 3],
        [B, H, K, C, N, D],
        keep === undefined ? undefined : { args: [use(keep, 0, 4)], body: argument(0) },
      );
    const [keys, values] = [project(wk), project(wv)];
    const scores = h.contract([use(q, 0, 1, 2, 4), use(keys, 0, 1, 3, 4)], [0, 1, 2, 3], [B, H, N, K, C]);
    const scaled = h.map([use(scores, 0, 1, 2, 3)], [B, H, N, K], call("div", argument(0), constant(Math.sqrt(C))));
    const probs = h.b.add(
      { op: "softmax", arg: use(scaled, 0, 1, 2, 3), axis: 3, extents: [B, H, N, K].map(dim) },
      noLoc,
    );
    const head = h.contract([use(probs, 0, 1, 2, 4), use(values, 0, 1, 4, 3)], [0, 1, 2, 3], [B, H, N, C, K]);
    const merged = h.contract([use(head, 0, 3, 1, 4), use(wo, 3, 4, 2)], [0, 1, 2], [B, N, D, H, C]);
    const a = h.map([use(x, 0, 1, 2), use(merged, 0, 1, 2)], [B, N, D], call("add", argument(0), argument(1)));
    const v = layerNorm(h, a, p("g2", D), p("b2", D), [B, N, D], D);
    const h1 = h.contract([use(v, 0, 1, 3), use(p("w1", D, F), 3, 2)], [0, 1, 2], [B, N, F, D]);
    const hid = h.map(
      [use(h1, 0, 1, 2), use(p("c1", F), 2)],
      [B, N, F],
      call("gelu", call("add", argument(0), argument(1))),
    );
    const h2 = h.contract([use(hid, 0, 1, 3), use(p("w2", F, D), 3, 2)], [0, 1, 2], [B, N, D, F]);
    x = h.map(
      [use(a, 0, 1, 2), use(h2, 0, 1, 2), use(p("c2", D), 2)],
      [B, N, D],
      call("add", call("add", argument(0), argument(1)), argument(2)),
    );
  }
  return h.finish({ y: x });
}
