import { invariant, unreachable } from "../../util/invariant.js";
import { constValue, evalDim } from "../dim.js";
import { allocate, isFloat, type TensorData, type TensorValues } from "../dtype.js";
import { roundF16 } from "../kernel/arith.js";
import type { Init, TensorType } from "./ops.js";
import { philox4x32 } from "./philox.js";

/**
 * Values of parameters and of random inputs (language.md F8). Element i of a tensor is a function of (seed, name, i)
 * alone, in float64 with + − * / and sqrt only, rounded once: the same bits on every engine.
 *
 * Key: (seed, hash of the name). Counter: (i, i / 2³², block, second hash of the name). A uniform is (word + ½) / 2³²,
 * so never 0 or 1; a normal is the sum of twelve uniforms, three blocks of four words, minus six.
 */
export function initialise(init: Init, type: TensorType, path: string, seed: number): TensorData {
  const shape = type.shape.map((extent) => {
    const size = constValue(extent);
    invariant(size !== undefined, () => `parameter ${path} has a run-time size`);
    return size;
  });
  const length = shape.reduce((product, size) => product * size, 1);
  const data = allocate(type.dtype, length);
  const draw = generator(path, seed);
  switch (init.kind) {
    case "zeros":
      break;
    case "ones":
      data.fill(1);
      break;
    case "normal":
      invariant(isFloat(type.dtype), () => `normal values for ${path} of dtype ${type.dtype}`);
      for (let i = 0; i < length; i++) data[i] = init.std * draw.normal(i);
      break;
    case "uniform":
    case "xavier": {
      invariant(isFloat(type.dtype), () => `uniform values for ${path} of dtype ${type.dtype}`);
      const { lo, hi } = init.kind === "uniform" ? init : xavierRange(shape);
      for (let i = 0; i < length; i++) data[i] = lo + (hi - lo) * draw.uniform(i);
      break;
    }
    default:
      return unreachable(init);
  }
  if (type.dtype === "f16") roundAll(data);
  return { dtype: type.dtype, shape, data };
}

/**
 * ±√(6 / (fan in + fan out)): fan out is the last axis, fan in the product of the others (1 for rank 1), the same
 * split as that of the default initialiser. Source: Glorot and Bengio 2010, eq. 16.
 */
function xavierRange(shape: readonly number[]): { readonly lo: number; readonly hi: number } {
  const fanOut = shape.at(-1) ?? 1;
  const fanIn = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const hi = Math.sqrt(6 / (fanIn + fanOut));
  return { lo: -hi, hi };
}

/**
 * A made-up value for an input: floats about normal, whole numbers uniform in 0 … `limit`−1 (tokens; 8 if no limit is
 * known), bool true for seven elements of eight. `sizes` gives the run-time sizes.
 */
export function randomInput(
  type: TensorType,
  name: string,
  seed: number,
  sizes: ReadonlyMap<string, number>,
  limit = 8,
): TensorData {
  const shape = type.shape.map((extent) => evalDim(extent, sizes));
  const length = shape.reduce((product, size) => product * size, 1);
  const data = allocate(type.dtype, length);
  const draw = generator(`input ${name}`, seed);
  switch (type.dtype) {
    case "f32":
    case "f16":
      for (let i = 0; i < length; i++) data[i] = draw.normal(i);
      break;
    case "i32":
    case "u32":
      for (let i = 0; i < length; i++) data[i] = Math.floor(draw.uniform(i) * limit);
      break;
    case "bool":
      for (let i = 0; i < length; i++) data[i] = draw.uniform(i) < 0.875 ? 1 : 0;
      break;
    default:
      return unreachable(type.dtype);
  }
  if (type.dtype === "f16") roundAll(data);
  return { dtype: type.dtype, shape, data };
}

function roundAll(data: TensorValues): void {
  for (let i = 0; i < data.length; i++) data[i] = roundF16(data[i] ?? 0);
}

interface Generator {
  /** In (0, 1). */
  uniform(element: number): number;
  /** Mean 0, variance 1, within ±6. */
  normal(element: number): number;
}

function generator(name: string, seed: number): Generator {
  const words = new Uint32Array(4);
  const key = seed >>> 0;
  const hash = fnv1a(name, 0x811c9dc5);
  const salt = fnv1a(name, 0x050c5d1f);
  const block = (element: number, position: number): void =>
    philox4x32(element >>> 0, Math.floor(element / 2 ** 32), position, salt, key, hash, words);
  const unit = (word: number): number => ((words[word] ?? 0) + 0.5) / 2 ** 32;
  return {
    uniform(element) {
      block(element, 0);
      return unit(0);
    },
    normal(element) {
      let sum = 0;
      for (let position = 0; position < 3; position++) {
        block(element, position);
        sum += unit(0) + unit(1) + unit(2) + unit(3);
      }
      return sum - 6;
    },
  };
}

/** FNV-1a over the UTF-8 bytes of a name, from a given offset basis. */
function fnv1a(name: string, basis: number): number {
  let hash = basis;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
