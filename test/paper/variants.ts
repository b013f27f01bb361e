/** The models of `examples/paper` with sizes at which they are quick: `dims` at compile time, `sizes` at run time. */
export interface Variants {
  readonly file: string;
  readonly models: readonly string[];
  readonly dims: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
}

export const variants: readonly Variants[] = [
  {
    file: "sharing",
    models: [
      "None",
      "Headwise",
      "KeyValue",
      "Layerwise",
      "HeadsAcrossLayers",
      "TiedValues",
      "SlotsByLayer",
      "SlotsByHead",
      "SlotsByHeadShared",
      "Grouped",
      "MultiQuery",
    ],
    dims: { Depth: 1, Steps: 3, Model: 12, Heads: 4, Proj: 8, MaxSeq: 13 },
    sizes: { Seq: 11 },
  },
  {
    file: "projections",
    models: [
      "Matrix",
      "MatrixBias",
      "Renormalised",
      "FixedRandom",
      "MeanPool",
      "MeanPoolZero",
      "MaxPool",
      "Taps",
      "Depthwise",
      "Full",
      "KindByLayer",
    ],
    dims: { Seq: 15, Proj: 5, Model: 7, Depth: 2, Early: 1 },
    sizes: { Seq: 11 },
  },
  {
    file: "causal",
    models: ["Prefix", "ByBlock", "Standard"],
    dims: { MaxSeq: 64, Head: 5, Proj: 3, Block: 8 },
    sizes: { Seq: 64 },
  },
  {
    file: "models",
    models: ["Pretraining", "Encoder", "Classification", "Rotary", "Translation", "Standard"],
    dims: { Vocab: 17, Depth: 1, Model: 12, Heads: 3, Proj: 5, MaxSeq: 13, Classes: 3 },
    sizes: { Batch: 2, Seq: 11, Target: 5 },
  },
  {
    file: "theorems",
    models: ["LowRank"],
    dims: { Seq: 11, Head: 5, Proj: 3 },
    sizes: {},
  },
];
