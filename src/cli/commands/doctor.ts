import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AdapterProfile } from "../../cost/profile.js";
import { adapterProfile, knownProfile } from "../../driver/adapterProfile.js";
import { diskStore } from "../../driver/cache.js";
import { type AdapterKind, openDevice } from "../../runtime/device.node.js";
import { chooseBackend } from "../adapter.js";
import { describeProfile } from "../machines.js";
import { exit, paint, print } from "../terminal.js";
import { version } from "../version.js";

/** An adapter as lfc opens it: the limits are those a device gets, the features those that lfc asks for. */
type AdapterReport =
  | {
      readonly found: true;
      readonly name: string;
      readonly features: readonly string[];
      readonly limits: Readonly<Record<string, number>>;
      /** What it was measured to do; null before anything has measured it. */
      readonly profile: AdapterProfile | null;
    }
  | { readonly found: false; readonly reason: string };

export interface DoctorReport {
  readonly lfc: string;
  readonly node: string;
  readonly platform: string;
  /** Optional packages: their versions, null for one that is not installed. */
  readonly packages: Readonly<Record<string, string | null>>;
  readonly adapters: Readonly<Record<AdapterKind, AdapterReport>>;
  readonly run: {
    readonly backend: string | null;
    readonly options: Readonly<Record<string, unknown>>;
    readonly why: string;
  };
}

const optional = ["webgpu", "@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-cpu"];
const limits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Says what this machine offers to `lfc run`. `self`: the program, to be started again with a software driver. */
export async function doctorCommand(
  options: { readonly json?: boolean; readonly measure?: boolean },
  self?: string,
): Promise<number> {
  const found = await examine(self, options.measure === true);
  print(options.json === true ? JSON.stringify(found, null, 2) : describe(found));
  return exit.ok;
}

async function examine(self: string | undefined, measure: boolean): Promise<DoctorReport> {
  const hardware = await adapter("hardware", self, measure);
  const swiftshader = await adapter("swiftshader", self, measure);
  const choice = await chooseBackend(undefined, undefined);
  if (choice.ok) choice.value.adapter?.close();
  return {
    lfc: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    packages: Object.fromEntries(optional.map((name) => [name, installedVersion(name) ?? null])),
    adapters: { hardware, swiftshader },
    run: choice.ok
      ? { backend: choice.value.name, options: choice.value.options, why: choice.value.why }
      : { backend: null, options: {}, why: choice.error.message },
  };
}

async function adapter(kind: AdapterKind, self: string | undefined, measure: boolean): Promise<AdapterReport> {
  const opened = await openDevice(kind);
  if (!opened.ok) {
    if (opened.error.fault !== "restart") return { found: false, reason: opened.error.message };
    return (
      (self === undefined ? undefined : elsewhere(self, opened.error.env, measure)) ?? {
        found: false,
        reason: opened.error.message,
      }
    );
  }
  const { device, adapter: of, close } = opened.value;
  try {
    return {
      found: true,
      name: of.name,
      features: [...device.features].sort(),
      limits: Object.fromEntries(limits.map((l) => [l, device.limits[l]])),
      profile: measure
        ? await adapterProfile(device, of.name, diskStore(), { fresh: true })
        : (knownProfile(device, diskStore()) ?? null),
    };
  } finally {
    close();
  }
}

/** A software driver is named when a process starts: another one is asked. It has the variables, so it asks no third. */
function elsewhere(self: string, env: Readonly<Record<string, string>>, measure: boolean): AdapterReport | undefined {
  const args = [...process.execArgv, self, "doctor", "--json", ...(measure ? ["--measure"] : [])];
  const child = spawnSync(process.execPath, args, {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  if (child.status !== 0) return undefined;
  return (JSON.parse(child.stdout) as DoctorReport).adapters.swiftshader;
}

/** As seen from lfc, which is who loads it. */
function installedVersion(name: string): string | undefined {
  for (const modules of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const manifest = join(modules, name, "package.json");
    if (existsSync(manifest))
      return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version;
  }
  return undefined;
}

function describe({ lfc, node, platform, packages, adapters, run }: DoctorReport): string {
  const width = Math.max(...optional.map((name) => name.length));
  const line = (name: string, text: string): string => `  ${name.padEnd(width)}  ${text}`;
  const options = Object.entries(run.options).map(([k, v]) => `${k} ${String(v)}`);
  return [
    `lfc ${lfc}, node ${node}, ${platform}`,
    "",
    paint.bold("Packages that lfc can use"),
    ...Object.entries(packages).map(([name, of]) => line(name, of ?? "not installed")),
    "",
    paint.bold("WebGPU adapters"),
    ...Object.entries(adapters).flatMap(([kind, of]) =>
      of.found
        ? [
            line(kind, of.name),
            line("", `features: ${of.features.length === 0 ? "none" : of.features.join(", ")}`),
            ...Object.entries(of.limits).map(([name, value]) => line("", `${name} ${value}`)),
            line("", of.profile === null ? "not measured yet: lfc doctor --measure" : describeProfile(of.profile)),
          ]
        : [line(kind, `none: ${of.reason}`)],
    ),
    "",
    `lfc run uses ${run.backend ?? "nothing"}${options.length === 0 ? "" : ` (${options.join(", ")})`}: ${run.why}`,
  ].join("\n");
}
