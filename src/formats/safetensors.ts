import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { malformedSafetensors } from "../diagnostics/messages/io.js";
import { allocate, type DType, type TensorData } from "../ir/dtype.js";
import { fail, ok, type Result } from "../util/result.js";

/**
 * The safetensors format: eight bytes of header length, a JSON header, then the values. Reading is strict: the header
 * is at most 100 MB, the tensors lie without gap or overlap, sizes equal shape times element size. Tensors are decoded
 * on demand, so that a large file with a few wanted tensors costs little.
 */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  read(): TensorData;
}

export type Safetensors = ReadonlyMap<string, StoredTensor>;

const headerLimit = 100_000_000;
const entryLimit = 100_000;

const types: ReadonlyMap<
  string,
  { readonly bytes: number; readonly dtype: DType; readonly read: (v: DataView, at: number) => number }
> = new Map([
  ["F32", { bytes: 4, dtype: "f32" as const, read: (v: DataView, at: number) => v.getFloat32(at, true) }],
  ["F64", { bytes: 8, dtype: "f32" as const, read: (v: DataView, at: number) => v.getFloat64(at, true) }],
  ["F16", { bytes: 2, dtype: "f32" as const, read: (v: DataView, at: number) => halfToNumber(v.getUint16(at, true)) }],
  [
    "BF16",
    { bytes: 2, dtype: "f32" as const, read: (v: DataView, at: number) => bfloatToNumber(v.getUint16(at, true)) },
  ],
  ["I32", { bytes: 4, dtype: "i32" as const, read: (v: DataView, at: number) => v.getInt32(at, true) }],
  ["U32", { bytes: 4, dtype: "u32" as const, read: (v: DataView, at: number) => v.getUint32(at, true) }],
  ["I64", { bytes: 8, dtype: "i32" as const, read: (v: DataView, at: number) => Number(v.getBigInt64(at, true)) }],
  ["BOOL", { bytes: 1, dtype: "bool" as const, read: (v: DataView, at: number) => v.getUint8(at) }],
]);

export function readSafetensors(path: string, file: Uint8Array): Result<Safetensors, Diagnostic> {
  const bad = (reason: string) => fail(malformedSafetensors(path, reason));
  if (file.length < 8) return bad("it is shorter than eight bytes");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > BigInt(headerLimit))
    return bad(`its header would be ${headerLength} bytes, more than ${headerLimit}`);
  const start = 8 + Number(headerLength);
  if (start > file.length) return bad("it ends within its header");

  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(file.subarray(8, start));
    header = JSON.parse(text);
  } catch {
    return bad("its header is not JSON");
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) return bad(`its header has the key ${twice} twice`);
  if (typeof header !== "object" || header === null || Array.isArray(header)) return bad("its header is not an object");
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (entries.length > entryLimit) return bad(`it has ${entries.length} tensors, more than ${entryLimit}`);

  const tensors = new Map<string, StoredTensor>();
  const extents: { readonly name: string; readonly from: number; readonly to: number }[] = [];
  for (const [name, raw] of entries) {
    const entry: unknown = raw;
    if (typeof entry !== "object" || entry === null) return bad(`the entry ${name} is not an object`);
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = entry as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
    if (typeof dtype !== "string") return bad(`the tensor ${name} has no dtype`);
    if (!isSizes(shape)) return bad(`the tensor ${name} has no shape of whole numbers`);
    if (!isSizes(offsets) || offsets.length !== 2) return bad(`the tensor ${name} has no pair of data_offsets`);
    const [from, to] = offsets as readonly [number, number];
    const type = types.get(dtype);
    if (type === undefined)
      return bad(`the tensor ${name} has the dtype ${dtype}; ${[...types.keys()].join(", ")} are read`);
    const length = shape.reduce((a, b) => a * b, 1);
    if (!Number.isSafeInteger(length) || to - from !== length * type.bytes) {
      return bad(
        `the tensor ${name} of shape [${shape.join(", ")}] needs ${length * type.bytes} bytes, its offsets span ${to - from}`,
      );
    }
    if (start + to > file.length) return bad(`the tensor ${name} ends beyond the file`);
    extents.push({ name, from, to });
    tensors.set(name, {
      dtype,
      shape,
      read: () => {
        const data = allocate(type.dtype, length);
        for (let i = 0; i < length; i++) data[i] = type.read(view, start + from + i * type.bytes);
        return { dtype: type.dtype, shape, data };
      },
    });
  }
  extents.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const e of extents) {
    if (e.from !== end) return bad(`the tensor ${e.name} begins at byte ${e.from}, the one before it ends at ${end}`);
    end = e.to;
  }
  if (start + end !== file.length) return bad(`its tensors end at byte ${start + end}, the file at ${file.length}`);
  return ok(tensors);
}

/**
 * A key that the object of a JSON text, or an object right in it, has twice: readers differ in which of the two counts.
 * The text is known to be JSON, so only the strings before a colon are keys.
 */
function repeatedKey(json: string): string | undefined {
  const seen: [Set<string>, Set<string>] = [new Set(), new Set()];
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === "{" && depth++ < 2) seen[depth === 1 ? 0 : 1] = new Set();
    else if (c === "}") depth--;
    if (c !== '"') continue;
    const from = i++;
    while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
    const keys = depth === 1 ? seen[0] : depth === 2 ? seen[1] : undefined;
    let after = i + 1;
    while (/\s/.test(json[after] ?? "")) after++;
    if (keys === undefined || json[after] !== ":") continue;
    const key = JSON.parse(json.slice(from, i + 1)) as string;
    if (keys.has(key)) return key;
    keys.add(key);
  }
  return undefined;
}

const isSizes = (x: unknown): x is readonly number[] =>
  Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0);

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));
function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** The bytes of a file that holds these tensors, in the order given. */
export function writeSafetensors(tensors: ReadonlyMap<string, TensorData>): Uint8Array {
  const names = { f32: "F32", f16: "F32", i32: "I32", u32: "U32", bool: "U32" } as const;
  const header = new Map<string, unknown>();
  let end = 0;
  for (const [name, t] of tensors) {
    header.set(name, { dtype: names[t.dtype], shape: t.shape, data_offsets: [end, end + t.data.byteLength] });
    end += t.data.byteLength;
  }
  let json = `{${[...header].map(([name, e]) => `${JSON.stringify(name)}:${JSON.stringify(e)}`).join(",")}}`;
  json = json.padEnd(Math.ceil(json.length / 8) * 8);
  const text = new TextEncoder().encode(json);
  const file = new Uint8Array(8 + text.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  let at = 8 + text.length;
  for (const t of tensors.values()) {
    file.set(new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength), at);
    at += t.data.byteLength;
  }
  return file;
}
