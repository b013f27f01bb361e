import type { BenchMachine } from "../bench/bench.js";
import { duration } from "../bench/format.js";
import type { AdapterProfile } from "../cost/profile.js";
import type { GpuTargetName } from "../cost/targets.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { adapterProfile, knownProfile } from "../driver/adapterProfile.js";
import { resolveBackend } from "../driver/backends.js";
import { diskStore } from "../driver/cache.js";
import type { LowerOptions } from "../driver/compile.js";
import { showBytes, showFlops } from "../driver/report.js";
import { ok, type Result } from "../util/result.js";
import { type Adapter, type AdapterKind, type Choice, chooseBackend } from "./adapter.js";

/** The backends of a measuring command, with the adapter that the wgsl backend computes on and what it can do. */
export interface Machines {
  readonly all: readonly BenchMachine[];
  readonly adapter?: Adapter;
  readonly profile?: AdapterProfile;
  close(): void;
}

export interface MachineOptions {
  /** Names separated by commas; the one that `lfc run` would take, unless told. */
  readonly backends?: string;
  readonly adapter?: AdapterKind;
  /** A named target in place of what the adapter is measured to be. */
  readonly target?: string;
}

export async function openMachines(options: MachineOptions): Promise<Result<Machines, Diagnostic>> {
  const names = (options.backends ?? "").split(",").flatMap((n) => (n.trim() === "" ? [] : [n.trim()]));
  for (const name of names) {
    const known = await resolveBackend(name);
    if (!known.ok) return known;
  }
  const choices: Choice[] = [];
  for (const name of names.length === 0 ? [undefined] : new Set(names)) {
    const taken = choices.find((c) => c.adapter !== undefined);
    const choice =
      name !== undefined && name !== "wgsl"
        ? ok<Choice>({ name, options: {}, why: "" })
        : taken === undefined
          ? await chooseBackend(name, options.adapter)
          : ok(taken);
    if (!choice.ok) return choice;
    choices.push(choice.value);
  }
  const adapter = choices.find((c) => c.adapter !== undefined)?.adapter;
  try {
    const profile = adapter && (await adapterProfile(adapter.device, adapter.name, diskStore()));
    const all: BenchMachine[] = [];
    for (const { name, options: own, adapter: on } of choices) {
      const backend = await resolveBackend(name);
      if (!backend.ok) {
        adapter?.close();
        return backend;
      }
      all.push({
        name,
        backend: backend.value,
        options:
          on === undefined
            ? { backendOptions: own }
            : {
                backendOptions: { ...own, profile: options.target ?? namedTarget(on) },
                // Costs that a busy machine gave would decide at random: then the named ones do.
                ...(profile?.steady === true && options.target === undefined ? { measured: profile.measured } : {}),
              },
        device: on?.device,
        measured: on === undefined ? undefined : profile?.measured,
      });
    }
    return ok({
      all,
      ...(adapter === undefined ? {} : { adapter }),
      ...(profile === undefined ? {} : { profile }),
      close: () => adapter?.close(),
    });
  } catch (error) {
    adapter?.close();
    throw error;
  }
}

/**
 * How to compile for what a command has chosen to run on, without measuring anything: for an adapter the target that is
 * nearest to it, with the rates that an earlier command has measured.
 */
export function optionsOn({ options, adapter }: Choice): LowerOptions {
  if (adapter === undefined) return { backendOptions: options };
  const known = knownProfile(adapter.device, diskStore());
  return {
    backendOptions: { ...options, profile: namedTarget(adapter) },
    ...(known === undefined ? {} : { measured: known.measured }),
  };
}

/** The named target that is nearest to an adapter: whose limits and habits its measured rates are put into. */
export function namedTarget({ software, device }: Pick<Adapter, "software" | "device">): GpuTargetName {
  if (software) return "swiftshader";
  return vendors.get(device.adapterInfo.vendor.toLowerCase()) ?? "generic";
}

/** As WebGPU names them (`GPUAdapterInfo.vendor`). */
const vendors: ReadonlyMap<string, GpuTargetName> = new Map([
  ["nvidia", "nvidia"],
  ["apple", "apple"],
  ["intel", "intel"],
  ["arm", "mobile"],
  ["qualcomm", "mobile"],
  ["img-tec", "mobile"],
]);

/** A profile in one line. */
export function describeProfile({ measured: m, steady }: AdapterProfile): string {
  const parts = [
    `${showFlops(m.flops)}/s (${showFlops(m.tileFlops)}/s in tiles)`,
    `${showBytes(m.bandwidth)}/s`,
    `${(m.exps / 1e9).toPrecision(2)} Gexp/s`,
    `${duration(m.dispatch)} a dispatch`,
    `${duration(m.workgroup)} a workgroup`,
    `${m.registers} registers`,
  ];
  return `measured: ${parts.join(", ")}${steady ? "" : " (measured while the machine was busy: not kept, and not what tiles are chosen by)"}`;
}
