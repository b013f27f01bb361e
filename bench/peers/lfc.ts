import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "../../src/diagnostics/span.js";
import type { LayerSize } from "../layer/layer.js";
import type { TensorSource } from "../support/cases.js";
import { tensorOf } from "../support/values.js";

/** What every peer is given: the layer, the order of its products, and its tensors. */
export interface PeerSpec {
  readonly size: LayerSize;
  readonly order: "textbook" | "reordered";
  readonly tensors: Readonly<Record<string, TensorSource>>;
}

export interface LfcSpec extends PeerSpec {
  readonly backend: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** d×d with the heads side by side, as a matrix a head. */
function splitHeads(source: TensorSource, heads: number): TensorSource {
  const { data } = tensorOf(source);
  const [rows = 0, columns = 0] = source.shape;
  const width = columns / heads;
  const split = new Float32Array(data.length);
  for (let h = 0; h < heads; h++)
    for (let i = 0; i < rows; i++)
      for (let c = 0; c < width; c++)
        split[(h * rows + i) * width + c] = data[i * columns + h * width + c] ?? Number.NaN;
  return { dtype: "f32", shape: [heads, rows, width], data: split };
}

/** The layer's `.lf`, its sizes, and its parameters as it declares them. */
export function layerSource(
  folder: string,
  { size, tensors }: Pick<PeerSpec, "size" | "tensors">,
): {
  readonly file: SourceFile;
  readonly dims: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, TensorSource>>;
} {
  const { n, d, heads, k } = size;
  const path = join(folder, k === undefined ? "standard.lf" : "linformer.lf");
  const params = Object.entries(tensors)
    .filter(([name]) => name !== "x")
    .map(([name, source]): readonly [string, TensorSource] => {
      if (name === "wq" || name === "wk" || name === "wv") return [name, splitHeads(source, heads)];
      if (name === "wo") return [name, { ...tensorOf(source), shape: [heads, d / heads, d] }];
      return [name, source];
    });
  return {
    file: { path, text: readFileSync(path, "utf8") },
    dims: { Seq: n, Model: d, Heads: heads, ...(k === undefined ? {} : { Proj: k }) },
    params: Object.fromEntries(params),
  };
}
