import fc from "fast-check";
import { expect, test } from "vitest";
import { readNpy, writeNpy } from "../../src/formats/npy.js";
import type { TensorData } from "../../src/ir/dtype.js";

const header = (text: string, values: readonly number[] = []): Uint8Array =>
  Uint8Array.from([0x93, ...Buffer.from("NUMPY"), 1, 0, text.length, 0, ...Buffer.from(text), ...values]);

const tensor: fc.Arbitrary<TensorData> = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), fc.constantFrom("f32", "i32", "u32", "bool"))
  .chain(([shape, dtype]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const of = (x: fc.Arbitrary<number>) => fc.array(x, { minLength: length, maxLength: length });
    switch (dtype) {
      case "f32":
        return of(fc.float()).map((v): TensorData => ({ dtype, shape, data: Float32Array.from(v) }));
      case "i32":
        return of(fc.integer()).map((v): TensorData => ({ dtype, shape, data: Int32Array.from(v) }));
      case "u32":
        return of(fc.nat()).map((v): TensorData => ({ dtype, shape, data: Uint32Array.from(v) }));
      default:
        return of(fc.nat({ max: 1 })).map((v): TensorData => ({ dtype: "bool", shape, data: Uint32Array.from(v) }));
    }
  });

test("what is written is read again", () => {
  fc.assert(
    fc.property(tensor, (t) => {
      expect(readNpy("x.npy", writeNpy(t))).toEqual({ ok: true, value: t });
    }),
  );
});

test("the header is padded so that the values are aligned to 64 bytes", () => {
  const file = writeNpy({ dtype: "f32", shape: [2], data: new Float32Array(2) });
  expect((file.length - 8) % 64).toBe(0);
});

test("int64 and float64 arrays as numpy writes them are read where nothing is lost", () => {
  const eight = header("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", [7, 0, 0, 0, 0, 0, 0, 0]);
  expect(readNpy("x.npy", eight)).toMatchObject({ ok: true, value: { dtype: "i32", shape: [1] } });
  const large = header("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", [0, 0, 0, 0, 1, 0, 0, 0]);
  expect(readNpy("x.npy", large)).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining("beyond i32") },
  });
});

test.each([
  ["no magic word", Uint8Array.from([1, 2, 3])],
  ["pickled objects", header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")],
  ["Fortran order", header("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", [0, 0, 0, 0])],
  ["a cut file", header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [0, 0, 0, 0])],
  ["a shape far beyond the file", header("{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999,), }")],
  ["a negative shape", header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }")],
])("refused: %s", (_, file) => {
  expect(readNpy("x.npy", file)).toMatchObject({ ok: false, error: { code: "LF0408" } });
});

test("any bytes are refused or read, never thrown at", () => {
  const good = writeNpy({ dtype: "f32", shape: [2, 2], data: Float32Array.from([1, 2, 3, 4]) });
  fc.assert(
    fc.property(
      fc.nat({ max: good.length - 1 }),
      fc.nat({ max: 255 }),
      fc.nat({ max: good.length }),
      (at, byte, cut) => {
        const file = good.slice(0, cut);
        if (at < cut) file[at] = byte;
        readNpy("x.npy", file);
      },
    ),
  );
});
