import type { Diagnostic } from "../diagnostic.js";

/** Messages about files, inputs, weights and backends: LF0401 … LF0449. */

const error = (
  code: Diagnostic["code"],
  message: string,
  help?: string,
  notes: readonly string[] = [],
): Diagnostic => ({
  code,
  severity: "error",
  message,
  ...(help === undefined ? {} : { help }),
  ...(notes.length === 0 ? {} : { notes: notes.map((note) => ({ message: note })) }),
});

export const cannotRead = (path: string, reason: string): Diagnostic =>
  error("LF0401", `${path} cannot be read: ${reason}`, "check the name of the file and that you may read it");

export const notText = (path: string): Diagnostic =>
  error("LF0402", `${path} is not UTF-8 text`, "save the file as UTF-8; other encodings such as UTF-16 are not read");

export const unknownBackend = (name: string, known: readonly string[], near?: string): Diagnostic =>
  error(
    "LF0403",
    `there is no backend named ${name}`,
    near === undefined
      ? `backends here: ${known.join(", ")}`
      : `did you mean ${near}? Backends here: ${known.join(", ")}`,
  );

export interface WantedInput {
  readonly name: string;
  readonly dtype: string;
  readonly shape: string;
}

const inputLine = (i: WantedInput): string => `the model takes ${i.name}: ${i.dtype}${i.shape}`;

export const missingInputs = (missing: readonly string[], all: readonly WantedInput[]): Diagnostic =>
  error(
    "LF0404",
    `no value is given for ${missing.length === 1 ? `the input ${missing[0]}` : `the inputs ${missing.join(", ")}`}`,
    `--input ${missing[0]}=FILE.npy, --input ${missing[0]}=text:FILE.txt or --input ${missing[0]}=random`,
    all.map(inputLine),
  );

export const unknownInput = (name: string, all: readonly WantedInput[], near?: string): Diagnostic =>
  error(
    "LF0405",
    `the model has no input named ${name}`,
    near === undefined ? undefined : `did you mean ${near}?`,
    all.map(inputLine),
  );

export const inputShape = (name: string, wanted: string, found: readonly number[], reason?: string): Diagnostic =>
  error(
    "LF0406",
    `the input ${name} is ${wanted}, the value given has the shape [${found.join(", ")}]${reason === undefined ? "" : `: ${reason}`}`,
    "give an array of that shape, or change the sizes with --dim",
  );

export const inputDtype = (name: string, wanted: string, found: string): Diagnostic =>
  error(
    "LF0407",
    `the input ${name} holds ${wanted}, the value given holds ${found}`,
    `convert the array to ${wanted} before it is saved`,
  );

export const malformedNpy = (path: string, reason: string): Diagnostic =>
  error(
    "LF0408",
    `${path} is not a readable .npy file: ${reason}`,
    "write it with numpy.save, without pickled objects",
  );

export const malformedSafetensors = (path: string, reason: string): Diagnostic =>
  error(
    "LF0409",
    `${path} is not a readable .safetensors file: ${reason}`,
    "write the file again; a cut download is the usual cause",
  );

export const weightsDiffer = (path: string, problems: readonly string[]): Diagnostic =>
  error(
    "LF0410",
    `the weights in ${path} do not fit the model`,
    "a parameter is looked up by the key of its `from`, or by its path when it has none",
    problems,
  );

export const foreignFolder = (path: string, file: string): Diagnostic =>
  error(
    "LF0411",
    `${path} holds ${file}, which lfc did not write; nothing was changed`,
    "choose another folder with -o; --force writes beside what is there",
  );

export const cannotWrite = (path: string, reason: string): Diagnostic =>
  error("LF0412", `${path} cannot be written: ${reason}`, "choose a place that you may write to with -o");

export const sizeOutOfRange = (name: string, value: number, lo: number, hi: number, step: number): Diagnostic =>
  error(
    "LF0413",
    `${name} would be ${value}, its range is ${lo}..${hi}${step === 1 ? "" : ` step ${step}`}`,
    "give inputs of a size within the range, or change the range in the source",
  );

export const emitOnly = (name: string): Diagnostic =>
  error("LF0414", `the backend ${name} writes code but cannot run it`, "use lfc compile, or another backend");

export const noDevice = (reason: string): Diagnostic =>
  error(
    "LF0415",
    `no WebGPU device: ${reason}`,
    "the package webgpu (Dawn for Node) and a Vulkan, Metal or D3D12 driver are needed; --backend js and --backend tfjs run without",
  );

export const subscriptValue = (name: string, value: number, extent: number, axis: string): Diagnostic =>
  error(
    "LF0416",
    `the input ${name} holds ${value}, but its values choose a row of ${axis}, which has rows 0..${extent - 1}`,
    "check how the tokens were made",
  );

export const unsupportedDtype = (backend: string, dtype: string, what: string): Diagnostic =>
  error(
    "LF0417",
    `the backend ${backend} has no ${dtype}, which ${what} uses`,
    `use another backend, or another element type`,
  );

export const backendFailed = (backend: string, reason: string): Diagnostic =>
  error("LF0418", `the backend ${backend} failed: ${reason}`);

export const cannotAllocate = (what: string, bytes: number): Diagnostic =>
  error(
    "LF0419",
    `${what} takes ${bytes} bytes, more than one array can hold here`,
    "make the sizes smaller with --dim",
  );
