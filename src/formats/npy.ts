import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { malformedNpy } from "../diagnostics/messages/io.js";
import { allocate, type DType, type TensorData } from "../ir/dtype.js";
import { fail, ok, type Result } from "../util/result.js";

/**
 * NumPy's .npy format, versions 1 to 3: the magic, a header that is a Python dictionary, then the values. Reading is
 * strict: nothing is allocated before the header has been proved to fit the file.
 */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

interface Stored {
  readonly bytes: number;
  readonly dtype: DType;
  readonly read: (view: DataView, at: number) => number;
}

const stored: ReadonlyMap<string, Stored> = new Map<string, Stored>([
  ["<f4", { bytes: 4, dtype: "f32", read: (v, at) => v.getFloat32(at, true) }],
  ["<f8", { bytes: 8, dtype: "f32", read: (v, at) => v.getFloat64(at, true) }],
  ["<i4", { bytes: 4, dtype: "i32", read: (v, at) => v.getInt32(at, true) }],
  ["<i8", { bytes: 8, dtype: "i32", read: (v, at) => Number(v.getBigInt64(at, true)) }],
  ["<i2", { bytes: 2, dtype: "i32", read: (v, at) => v.getInt16(at, true) }],
  ["|i1", { bytes: 1, dtype: "i32", read: (v, at) => v.getInt8(at) }],
  ["|u1", { bytes: 1, dtype: "i32", read: (v, at) => v.getUint8(at) }],
  ["<u4", { bytes: 4, dtype: "u32", read: (v, at) => v.getUint32(at, true) }],
  ["|b1", { bytes: 1, dtype: "bool", read: (v, at) => (v.getUint8(at) === 0 ? 0 : 1) }],
]);

/** Reads an array; f8 is rounded to f32, i8 must fit in i32. */
export function readNpy(path: string, file: Uint8Array): Result<TensorData, Diagnostic> {
  const bad = (reason: string) => fail(malformedNpy(path, reason));
  if (file.length < 10 || magic.some((byte, i) => file[i] !== byte))
    return bad("it does not begin with the magic word of .npy");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const version = view.getUint8(6);
  if (version < 1 || version > 3) return bad(`its version is ${version}`);
  const headerStart = version === 1 ? 10 : 12;
  if (file.length < headerStart) return bad("it ends within its header");
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = headerStart + headerLength;
  if (start > file.length || headerLength > 1 << 20) return bad("it ends within its header");
  const header = new TextDecoder("latin1").decode(file.subarray(headerStart, start));

  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const dims = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || fortran === undefined || dims === undefined)
    return bad("its header lacks descr, fortran_order or shape");
  const type = stored.get(descr);
  if (type === undefined)
    return bad(`its element type is ${descr}; f4, f8, i1, i2, i4, i8, u1, u4 and b1 in little-endian order are read`);
  if (fortran === "True") return bad("its values are in Fortran order");
  const shape = dims
    .split(",")
    .map((s) => s.trim())
    .filter((s) => s !== "")
    .map((s) => Number(s.replace(/L$/, "")));
  if (shape.some((n) => !Number.isSafeInteger(n) || n < 0)) return bad(`its shape is (${dims})`);
  const length = shape.reduce((a, b) => a * b, 1);
  if (start + length * type.bytes !== file.length) {
    return bad(`its shape (${dims}) needs ${length * type.bytes} bytes of values, it holds ${file.length - start}`);
  }
  const data = allocate(type.dtype, length);
  for (let i = 0; i < length; i++) {
    const value = type.read(view, start + i * type.bytes);
    if (type.dtype === "i32" && (value < -(2 ** 31) || value >= 2 ** 31))
      return bad(`its element ${i} is ${value}, beyond i32`);
    data[i] = value;
  }
  return ok({ dtype: type.dtype, shape, data });
}

/** The bytes of an .npy file of version 1. */
export function writeNpy(tensor: TensorData): Uint8Array {
  const descr = { f32: "<f4", f16: "<f4", i32: "<i4", u32: "<u4", bool: "|b1" }[tensor.dtype];
  const shape = tensor.shape.length === 1 ? `${tensor.shape[0]},` : tensor.shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const values =
    tensor.dtype === "bool"
      ? Uint8Array.from(tensor.data)
      : new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const file = new Uint8Array(10 + header.length + values.length);
  file.set([...magic, 1, 0, header.length & 255, header.length >> 8]);
  file.set(new TextEncoder().encode(header), 10);
  file.set(values, 10 + header.length);
  return file;
}
