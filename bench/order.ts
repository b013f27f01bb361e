import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { planWork } from "../src/bench/kernels.js";
import { compareRuns } from "../src/bench/statistics.js";
import { root } from "../test/support/environment.js";
import { type LayerSize, layerValues, seededTensors } from "./layer/layer.js";
import { errorOf, largestError, referenceRows, sampleRows } from "./layer/reference.js";
import { layerSource } from "./peers/lfc.js";
import { thisMachine } from "./peers/machine.js";
import { openBenchPage } from "./support/chromium.js";
import { measure } from "./support/measure.js";
import { type CompiledCase, programCase } from "./support/program.js";

/** What lfc counts in the program that runs. */
function flopsOf({ lowered: { program } }: CompiledCase): number {
  if (program === undefined) throw new Error("WebGPU programs are made of kernels");
  return planWork(program, new Map()).flops;
}

/** Two matrices E and F for all heads: what the choice of an order gains at the sizes of the paper's encoder. */
const size: LayerSize = { n: 2048, d: 512, heads: 8, k: 256 };
const seed = 1;
/** Share of the flops' ratio that has to arrive as time. */
const wanted = 0.85;

/**
 * `npm run bench:order [-- --out FILE.json]`: the Linformer layer in the order that lfc chooses against the order as
 * written (`--fp strict`, the textbook's), both by lfc's own schedules on one adapter, in interleaved rounds.
 *
 * @returns the exit status: 1 when the faster order gains less than the bar asks, or a result is wrong
 */
export async function main(args: readonly string[]): Promise<number> {
  const out = args.includes("--out") ? args[args.indexOf("--out") + 1] : undefined;
  const tensors = seededTensors(size, seed);
  const { file, dims, params } = layerSource(join(root, "bench/layer"), { size, tensors });
  const inputs = { x: tensors.x ?? { shape: [0], seed: 0, scale: 0 } };
  const [chosen, textbook] = (["relaxed", "strict"] as const).map((fp) =>
    programCase(file, { name: fp, dims, params, inputs, fp, transfer: "device" }),
  ) as [CompiledCase, CompiledCase];
  const page = await openBenchPage();
  try {
    const results = await measure(page, [chosen.case, textbook.case], { rounds: 9, outputs: true, profiles: 5 });
    const reference = referenceRows(size, layerValues(size, seed), sampleRows(size.n));
    const rows = results.map(({ name, min, median, spread, samples, dispatches, outputs, steps, failure }) => ({
      order: name === "relaxed" ? "chosen" : "textbook",
      flops: flopsOf(name === "relaxed" ? chosen : textbook),
      ...{ min, median, spread, samples, dispatches, steps },
      error: errorOf(reference, outputs?.y?.data ?? [], size.d),
      ...(failure === undefined ? {} : { failure }),
    }));
    const [a, b] = rows;
    if (a === undefined || b === undefined) return 2;
    const flops = b.flops / a.flops;
    const { ratio, paired } = compareRuns(b.samples, a.samples);
    for (const r of rows) {
      const rate = (r.flops / r.min / 1e6).toFixed(2);
      const words = r.failure ?? `${r.min.toFixed(0)} ms least, ${r.median.toFixed(0)} median, ${rate} GFLOP/s`;
      console.log(`${r.order}: ${words}, ${r.dispatches} dispatches, error ${r.error.toExponential(1)}`);
      for (const s of r.steps ?? []) console.log(`  ${(1e3 * s.seconds).toFixed(0).padStart(5)} ms  ${s.label}`);
    }
    const share = Math.max(ratio, paired) / flops;
    console.log(
      `chosen order ${ratio.toFixed(2)} times as fast by the minima, ${paired.toFixed(2)} by the rounds; ${flops.toFixed(2)} times fewer flops; share ${(ratio / flops).toFixed(2)} and ${(paired / flops).toFixed(2)}, wanted ${wanted}`,
    );
    const report = { machine: thisMachine(page, {}), size, seed, flops, ratio, paired, rows };
    if (out !== undefined) {
      await mkdir(dirname(out), { recursive: true });
      await writeFile(out, `${JSON.stringify(report, null, 1)}\n`);
    }
    return share >= wanted && rows.every((r) => r.error < largestError) ? 0 : 1;
  } finally {
    await page.close();
  }
}
