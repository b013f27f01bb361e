import type { TfjsFace } from "../runtime/tfjs.js";
import type { WasmModel, WasmProgram, WasmTensor } from "../runtime/wasm.js";
import type { ModelDispatch, ModelProgram, ModelStep, ModelTensor, WgslModel } from "../runtime/webgpu.js";
import { literalWriter, propertyKey } from "./literal.js";

/** Statements that declare the constant `program` of a module, in the runtime's short form: one line an item. */
export const packProgram = ({ program }: WgslModel): string => declare("program", shortened(program));

/** The same for WebAssembly, whose runtime gives every tensor its place in one memory. */
export function packWasm({ program: p }: WasmModel): string {
  const short = shortened(p);
  const program: WasmProgram = {
    ...short,
    flops: p.flops,
    resources: p.resources.map((r): WasmTensor => {
      const packed = packTensor(r);
      return r.arena === undefined ? packed : { ...packed, arena: { offset: r.arena.offset } };
    }),
    kernels: short.kernels.map((k, i) => ({ ...k, scratch: p.kernels[i]?.scratch ?? 0 })),
  };
  return declare("program", program);
}

function shortened(p: ModelProgram): ModelProgram {
  const lengths = new Map(p.resources.map((r) => [r.id, r]));
  return {
    name: p.name,
    symbols: p.symbols,
    resources: p.resources.map(packTensor),
    kernels: p.kernels.map((k) => ({
      name: k.name,
      dims: k.dims,
      buffers: k.buffers.map(({ id, type, access }) => ({ id, type, access })),
    })),
    ...(p.subscripts === undefined ? {} : { subscripts: p.subscripts.map(({ input, extent }) => ({ input, extent })) }),
    ...(p.features === undefined ? {} : { features: p.features }),
    prepare: packSteps(p.prepare, lengths),
    steps: packSteps(p.steps, lengths),
  };
}

/** The same for the face of a tfjs module. */
export const packFace = (face: TfjsFace): string =>
  declare("face", {
    ...face,
    inputs: face.inputs.map(packTensor),
    params: face.params.map(packTensor),
    outputs: face.outputs.map(packTensor),
  });

/** A temporary is bytes to the runtime: its shape is left out. */
const packTensor = ({ id, kind, name, dtype, shape, length }: ModelTensor): ModelTensor => ({
  id,
  kind,
  name,
  dtype,
  shape: kind === "temp" ? [] : shape,
  length,
});

const packSteps = (steps: readonly ModelStep[], resources: ReadonlyMap<string, ModelTensor>): readonly ModelStep[] =>
  steps.map((s) =>
    s.step === "choose"
      ? // biome-ignore lint/suspicious/noThenProperty: an arm of a choice; nothing awaits a step.
        { ...s, then: packSteps(s.then, resources), else: packSteps(s.else, resources) }
      : packDispatch(s, resources),
  );

const packDispatch = (
  { step, kernel, grid, dims, bind }: ModelDispatch,
  resources: ReadonlyMap<string, ModelTensor>,
): ModelDispatch => ({
  step,
  kernel,
  grid,
  dims,
  bind: Object.fromEntries(
    Object.entries(bind).map(([id, bound]) => {
      if (typeof bound === "string") return [id, bound];
      const { resource, offset, length } = bound;
      const whole = resources.get(resource)?.length;
      const same = isZero(offset) && JSON.stringify(whole) === JSON.stringify(length);
      return [id, same ? resource : { resource, offset, length }];
    }),
  ),
});

const isZero = (size: unknown): boolean =>
  size === 0 || (typeof size === "object" && size !== null && "value" in size && size.value === 0);

function declare(name: string, value: object): string {
  const writer = literalWriter();
  const members = Object.entries(value).map(([key, v]: [string, unknown]) => {
    if (!Array.isArray(v) || v.length === 0) return `  ${propertyKey(key)}: ${writer.literal(v)},`;
    return [`  ${propertyKey(key)}: [`, ...v.map((item: unknown) => `    ${writer.literal(item)},`), "  ],"].join("\n");
  });
  return [...writer.constants(), `const ${name} = {`, ...members, "};"].join("\n");
}
