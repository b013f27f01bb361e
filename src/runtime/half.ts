/** Conversion between f16 words and numbers, for hosts without Float16Array. */

/** The nearest f16 to an f32 given by value and bits, ties to even, as its 16 bits. */
function encode(value: number, bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  // From 65520 on the nearest is an infinity.
  if (size >= 0x477ff000) return sign | 0x7c00;
  if (size < 0x38800000) {
    // Subnormal: multiples of 2^-24.
    const whole = Math.abs(value) * 0x1000000;
    const down = Math.floor(whole);
    const rest = whole - down;
    return sign | (down + (rest > 0.5 || (rest === 0.5 && (down & 1) === 1) ? 1 : 0));
  }
  const rounded = size + 0xfff + ((size >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function decode(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** f16 words of `values`. */
export function toHalf(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const singles = Float32Array.from(values);
  const bits = new Uint32Array(singles.buffer);
  return Uint16Array.from(singles, (value, i) => encode(value, bits[i] ?? 0));
}

/** The values of f16 words. */
export const fromHalf = (halves: Uint16Array): Float32Array => Float32Array.from(halves, decode);
