import fc from "fast-check";
import { expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.js";
import type { TensorData } from "../../src/ir/dtype.js";

function file(header: string, values: number): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + values);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(Buffer.from(header), 8);
  return bytes;
}
const entry = (dtype: string, shape: readonly number[], from: number, to: number): string =>
  `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${from},${to}]}`;

test("what is written is read again, under any name", () => {
  const tensors = new Map<string, TensorData>([
    ["a.b", { dtype: "f32", shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) }],
    ["__proto__", { dtype: "i32", shape: [], data: Int32Array.from([-7]) }],
  ]);
  const read = readSafetensors("w", writeSafetensors(tensors));
  expect(read.ok).toBe(true);
  if (!read.ok) return;
  for (const [name, t] of tensors) expect(read.value.get(name)?.read()).toEqual(t);
});

test("half and brain floats are widened exactly", () => {
  const bytes = file(`{"h":${entry("F16", [3], 0, 6)},"b":${entry("BF16", [1], 6, 8)}}`, 8);
  const view = new DataView(bytes.buffer, bytes.length - 8);
  view.setUint16(0, 0x3c00, true); // 1
  view.setUint16(2, 0xc000, true); // -2
  view.setUint16(4, 0x0001, true); // the least subnormal
  view.setUint16(6, 0x3f80, true); // 1
  const read = readSafetensors("w", bytes);
  if (!read.ok) throw new Error(read.error.message);
  expect([...(read.value.get("h")?.read().data ?? [])]).toEqual([1, -2, 2 ** -24]);
  expect([...(read.value.get("b")?.read().data ?? [])]).toEqual([1]);
});

test.each([
  ["shorter than its length word", Uint8Array.from([1, 2])],
  ["a header over 100 MB", Uint8Array.from([255, 255, 255, 255, 255, 0, 0, 0])],
  ["a cut header", file("{", 0).slice(0, 8)],
  ["a header that is no JSON", file("{'a': 1}", 0)],
  ["a header that is a list", file("[]", 0)],
  ["an entry without a dtype", file(`{"a":{"shape":[1],"data_offsets":[0,4]}}`, 4)],
  ["a negative size", file(`{"a":${entry("F32", [-1], 0, 4)}}`, 4)],
  ["sizes that overflow", file(`{"a":${entry("F32", [2 ** 31, 2 ** 31], 0, 4)}}`, 4)],
  ["a shape that does not fit its offsets", file(`{"a":${entry("F32", [2], 0, 4)}}`, 4)],
  ["tensors that overlap", file(`{"a":${entry("F32", [1], 0, 4)},"b":${entry("F32", [1], 2, 6)}}`, 6)],
  ["a gap", file(`{"a":${entry("F32", [1], 0, 4)},"b":${entry("F32", [1], 8, 12)}}`, 12)],
  ["a cut file", file(`{"a":${entry("F32", [2], 0, 8)}}`, 4)],
  ["bytes after the last tensor", file(`{"a":${entry("F32", [1], 0, 4)}}`, 8)],
  ["an unknown dtype", file(`{"a":${entry("F8_E4M3", [1], 0, 1)}}`, 1)],
  ["a tensor that is there twice", file(`{"a":${entry("F32", [1], 0, 4)}, "a" :${entry("F32", [1], 0, 4)}}`, 4)],
  ["the same with another spelling", file(`{"a":${entry("F32", [1], 0, 4)},"\\u0061":${entry("F32", [1], 0, 4)}}`, 4)],
  ["a shape that is there twice", file(`{"a":{"dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,4]}}`, 4)],
])("refused: %s", (_, bytes) => {
  expect(readSafetensors("w.safetensors", bytes)).toMatchObject({ ok: false, error: { code: "LF0409" } });
});

test("names within names and strings that look like keys are no repetition", () => {
  const bytes = file(
    `{"__metadata__":{"a":"{\\"a\\":1,\\"a\\":2}","b":"a"},"a":${entry("F32", [1], 0, 4)},"dtype":${entry("F32", [0], 4, 4)}}`,
    4,
  );
  expect(readSafetensors("w", bytes)).toMatchObject({ ok: true });
});

test("any change of a byte is refused or read, never thrown at", () => {
  const good = writeSafetensors(new Map([["a", { dtype: "f32" as const, shape: [2], data: new Float32Array(2) }]]));
  fc.assert(
    fc.property(
      fc.nat({ max: good.length - 1 }),
      fc.nat({ max: 255 }),
      fc.nat({ max: good.length }),
      (at, byte, cut) => {
        const bytes = good.slice(0, cut);
        if (at < cut) bytes[at] = byte;
        const read = readSafetensors("w", bytes);
        if (read.ok) for (const t of read.value.values()) t.read();
      },
    ),
  );
});
