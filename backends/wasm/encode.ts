import { invariant } from "../../src/util/invariant.js";
import { type Immediate, instructions, type Opcode } from "./opcodes.js";

/**
 * The binary format of WebAssembly (core specification 2.0, chapter 5), as much of it as kernels need: functions, one
 * imported memory, exports. Bytes go into plain arrays; nothing is optimised here.
 */
export type ValueType = "i32" | "f32" | "v128";

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function: its locals behind the parameters, and the instructions, `end` excluded. */
export interface FunctionBody {
  readonly type: FunctionType;
  readonly locals: readonly ValueType[];
  readonly code: readonly number[];
}

export interface Module {
  readonly functions: readonly FunctionBody[];
  /** Name → index of a function. */
  readonly exports: readonly (readonly [name: string, index: number])[];
  /** Module and name of the memory that is imported. */
  readonly memory: readonly [module: string, name: string];
}

/** LEB128 of a natural number below 2^32. */
export function unsigned(value: number): readonly number[] {
  invariant(Number.isInteger(value) && value >= 0 && value < 2 ** 32, () => `${value} is no u32`);
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** LEB128 of an i32. */
export function signed(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 127;
    rest >>= 7;
    // The sign is the highest of the seven bits that end the number.
    if ((rest === 0 && low < 64) || (rest === -1 && low >= 64)) return [...bytes, low];
    bytes.push(low | 128);
  }
}

/** Little-endian bytes of f32 and i32 numbers. */
export const floatBytes = (...values: readonly number[]): readonly number[] => [
  ...new Uint8Array(new Float32Array(values).buffer),
];
export const wordBytes = (...values: readonly number[]): readonly number[] => [
  ...new Uint8Array(new Int32Array(values).buffer),
];

const known: ReadonlyMap<Opcode, { readonly bytes: readonly number[]; readonly immediate: Immediate }> = new Map(
  instructions.map(({ name, code, immediate }) => [
    name,
    { bytes: typeof code === "number" ? [code] : [code[0], ...unsigned(code[1])], immediate },
  ]),
);

/** The bytes of an instruction, without what follows it. */
export function opcode(name: Opcode, immediate: Immediate): readonly number[] {
  const found = known.get(name);
  invariant(found?.immediate === immediate, () => `${name} is not followed by ${immediate}`);
  return found.bytes;
}

const text = (s: string): readonly number[] => {
  const bytes = new TextEncoder().encode(s);
  return [...unsigned(bytes.length), ...bytes];
};

const vector = (items: readonly (readonly number[])[]): readonly number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];

const section = (id: number, content: readonly number[]): readonly number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];

const typeBytes = ({ params, results }: FunctionType): readonly number[] => [
  0x60,
  ...vector(params.map((t) => [typeCodes[t]])),
  ...vector(results.map((t) => [typeCodes[t]])),
];

/** Runs of locals of one type. */
function localBytes(locals: readonly ValueType[]): readonly number[] {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  return vector(runs.map(({ type, count }) => [...unsigned(count), typeCodes[type]]));
}

/** Pages of the memory that may be addressed: 4 GiB. */
const mostPages = 65536;
/** Limits with a maximum, of a memory that threads share. */
const sharedLimits = 0x03;

/**
 * The bytes of a module. The memory that it imports is shared; the runtime changes one byte, the flags of its limits,
 * where it has memory of one thread.
 */
export function encodeModule(m: Module): Uint8Array<ArrayBuffer> {
  const types: FunctionType[] = [];
  const keys = new Map<string, number>();
  const typeIndices = m.functions.map(({ type }) => {
    const key = `${type.params.join()}>${type.results.join()}`;
    const index = keys.get(key) ?? types.push(type) - 1;
    keys.set(key, index);
    return unsigned(index);
  });
  const memory = [...text(m.memory[0]), ...text(m.memory[1]), 0x02, sharedLimits, 0, ...unsigned(mostPages)];
  const bodies = m.functions.map((f) => {
    const body = [...localBytes(f.locals), ...f.code, ...opcode("end", "none")];
    return [unsigned(body.length), body].flat();
  });
  // Large sections are joined without spreading: arguments of a call are limited.
  return Uint8Array.from(
    [
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, vector(types.map(typeBytes))),
      section(2, vector([memory])),
      section(3, vector(typeIndices)),
      section(7, vector(m.exports.map(([name, index]) => [...text(name), 0x00, ...unsigned(index)]))),
      section(10, vector(bodies)),
    ].flat(),
  );
}
