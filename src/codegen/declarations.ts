import {
  type FunctionDeclarationStructure,
  type InterfaceDeclarationStructure,
  type MethodSignatureStructure,
  type OptionalKind,
  type PropertySignatureStructure,
  type StatementStructures,
  StructureKind,
  VariableDeclarationKind,
} from "ts-morph";
import { type Dim, printDim } from "../ir/dim.js";
import type { DType } from "../ir/dtype.js";
import type { ModelInterface, Port } from "./describe.js";
import { isIdentifier, quoted } from "./literal.js";
import { docOf, printFile } from "./project.js";
import { typeName } from "./typeNames.js";

/** What a module computes with, in types: a WebGPU device with its buffers, TensorFlow.js with its tensors, or the host. */
export interface Machine {
  readonly name: string;
  readonly head: readonly string[];
  readonly imports: readonly string[];
  /** The first parameter of `load`. */
  readonly device?: { readonly name: string; readonly type: string; readonly doc: string };
  /** What a tensor on the device is, where tensors may stay there. */
  readonly handle?: { readonly type: string; readonly doc: string };
  /** Options of `load` beside the signal. */
  readonly options?: readonly { readonly name: string; readonly type: string; readonly doc: string }[];
  readonly weightsDoc: string;
  readonly inputsDoc: string;
  /** Outputs can be written to buffers of the caller, and runs recorded into a command encoder. */
  readonly buffers: boolean;
}

export const webgpuMachine: Machine = {
  name: "WebGPU",
  head: ['/// <reference types="@webgpu/types" />'],
  imports: [],
  device: {
    name: "device",
    type: "GPUDevice",
    doc: "made with at least `requiredFeatures` and `requiredLimits`",
  },
  handle: {
    type: "GPUBuffer",
    doc: "a buffer of the model's device that holds the values from its start, `bool` as words of 0 and 1",
  },
  weightsDoc: "A buffer among them needs the usage STORAGE, is used as it is and stays the caller's.",
  inputsDoc: "A buffer needs the usage COPY_SRC; it is copied.",
  buffers: true,
};

export const tfjsMachine: Machine = {
  name: "TensorFlow.js",
  head: [],
  imports: ['import type * as tfjs from "@tensorflow/tfjs-core";'],
  device: {
    name: "tf",
    type: "typeof tfjs",
    doc: "the module @tensorflow/tfjs-core, with a backend set",
  },
  handle: { type: "tfjs.Tensor", doc: "a tensor of TensorFlow.js" },
  weightsDoc: "A tensor among them is used as it is and stays the caller's.",
  inputsDoc: "A tensor is used as it is and stays the caller's.",
  buffers: false,
};

export const wasmMachine: Machine = {
  name: "WebAssembly",
  head: [],
  imports: [],
  options: [
    {
      name: "threads",
      type: "number",
      doc: "Threads that compute; the results do not depend on their number. By default one where a run is short or memory\ncannot be shared, else as many as there are processors. A page has to be cross-origin isolated for more than one.",
    },
    {
      name: "relaxed",
      type: "boolean",
      doc: "Whether relaxed SIMD may be used where the engine has it. Without it the bits are the same in every engine.",
    },
  ],
  weightsDoc: "They are copied.",
  inputsDoc: "They are copied.",
  buffers: false,
};

const arrays: Readonly<Record<DType, readonly [type: string, doc: string]>> = {
  f32: ["Float32Array", ""],
  f16: ["Float32Array", "Rounded to f16 on its way to the device."],
  i32: ["Int32Array", ""],
  u32: ["Uint32Array", ""],
  bool: ["Uint32Array", "0 or 1."],
};

/** The `.d.ts` of a model's module. */
export function printDeclarations(path: string, face: ModelInterface, machine: Machine, note: string): string {
  const model = typeName(face.name);
  const { handle, buffers } = machine;
  const symbols = face.dims.filter((d) => d.size.op === "symbol");
  const dtypes = [...new Set([...face.inputs, ...face.weights, ...face.outputs].map((p) => p.dtype))].sort();
  const shape = "Shape extends readonly number[]";

  const statements: (string | StatementStructures)[] = [
    ...machine.imports,
    interfaceOf("Dims", "The sizes by name.", {
      properties: face.dims.map(({ name, size, doc }) => ({
        name: propertyName(name),
        type: sizeType(size),
        isReadonly: true,
        ...docOf(doc, rangeOf(size)),
      })),
    }),
    constant("dims", "Dims", ""),
    ...limits(machine),
    interfaceOf("Arrays", "The arrays that hold values on the host.", {
      properties: dtypes.map((dtype) => ({
        name: dtype,
        type: arrays[dtype][0],
        isReadonly: true,
        ...docOf(arrays[dtype][1]),
      })),
    }),
    typeAlias("DType", "keyof Arrays", []),
    {
      kind: StructureKind.Interface,
      name: "Tensor",
      isExported: true,
      typeParameters: ["T extends DType", shape, "Data = Arrays[T]"],
      properties: box("T", "Data"),
      ...docOf("Values row by row, on the host unless told otherwise."),
    },
    ...(handle === undefined
      ? []
      : [
          typeAlias(
            "DeviceTensor",
            `Tensor<T, Shape, ${handle.type}>`,
            ["T extends DType", shape],
            `Values on the device: ${handle.doc}.`,
          ),
        ]),
    typeAlias(
      "Given",
      "{ readonly dtype?: T; readonly shape: Shape; readonly data: Data } | (number extends Shape[number] ? never : Data)",
      ["T extends DType", shape, "Data"],
      "Where every size is fixed the data alone will do.",
    ),
    typeAlias(
      "Input",
      `Given<T, Shape, Arrays[T]${handle === undefined ? "" : ` | ${handle.type}`}>`,
      ["T extends DType", shape],
      `Values on the host${handle === undefined ? "" : `, or ${handle.doc}`}.`,
    ),
    ...(buffers && handle !== undefined
      ? [typeAlias("DeviceInput", `Given<T, Shape, ${handle.type}>`, ["T extends DType", shape])]
      : []),
    interfaceOf(`${model}Weights`, `The parameters by their paths. ${machine.weightsDoc}`, {
      properties: face.weights.map((p) => member(p, "Input")),
    }),
    interfaceOf(`${model}Inputs`, `What ${face.name} takes. ${machine.inputsDoc}`, {
      properties: face.inputs.map((p) => member(p, "Input")),
    }),
    ...(buffers
      ? [
          interfaceOf(`${model}DeviceInputs`, "The same on the device.", {
            properties: face.inputs.map((p) => member(p, "DeviceInput")),
          }),
        ]
      : []),
    interfaceOf(`${model}Outputs`, `What ${face.name} gives.`, {
      properties: face.outputs.map((p) => member(p, "Tensor")),
    }),
    ...(handle === undefined
      ? []
      : [
          interfaceOf(`${model}DeviceOutputs`, "The same on the device.", {
            properties: face.outputs.map((p) => member(p, "DeviceTensor")),
          }),
        ]),
    ...(buffers
      ? [
          interfaceOf(`${model}Buffers`, "Where outputs are to be written: buffers with the usage COPY_DST.", {
            properties: face.outputs.map((p) => ({
              name: propertyName(p.name),
              type: "GPUBuffer",
              isReadonly: true,
              hasQuestionToken: true,
            })),
          }),
        ]
      : []),
    ...(symbols.length > 0
      ? [
          interfaceOf(`${model}Sizes`, "The sizes that are chosen at run time.", {
            properties: symbols.map((d) => ({
              name: propertyName(d.name),
              type: "number",
              isReadonly: true,
              hasQuestionToken: true,
              ...docOf(d.doc, rangeOf(d.size)),
            })),
          }),
        ]
      : []),
    interfaceOf("RunOptions", "", {
      properties: [
        {
          name: "signal",
          type: "AbortSignal | undefined",
          isReadonly: true,
          hasQuestionToken: true,
          ...docOf("Ends the wait with the error `aborted`; a run that waits for others is not begun."),
        },
        ...(handle === undefined
          ? []
          : [{ name: "outputs", type: "undefined", isReadonly: true, hasQuestionToken: true }]),
      ],
    }),
    ...(handle === undefined ? [] : [deviceRunOptions(model, buffers)]),
    interfaceOf(model, face.doc || `The model ${face.name}, loaded.`, { methods: methods(face, model, machine) }),
    ...loadOptions(machine),
    load(face, model, machine),
    ...errors(),
  ];
  return printFile(
    path,
    [note, ...machine.head, '/// <reference lib="esnext.disposable" />', ""].join("\n"),
    statements,
  );
}

const deviceRunOptions = (model: string, buffers: boolean): StatementStructures =>
  interfaceOf("DeviceRunOptions", "", {
    properties: [
      { name: "signal", type: "AbortSignal | undefined", isReadonly: true, hasQuestionToken: true },
      {
        name: "outputs",
        type: buffers ? `"device" | ${model}Buffers` : '"device"',
        isReadonly: true,
        ...docOf(
          buffers
            ? "Results stay on the device, in new buffers or in these. The caller destroys either."
            : "Results stay on the device. The caller disposes of them.",
        ),
      },
    ],
  });

const propertyName = (name: string): string => (isIdentifier(name) ? name : quoted(name));

function interfaceOf(
  name: string,
  doc: string,
  parts: Partial<InterfaceDeclarationStructure>,
): InterfaceDeclarationStructure {
  return { kind: StructureKind.Interface, name, isExported: true, ...docOf(doc), ...parts };
}

const typeAlias = (name: string, type: string, typeParameters: string[], doc = ""): StatementStructures => ({
  kind: StructureKind.TypeAlias,
  name,
  isExported: true,
  type,
  typeParameters,
  ...docOf(doc),
});

const box = (dtype: string, data: string): OptionalKind<PropertySignatureStructure>[] => [
  { name: "dtype", type: dtype, isReadonly: true },
  { name: "shape", type: "Shape", isReadonly: true },
  { name: "data", type: data, isReadonly: true },
];

function member(p: Port, type: string): OptionalKind<PropertySignatureStructure> {
  const labelled = p.axes.length > 0 && p.axes.every((a, i) => isIdentifier(a.label ?? `axis${i}`));
  const axes = p.axes.map(({ label, size }, i) => {
    const extent = size.op === "const" ? String(size.value) : "number";
    return labelled ? `${label ?? `axis${i}`}: ${extent}` : extent;
  });
  return {
    name: propertyName(p.name),
    type: `${type}<"${p.dtype}", readonly [${axes.join(", ")}]>`,
    isReadonly: true,
    ...docOf(p.doc, `\`${p.written.replaceAll("`", "'")}\``),
  };
}

function rangeOf(size: Dim): string {
  if (size.op !== "symbol") return "";
  return `${size.lo} to ${size.hi}${size.step === 1 ? "" : ` in steps of ${size.step}`}, chosen by the inputs.`;
}

const sizeType = (size: Dim): string =>
  size.op === "symbol"
    ? `{ readonly min: ${size.lo}; readonly max: ${size.hi}; readonly step: ${size.step} }`
    : printDim(size);

const limits = (machine: Machine): StatementStructures[] => [
  constant(
    "requiredLimits",
    "Readonly<Record<string, number>>",
    machine.buffers
      ? "Limits that the device must be asked for, beyond those that all have; at the greatest run-time sizes."
      : `Nothing, as for every model on ${machine.name}.`,
  ),
  constant(
    "requiredFeatures",
    machine.buffers ? "readonly GPUFeatureName[]" : "readonly never[]",
    machine.buffers ? "Features that the device must be asked for." : `Nothing, as for every model on ${machine.name}.`,
  ),
];

const constant = (name: string, type: string, doc: string): StatementStructures => ({
  kind: StructureKind.VariableStatement,
  isExported: true,
  hasDeclareKeyword: true,
  declarationKind: VariableDeclarationKind.Const,
  ...docOf(doc),
  declarations: [{ name, type }],
});

function methods(face: ModelInterface, model: string, machine: Machine): OptionalKind<MethodSignatureStructure>[] {
  const dynamic = face.dims.some((d) => d.size.op === "symbol");
  return [
    {
      name: "run",
      parameters: [
        { name: "inputs", type: `${model}Inputs` },
        { name: "options", type: "RunOptions", hasQuestionToken: true },
      ],
      returnType: `Promise<${model}Outputs>`,
      ...docOf(
        "Runs once. Calls that overlap run one after the other.",
        "@throws {RuntimeError} names the input, size or tensor that is wrong",
      ),
    },
    ...(machine.handle === undefined
      ? []
      : [
          {
            name: "run",
            parameters: [
              { name: "inputs", type: `${model}Inputs` },
              { name: "options", type: "DeviceRunOptions" },
            ],
            returnType: `Promise<${model}DeviceOutputs>`,
            ...docOf("Runs once and leaves the results on the device."),
          },
        ]),
    ...(machine.buffers
      ? [
          {
            name: "encode",
            parameters: [
              { name: "encoder", type: "GPUCommandEncoder" },
              { name: "inputs", type: `${model}DeviceInputs` },
              { name: "outputs", type: `${model}Buffers`, hasQuestionToken: true },
            ],
            returnType: `${model}DeviceOutputs`,
            ...docOf(
              "Records a run into a command encoder, which the caller submits before `dispose`. Results go to the buffers in\n`outputs`, or to new ones that the caller destroys.",
            ),
          },
        ]
      : []),
    {
      name: "warmup",
      parameters: dynamic ? [{ name: "sizes", type: `${model}Sizes`, hasQuestionToken: true }] : [],
      returnType: "Promise<void>",
      ...docOf(
        "Runs once on nothing, so that the next run finds memory and code in place.",
        dynamic ? "A size that is not given is the least." : "",
      ),
    },
    {
      name: "dispose",
      returnType: "void",
      ...docOf(
        machine.device === undefined
          ? "Frees all memory and ends the threads, after a run that is under way. Later runs are refused."
          : "Frees all memory on the device, after a run that is under way. Later runs are refused.",
      ),
    },
    { name: "[Symbol.dispose]", returnType: "void" },
  ];
}

const load = (
  face: ModelInterface,
  model: string,
  { device, options = [] }: Machine,
): FunctionDeclarationStructure => ({
  kind: StructureKind.Function,
  name: "load",
  isExported: true,
  hasDeclareKeyword: true,
  parameters: [
    ...(device === undefined ? [] : [{ name: device.name, type: device.type }]),
    { name: "weights", type: `${model}Weights` },
    { name: "options", type: options.length === 0 ? signalOption : "LoadOptions", hasQuestionToken: true },
  ],
  returnType: `Promise<${model}>`,
  ...docOf(
    `Loads ${face.name}: makes its code and brings its weights ${device === undefined ? "into its memory" : "to the device"}.`,
    device === undefined ? "" : `@param ${device.name} ${device.doc}`,
    `@throws {RuntimeError} what the ${device === undefined ? "engine" : "device"} lacks is found before any work`,
  ),
});

const signalOption = "{ readonly signal?: AbortSignal | undefined }";

/** The options of `load` by name, where there are several. */
const loadOptions = ({ options = [] }: Machine): StatementStructures[] =>
  options.length === 0
    ? []
    : [
        interfaceOf("LoadOptions", "", {
          properties: [
            { name: "signal", type: "AbortSignal | undefined", isReadonly: true, hasQuestionToken: true },
            ...options.map(({ name, type, doc }) => ({
              name,
              type: `${type} | undefined`,
              isReadonly: true,
              hasQuestionToken: true,
              ...docOf(doc),
            })),
          ],
        }),
      ];

const errors = (): StatementStructures[] => [
  {
    kind: StructureKind.TypeAlias,
    name: "RuntimeErrorCode",
    isExported: true,
    type: [
      "input parameter output size limit feature memory kernel worker device device-lost disposed aborted"
        .split(" ")
        .map((code) => `"${code}"`)
        .join(" | "),
    ].join(""),
    ...docOf("What can go wrong."),
  },
  {
    kind: StructureKind.Interface,
    name: "RuntimeError",
    isExported: true,
    extends: ["Error"],
    ...docOf("Every error of this module."),
    properties: [
      { name: "code", type: "RuntimeErrorCode", isReadonly: true },
      {
        name: "subject",
        type: "string",
        isReadonly: true,
        ...docOf("The input, parameter, output, size, tensor or kernel concerned."),
      },
    ],
  },
  {
    kind: StructureKind.Function,
    name: "isRuntimeError",
    isExported: true,
    hasDeclareKeyword: true,
    parameters: [{ name: "error", type: "unknown" }],
    returnType: "error is RuntimeError",
  },
];
