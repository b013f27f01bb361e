/** The models of the corpus with sizes at which they are quick: `dims` are given at compile time, `sizes` at run time. */
export interface Case {
  readonly file: string;
  readonly models: readonly string[];
  readonly dims?: Readonly<Record<string, number>>;
  readonly sizes?: Readonly<Record<string, number>>;
}
export const cases: readonly Case[] = [
  { file: "names", models: ["Names"] },
  { file: "causal", models: ["Triangle", "Sliding", "Prefix", "BlockJoint"], sizes: { Seq: 128 } },
  {
    file: "checkpoint_lucidrains",
    models: ["LinformerLM"],
    dims: { Vocab: 50, Depth: 2, Model: 32, Heads: 4, Proj: 16 },
    sizes: { Batch: 2, Seq: 21 },
  },
  { file: "checkpoint_packed", models: ["Encoder"], dims: { Seq: 33, Depth: 2, Model: 24, Heads: 3, Proj: 8 } },
  {
    file: "encoder_decoder",
    models: ["Translate"],
    dims: { Vocab: 40, Depth: 1, Proj: 8 },
    sizes: { Src: 19, Dst: 7 },
  },
  {
    file: "encoder_linformer",
    models: ["Linformer"],
    dims: { Vocab: 60, Depth: 2, Model: 32, Heads: 4, Proj: 16 },
    sizes: { Batch: 2, Seq: 130 },
  },
  { file: "encoder_standard", models: ["Pre", "Post"], dims: { Depth: 2, Model: 32 }, sizes: { Batch: 2, Seq: 19 } },
  { file: "mlm", models: ["Mlm"], dims: { Vocab: 50, Model: 16 }, sizes: { Batch: 2, Seq: 13 } },
  {
    file: "modern",
    models: ["Performer", "Nystrom", "Block", "Alibi", "Reversible"],
    dims: { Seq: 48, Model: 24, Head: 8, Feat: 12, Ffn2: 20 },
  },
  { file: "mqa_gqa", models: ["Mqa", "Gqa"], dims: { Seq: 37, Proj: 9, Model: 20, Head: 5 } },
  { file: "per_layer_kind", models: ["Mixed", "Mixed2"] },
  {
    file: "projections",
    models: ["Pools", "Convolutions", "FixedRandom", "Renormalised"],
    dims: { Seq: 96, Proj: 8, Head: 12 },
  },
  { file: "ragged", models: ["Layers", "HeadsOwn", "HeadsShared"], dims: { Seq: 40, Model: 32 } },
  {
    file: "retrieval",
    models: ["Search"],
    dims: { Vocab: 30, Model: 16 },
    sizes: { Queries: 3, Passages: 5, Short: 4, Long: 9 },
  },
  {
    file: "sharing",
    models: [
      "PaperNone",
      "PaperHeadwise",
      "PaperKeyValue",
      "PaperLayerwise",
      "HeadsAcrossLayers",
      "TiedValues",
      "SharedLayers",
    ],
    dims: { Depth: 2, Model: 32, Proj: 12 },
    sizes: { Batch: 2, Seq: 35 },
  },
  { file: "vision", models: ["Patches", "Conv3"], dims: { Model: 12 }, sizes: { Batch: 2 } },
];
