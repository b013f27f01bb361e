import fc from "fast-check";
import { expect, test } from "vitest";
import { runPasses } from "../../passes/manager.js";
import { graphPipeline } from "../../passes/pipelines.js";
import type { PassContext } from "../../src/backend/backend.js";
import { emptyPlan } from "../../src/cost/plan.js";
import { graphOfText } from "../support/model.js";
import { agree, passContext, simt } from "./support.js";

/** An attention with whatever an attention may have. */
interface Drawn {
  readonly rows: number;
  /** Keys of their own number, or the rows themselves. */
  readonly keys: number | undefined;
  readonly heads: number;
  /** How many heads share one of the keys. */
  readonly group: number;
  readonly depth: number;
  readonly cols: number;
  readonly padding: boolean;
  readonly causal: "no" | "causal" | "window";
  readonly bias: boolean;
  readonly runTime: boolean;
  readonly projected: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  rows: fc.integer({ min: 1, max: 21 }),
  keys: fc.option(fc.integer({ min: 2, max: 19 }), { nil: undefined }),
  heads: fc.constantFrom(1, 2, 4),
  group: fc.constantFrom(1, 2),
  depth: fc.integer({ min: 2, max: 9 }),
  cols: fc.integer({ min: 1, max: 9 }),
  padding: fc.boolean(),
  causal: fc.constantFrom("no", "causal", "window"),
  bias: fc.boolean(),
  runTime: fc.boolean(),
  projected: fc.boolean(),
});

function textOf(a: Drawn): string {
  const own = a.keys !== undefined;
  const extent = (n: number): string => (a.runTime ? `? in 1..${n + 9}` : String(n));
  const heads = a.heads % a.group === 0 ? a.heads / a.group : a.heads;
  const conditions = [
    ...(a.padding ? ["keep[m]"] : []),
    ...(own || a.causal === "no" ? [] : a.causal === "causal" ? ["m <= n"] : ["n - 4 < m", "m <= n"]),
  ].join(" and ");
  const where = conditions === "" ? "" : ` where ${conditions}`;
  const keyHead = heads === a.heads ? "h" : `h / ${a.group}`;
  const keys = own ? "M" : "N";
  const bias = a.bias ? " + bias[h] * f32(m)" : "";
  const query = a.projected
    ? "  param wq: f32[4, 5, D] = normal(0.5)\n  let q[h, n, c] = sum[d] x[n, d] * wq[h, d, c]\n".replace(
        "4, 5",
        `${a.heads}, 5`,
      )
    : "";
  return `lf 1
dim N = ${extent(a.rows)}
${own ? `dim M = ${extent(a.keys)}\n` : ""}dim D = ${a.depth}
model Drawn(
  ${a.projected ? "x: f32[N, 5]" : `q: f32[${a.heads}, N, D]`}, k: f32[${heads}, ${keys}, D], v: f32[${heads}, ${keys}, ${a.cols}],
  keep: bool[${keys}], bias: f32[${a.heads}],
) -> f32[N, ${a.cols}] {
  param wo: f32[${a.heads}, ${a.cols}, ${a.cols}] = normal(0.5)
${query}  let s[h, n, m] = (sum[c] q[h, n, c] * k[${keyHead}, m, c]) / sqrt(D)${bias}
  let p[h, n, m] = softmax[m${where}] s[h, n, m]
  let o[h, n, c] = sum[m${where}] p[h, n, m] * v[${keyHead}, m, c]
  let y[n, j]    = sum[h, c] o[h, n, c] * wo[h, c, j]
  return y
}
`;
}

const strategies = ["fused", "streaming", "fuseQ", "fuseO", "fuseQ+fuseO"];

test("random attentions, a strategy of theirs each, checked against the reference", async () => {
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(drawn, fc.constantFrom(...strategies), async (a, strategy) => {
      const source = graphOfText(textOf(a));
      const cx: PassContext = {
        ...passContext(simt),
        strategies: new Set(["attention"]),
        fp: "strict",
        plan: { ...emptyPlan, strategies: new Proxy({}, { get: () => strategy }) },
      };
      const graph = runPasses(source, graphPipeline, cx);
      const sizes = a.runTime ? { N: a.rows, ...(a.keys !== undefined && { M: a.keys }) } : {};
      const program = await agree(graph, { target: simt, sizes, mayBeUndecided: true });
      if (program.kernels.some((k) => k.name.includes("attention"))) whole++;
    }),
    { numRuns: 12, seed: 41, endOnFailure: true },
  );
  expect(whole).toBeGreaterThan(8);
});
