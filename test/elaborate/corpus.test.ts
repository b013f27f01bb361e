import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Graph } from "../../src/ir/graph/ops.js";
import { graphSymbols } from "../../src/ir/graph/print.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { checked, corpus, graphOfFile, sourceOf } from "./support.js";

/** Every model of a file of the corpus. */
function graphs(file: string): readonly Graph[] {
  const program = checked(sourceOf(join(corpus, file)));
  return program.models.map((m) => graphOfFile(join(corpus, file), { model: m.name.text }));
}

describe("every model of the corpus elaborates to a sound graph", () => {
  for (const file of readdirSync(corpus).filter((f) => f.endsWith(".lf"))) {
    test(file, () => {
      for (const graph of graphs(file)) {
        expect(verifyGraph(graph, "elaborated"), graph.name).toEqual([]);
        for (const symbol of graphSymbols(graph).values())
          expect(symbol.op === "symbol" && symbol.lo < symbol.hi, `${graph.name} leaves a fixed size open`).toBe(true);
        const paths = graph.nodes.flatMap((n) => (n.op === "param" ? [n.path] : []));
        expect(new Set(paths).size, `${graph.name}: paths`).toBe(paths.length);
      }
    });
  }
});

const modelOf = (file: string, name: string): Graph => {
  const found = graphs(file).find((g) => g.name === name);
  if (found === undefined) throw new Error(`${file} has no model ${name}`);
  return found;
};

const count = (graph: Graph, op: string): number => graph.nodes.filter((n) => n.op === op).length;
const paths = (graph: Graph): readonly string[] => graph.nodes.flatMap((n) => (n.op === "param" ? [n.path] : []));

test("sharing is where a parameter is declared", () => {
  const projections = (model: string) => paths(modelOf("sharing.lf", model)).filter((p) => /(^|\.)[EF]$/.test(p));
  expect(projections("PaperNone")).toEqual([0, 1, 2, 3].flatMap((l) => [`NoneShared.${l}.E`, `NoneShared.${l}.F`]));
  expect(projections("PaperHeadwise").length).toBe(8);
  expect(projections("PaperKeyValue")).toEqual([0, 1, 2, 3].map((l) => `KeyValue.${l}.E`));
  expect(projections("PaperLayerwise")).toEqual(["E"]);
  expect(projections("SharedLayers")).toEqual(["layer.E"]);
});

test("a shared projection has no axis for the head: keys and values are one product of three", () => {
  const graph = modelOf("sharing.lf", "PaperLayerwise");
  const E = graph.nodes.findIndex((n) => n.op === "param" && n.path === "E");
  const readers = graph.nodes.filter((n) => n.op === "contract" && n.factors.some((f) => f.value === E));
  expect(readers.length).toBe(8);
  for (const node of readers) {
    if (node.op !== "contract") throw new Error("a contraction");
    expect(node.factors.length).toBe(3);
    const use = node.factors.find((f) => f.value === E);
    const own = new Set(use?.at.flatMap((i) => (i.i === "ix" ? [i.ix] : [])));
    expect(own.size).toBe(2);
    // batch, head, slot, column
    expect(node.out.length).toBe(4);
  }
});

test("static `if` on the counter: the other branch makes no parameters", () => {
  expect(paths(modelOf("per_layer_kind.lf", "Mixed"))).toEqual([
    ...[0, 1, 2, 3].map((l) => `early.${l}.e`),
    ...[0, 1].map((l) => `late.${l}.gain`),
  ]);
  expect(paths(modelOf("per_layer_kind.lf", "Mixed2"))).toEqual([
    ...[0, 1, 2, 3].map((l) => `ByMatrix.${l}.e`),
    ...[0, 1].map((l) => `ByPool.${l}.gain`),
  ]);
});

test("checkpoint keys are the prefixes of the instances and the parameter's own", () => {
  const graph = modelOf("checkpoint_lucidrains.lf", "LinformerLM");
  const keys = new Map(graph.nodes.flatMap((n) => (n.op === "param" ? [[n.path, n.from] as const] : [])));
  expect(keys.get("tok")?.key).toBe("token_emb.weight");
  expect(keys.get("layers.3.attn.wq")).toEqual({
    key: "linformer.net.layers.3.0.fn.to_q.weight",
    layout: "(h c) d",
    axes: ["h", "d", "c"],
  });
  expect(keys.get("layers.11.ff.b2")?.key).toBe("linformer.net.layers.11.1.fn.w2.bias");
  expect([...keys.values()].every((k) => k !== undefined)).toBe(true);
  expect(keys.size).toBe(4 + 12 * 15);
});

test("nothing is copied that is only read: one Linformer layer", () => {
  const graph = modelOf("encoder_linformer.lf", "Linformer");
  expect(count(graph, "concat")).toBe(0);
  expect(count(graph, "softmax")).toBe(12);
  // q, keys, vals (the same matrix for both, but other weights), scores, output of the head, its projection, two of the feed-forward
  expect(count(graph, "contract")).toBe(12 * 8);
  for (const node of graph.nodes) if (node.op === "map") expect(node.body.e).not.toBe("arg");
});
