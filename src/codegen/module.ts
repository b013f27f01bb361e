import { gzipSync } from "node:zlib";
import { moduleHead } from "../../backends/tfjs/emit.js";
import type { TfjsInterface } from "../../backends/tfjs/index.js";
import { modelOf as wasmModelOf } from "../../backends/wasm/index.js";
import { modelOf } from "../../backends/wgsl/index.js";
import type { Artifact } from "../backend/backend.js";
import type { Lowered } from "../driver/compile.js";
import { invariant } from "../util/invariant.js";
import { type Machine, printDeclarations, tfjsMachine, wasmMachine, webgpuMachine } from "./declarations.js";
import type { ModelInterface, Port } from "./describe.js";
import { packFace, packProgram, packWasm } from "./pack.js";
import { requiredLimits } from "./requirements.js";
import { type RuntimeKind, runtimeText } from "./runtimeText.js";
import { printBytes, printScript, printTexts, type ScriptParts } from "./script.js";
import { fileBase } from "./typeNames.js";

export interface ModuleOptions {
  /** `inline`: the module needs nothing. `import`: it needs the package lfc. */
  readonly runtime: "inline" | "import";
  /** Of lfc, for the note at the top. */
  readonly version: string;
}

export interface GeneratedModule {
  readonly files: Artifact["files"];
  readonly sizes: ModuleSizes;
}

/** Bytes after gzip. */
export interface ModuleSizes {
  /** The module without the texts of its kernels. */
  readonly javascript: number;
  /** The texts of all kernels. */
  readonly wgsl: number;
  /** The WebAssembly of all kernels, once for engines with relaxed SIMD and once for the others. */
  readonly wasm: number;
  /** The module as it is. */
  readonly module: number;
}

/** The module of a model for the backend that it was lowered for. */
export function printModule(lowered: Lowered, face: ModelInterface, options: ModuleOptions): Promise<GeneratedModule> {
  switch (lowered.backend.name) {
    case "tfjs":
      return tfjsModule(lowered, face, options);
    case "wasm":
      return wasmModule(lowered, face, options);
    default:
      return webgpuModule(lowered, face, options);
  }
}

async function wasmModule(
  { artifact }: Lowered,
  face: ModelInterface,
  options: ModuleOptions,
): Promise<GeneratedModule> {
  const model = wasmModelOf(artifact);
  const { program, plain, relaxed } = model;
  const used = withWeights(
    face,
    program.resources.filter((r) => r.kind === "param").map((r) => r.name),
  );
  const made = print(used, wasmMachine, options, "", {
    limits: {},
    features: [],
    data: [
      "// The kernels for every engine, and for those with relaxed SIMD.",
      printBytes("plain", plain),
      printBytes("relaxed", relaxed),
      "// What the runtime does with them.",
      packWasm(model),
    ],
    argument: "{ program, plain, relaxed }",
    runtime: await runtimeFrom(options, "wasm"),
  });
  const wasm = gzipSync(plain, { level: 9 }).byteLength + gzipSync(relaxed, { level: 9 }).byteLength;
  return { ...made, sizes: { ...made.sizes, javascript: made.sizes.module - wasm, wasm } };
}

async function webgpuModule(
  { artifact }: Lowered,
  face: ModelInterface,
  options: ModuleOptions,
): Promise<GeneratedModule> {
  const model = modelOf(artifact);
  const { program, wgsl } = model;
  const used = withWeights(
    face,
    program.resources.filter((r) => r.kind === "param").map((r) => r.name),
  );
  const texts = printTexts(wgsl);
  return print(used, webgpuMachine, options, texts, {
    limits: requiredLimits(program),
    features: program.features ?? [],
    data: [
      "// The kernels, as in the files beside this one.",
      texts,
      "// What the runtime does with them.",
      packProgram(model),
    ],
    argument: "{ program, wgsl }",
    runtime: await runtimeFrom(options, program.resources.some((r) => r.dtype === "f16") ? "webgpu-f16" : "webgpu"),
  });
}

async function tfjsModule(lowered: Lowered, face: ModelInterface, options: ModuleOptions): Promise<GeneratedModule> {
  const { artifact } = lowered;
  const code = artifact.files.find((f) => f.path.endsWith(".tfjs.js"))?.text;
  invariant(typeof code === "string" && code.includes(moduleHead), () => "the tfjs backend wrote no module");
  const { inputs, params, outputs, symbols } = artifact.meta.interface as TfjsInterface;
  const used = withWeights(
    face,
    params.map((p) => p.name),
  );
  const subscripts = lowered.subscripts.map(({ input, extent }) => ({ input, extent }));
  return print(used, tfjsMachine, options, "", {
    limits: {},
    features: [],
    data: [
      packFace({
        name: face.name,
        symbols,
        inputs,
        params,
        outputs,
        ...(subscripts.length === 0 ? {} : { subscripts }),
      }),
      code.replace(moduleHead, moduleHead.replace("export ", "")).trim(),
    ],
    argument: "model, face",
    runtime: await runtimeFrom(options, "tfjs"),
  });
}

/** A weight that nothing reads is not asked for. */
const withWeights = (face: ModelInterface, names: readonly string[]): ModelInterface => {
  const used = new Set(names);
  return { ...face, weights: face.weights.filter((w: Port) => used.has(w.name)) };
};

async function runtimeFrom({ runtime }: ModuleOptions, kind: RuntimeKind): Promise<ScriptParts["runtime"]> {
  if (runtime === "import") {
    const own = kind === "tfjs" || kind === "wasm";
    return { kind: "import", from: own ? `lfc/runtime/${kind}` : "lfc/runtime" };
  }
  return { kind: "inline", text: await runtimeText(kind) };
}

function print(
  face: ModelInterface,
  machine: Machine,
  { version }: ModuleOptions,
  texts: string,
  parts: Omit<ScriptParts, "face" | "note" | "device">,
): GeneratedModule {
  const base = fileBase(face.name);
  const from = face.source === undefined ? "" : ` from ${face.source.replace(/\s/g, " ")}`;
  const note = `// ${face.name.replace(/\s/g, " ")} for ${machine.name}, compiled by lfc ${version}${from}.`;
  const device = machine.device === undefined ? {} : { device: machine.device.name };
  const script = printScript(`${base}.js`, { ...parts, face, note, ...device });
  const declarations = printDeclarations(`${base}.d.ts`, face, machine, note);
  return {
    files: [
      { path: `${base}.js`, text: script },
      { path: `${base}.d.ts`, text: declarations },
    ],
    sizes: {
      javascript: gzipped(texts === "" ? script : script.replace(texts, () => "const wgsl = {};")),
      wgsl: texts === "" ? 0 : gzipped(texts),
      wasm: 0,
      module: gzipped(script),
    },
  };
}

const gzipped = (text: string): number => gzipSync(text, { level: 9 }).byteLength;
