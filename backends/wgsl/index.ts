import type { Artifact, Executable, Host, KernelBackend } from "../../src/backend/backend.js";
import type { Target } from "../../src/cost/target.js";
import { type GpuTargetName, gpuTargets, isGpuTarget } from "../../src/cost/targets.js";
import { unknownBackendOption, wrongBackendOption } from "../../src/diagnostics/messages/backend.js";
import { printDim, sameDim } from "../../src/ir/dim.js";
import type { KBuffer, Kernel } from "../../src/ir/kernel/ops.js";
import type { Program, Step } from "../../src/ir/program/program.js";
import { profileRun } from "../../src/runtime/profile.js";
import { load as loadModel, type WgslModel } from "../../src/runtime/webgpu.js";
import { invariant } from "../../src/util/invariant.js";
import { fail, ok } from "../../src/util/result.js";
import { eachDispatch, legalize } from "./legalize.js";
import { fileName } from "./names.js";
import { type KernelNotes, printKernel } from "./print.js";

/** WebGPU's shading language: one module a kernel, and `program.json` with all that the runtime needs beside them. */
export interface WgslOptions {
  /** Whose peak rates the schedules are chosen by; the limits are WebGPU's defaults in either case. */
  readonly profile: GpuTargetName;
  /** The device will have `shader-f16`. */
  readonly f16: boolean;
  /** The device will have `subgroups`. */
  readonly subgroups: boolean;
}

/** A kernel in `program.json`: without its body and what it has to itself, with the file of its text. */
interface StoredKernel extends Omit<Kernel, "body" | "buffers"> {
  readonly buffers: readonly Extract<KBuffer, { space: "global" }>[];
  readonly file: string;
}

/** The contents of `program.json`. */
export type StoredProgram = Omit<Program, "kernels"> & {
  readonly kernels: readonly StoredKernel[];
  /** Features that the device must have, of those that texts enable. */
  readonly features?: readonly GPUFeatureName[];
};

const programFile = "program.json";

type Dispatch = Extract<Step, { step: "dispatch" }>;

function dispatchesOf(program: Program): ReadonlyMap<string, readonly Dispatch[]> {
  const found = new Map<string, Dispatch[]>();
  eachDispatch([...program.prepare, ...program.steps], (d) => {
    const list = found.get(d.kernel);
    if (list === undefined) found.set(d.kernel, [d]);
    else list.push(d);
  });
  return found;
}

const mostLabels = 4;

function notesOf(kernel: Kernel, dispatches: readonly Dispatch[]): KernelNotes {
  const labels = [...new Set(dispatches.map((d) => (d.source === undefined ? d.label : `${d.label}, ${d.source}`)))];
  const [first] = dispatches;
  const agreed = first?.dims.map((d, i) =>
    dispatches.every((o) => o.dims[i] && sameDim(o.dims[i], d)) ? printDim(d) : "",
  );
  const about = labels.slice(0, mostLabels);
  if (labels.length > mostLabels) about.push(`and ${labels.length - mostLabels} more like these`);
  return {
    about: about.length > 0 ? about : [kernel.name],
    sizes: (agreed ?? []).map((s) => (s === "" ? undefined : s)),
  };
}

function emit(program: Program): Artifact {
  const dispatches = dispatchesOf(program);
  const taken = new Set<string>();
  const kernels: StoredKernel[] = [];
  const files = program.kernels.map((kernel) => {
    const path = fileName(kernel.name, taken);
    const { body: _, buffers, ...head } = kernel;
    kernels.push({ ...head, buffers: buffers.filter((b) => b.space === "global"), file: path });
    return { path, text: printKernel(kernel, notesOf(kernel, dispatches.get(kernel.name) ?? [])) };
  });
  const features = featuresOf(files.map((f) => f.text));
  const stored: StoredProgram = { ...program, kernels, ...(features.length === 0 ? {} : { features }) };
  return {
    files: [...files, { path: programFile, text: printStored(stored) }],
    meta: { backend: "wgsl", model: program.name, kernels: kernels.map((k) => ({ name: k.name, file: k.file })) },
  };
}

/** What the extensions that WGSL texts enable are called on a device. */
function featuresOf(texts: readonly string[]): readonly GPUFeatureName[] {
  const enables = (extension: string): boolean => texts.some((t) => new RegExp(`^enable ${extension};`, "m").test(t));
  return [
    ...(enables("f16") ? (["shader-f16"] as const) : []),
    ...(enables("subgroups") ? (["subgroups"] as const) : []),
  ];
}

/** JSON with one resource, kernel or step a line: short, and a difference shows what it concerns. */
function printStored(stored: StoredProgram): string {
  const members = Object.entries(stored).map(([key, value]: [string, unknown]) => {
    const items = Array.isArray(value) ? value.map((v: unknown) => `  ${JSON.stringify(v)}`) : [];
    const text = items.length > 0 ? `[\n${items.join(",\n")}\n ]` : JSON.stringify(value);
    return ` ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${members.join(",\n")}\n}\n`;
}

/** The runtime's view of an artifact, from its files alone. */
export function modelOf(artifact: Artifact): WgslModel & { readonly program: StoredProgram } {
  const text = (path: string): string => {
    const file = artifact.files.find((f) => f.path === path);
    invariant(typeof file?.text === "string", () => `the artifact has no text ${path}`);
    return file.text;
  };
  const program = JSON.parse(text(programFile)) as StoredProgram;
  return { program, wgsl: Object.fromEntries(program.kernels.map((k) => [k.name, text(k.file)])) };
}

async function load(artifact: Artifact, host: Host): Promise<Executable> {
  const { device } = host;
  invariant(device !== undefined, () => "the wgsl backend computes on a WebGPU device, and none was passed in");
  const loaded = await loadModel(device, modelOf(artifact), host.params);
  return { ...loaded, profile: (inputs) => profileRun(device, loaded, inputs) };
}

const backend: KernelBackend<WgslOptions> & { readonly load: typeof load } = {
  abi: 1,
  name: "wgsl",
  summary: "compute shaders for WebGPU, in browsers and in Node",
  consumes: "kernel",
  strategies: new Set(["attention", "contractions"]),
  parseOptions(raw) {
    const known = ["profile", "f16", "subgroups"];
    for (const [name, value] of Object.entries(raw)) {
      if (!known.includes(name)) return fail(unknownBackendOption("wgsl", name, known));
      if (name === "profile" ? !isGpuTarget(value) : typeof value !== "boolean") {
        const wanted = name === "profile" ? Object.keys(gpuTargets).join(", ") : "true or false";
        return fail(wrongBackendOption("wgsl", name, wanted));
      }
    }
    return ok({
      profile: isGpuTarget(raw.profile) ? raw.profile : "generic",
      f16: raw.f16 === true,
      subgroups: raw.subgroups === true,
    });
  },
  target(options) {
    const base: Target = gpuTargets[options.profile];
    return {
      ...base,
      dtypes: options.f16 ? new Set([...base.dtypes, "f16"]) : base.dtypes,
      subgroups: options.subgroups,
    };
  },
  legalize,
  emit: (program) => emit(program),
  load,
};

export default backend;
