import { cpus } from "node:os";
import type { BenchMachine } from "../bench/bench.js";
import { duration } from "../bench/format.js";
import type { AdapterProfile } from "../cost/profile.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { count } from "../diagnostics/messages/message.js";
import { diskStore } from "../driver/cache.js";
import type { LowerOptions } from "../driver/compile.js";
import { type Tuned, tune } from "../driver/tune.js";
import type { Graph } from "../ir/graph/ops.js";
import type { Result } from "../util/result.js";

/** Tunes a model for a machine, with what was found on it before. */
export async function tuneOn(
  { backend, options: own, device }: Pick<BenchMachine, "backend" | "options" | "device">,
  profile: AdapterProfile | undefined,
  graph: Graph,
  sizes: ReadonlyMap<string, number>,
  options: LowerOptions,
  progress?: (text: string) => void,
): Promise<Result<Tuned, readonly Diagnostic[]>> {
  const processor = `${process.arch} ${cpus()[0]?.model ?? ""}`;
  return tune({
    graph,
    backend,
    options: { ...options, ...own },
    device,
    sizes,
    machine: `${backend.name} ${profile?.key ?? processor}`,
    store: diskStore(),
    ...(progress === undefined ? {} : { progress }),
  });
}

/** What tuning came to, in one line. */
export function describeTuned({ kernels }: Tuned): string {
  const fresh = kernels.filter((k) => !k.cached);
  const changed = fresh.filter((k) => k.chosen !== k.candidates[0]?.choice);
  const gain = changed.map((k) => {
    const [before, after] = [
      k.candidates[0]?.seconds ?? 0,
      k.candidates.find((c) => c.choice === k.chosen)?.seconds ?? 0,
    ];
    return `${k.subjects[0]} ${duration(before)} to ${duration(after)}`;
  });
  const parts = [
    `${count(kernels.length, "kernel", "kernels")}, ${kernels.length - fresh.length} known from before`,
    ...(fresh.length === 0 ? [] : [`${changed.length} of ${fresh.length} with another tile than estimated`]),
    ...gain.slice(0, 3),
  ];
  return `tuned: ${parts.join("; ")}`;
}

/** The options of a compilation with the tiles that were found. */
export const withTuned = (options: LowerOptions, tuned: Tuned): LowerOptions => ({ ...options, plan: tuned.plan });
