import { expect, test } from "vitest";
import { fromHalf, toHalf } from "../../src/runtime/half.js";

test("every f16 survives the way to a number and back", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const back = toHalf(fromHalf(all));
  const changed = [...all].filter((bits) => {
    const undefinedNumber = (bits & 0x7c00) === 0x7c00 && (bits & 1023) !== 0;
    return undefinedNumber ? (back[bits] ?? 0) !== 0x7e00 && (back[bits] ?? 0) !== 0xfe00 : back[bits] !== bits;
  });
  expect(changed).toEqual([]);
});

test("numbers between two f16 go to the nearest, ties to the even one", () => {
  const values = fromHalf(Uint16Array.from({ length: 0x7c00 }, (_, i) => i));
  for (let i = 0; i + 1 < values.length; i++) {
    const [a, b] = [values[i] ?? 0, values[i + 1] ?? 0];
    const middle = (a + b) / 2;
    const even = i % 2 === 0 ? i : i + 1;
    const got = toHalf([middle, middle - (b - a) / 1024, middle + (b - a) / 1024, -middle]);
    expect([...got]).toEqual([even, i, i + 1, even | 0x8000]);
  }
  expect([...toHalf([65519, 65520, 1e30, 2 ** -25, 2 ** -25 * 1.001, Number.NaN])]).toEqual([
    0x7bff, 0x7c00, 0x7c00, 0, 1, 0x7e00,
  ]);
});
