/** @import { Attributes, ElementType } from "./protobuf.js" */
/** @import { Arithmetic } from "./dims.js" */
/** @import { Dim } from "./types.js" */
import { foldDim, plainNumbers } from "./dims.js";
import { node, tensor } from "./protobuf.js";

/** A size: known now, or the name of an int64 value of shape [1]. @typedef {number | string} Size */

/**
 * Collects the nodes and constants of a model. Values are named by their ONNX names; equal nodes and constants are
 * written once.
 *
 * @param {ReadonlySet<string>} taken names that values of the model's interface have
 */
export function modelWriter(taken) {
  /** @type {Uint8Array[]} */
  const nodes = [];
  /** @type {Uint8Array[]} */
  const constants = [];
  /** @type {Map<string, string>} */
  const known = new Map();
  /** @type {Map<string, string>} */
  const symbols = new Map();
  let count = 0;

  /** @param {string} hint */
  const unique = (hint) => {
    let name = "";
    do name = `${hint}_${count++}`;
    while (taken.has(name));
    return name;
  };

  /** The result of an operator. @param {string} type @param {readonly string[]} inputs @param {Attributes} [attributes] */
  const op = (type, inputs, attributes = {}) => {
    const key = JSON.stringify([type, inputs, attributes]);
    const old = known.get(key);
    if (old !== undefined) return old;
    const name = unique(type.toLowerCase());
    known.set(key, name);
    nodes.push(node(type, inputs, name, attributes));
    return name;
  };

  /** @param {ElementType} type @param {readonly number[]} values @param {readonly number[]} [shape] */
  const constant = (type, values, shape = []) => {
    const key = `${type} ${shape} ${values.map((v) => (Object.is(v, -0) ? "-0" : v))}`;
    const old = known.get(key);
    if (old !== undefined) return old;
    const name = unique("const");
    known.set(key, name);
    constants.push(tensor(name, type, shape, values));
    return name;
  };

  /** @param {readonly number[]} values */
  const int64s = (values) => constant("i64", values, [values.length]);
  /** @param {Size} size */
  const sizeValue = (size) => (typeof size === "number" ? int64s([size]) : size);

  /** @type {(type: string, now: (a: number, b: number) => number) => (a: Size, b: Size) => Size} */
  const binary = (type, now) => (a, b) =>
    typeof a === "number" && typeof b === "number" ? now(a, b) : op(type, [sizeValue(a), sizeValue(b)]);
  const add = binary("Add", plainNumbers.add);
  const mul = binary("Mul", plainNumbers.mul);
  const mod = binary("Mod", plainNumbers.mod);
  const sub = binary("Sub", (a, b) => a - b);
  const exactDiv = binary("Div", (a, b) => a / b);

  /** @type {Arithmetic<Size>} */
  const arithmetic = {
    constant: (value) => value,
    symbol: (name) => {
      const value = symbols.get(name);
      if (value === undefined) throw new Error(`no input has an axis of size ${name}`);
      return value;
    },
    add: (a, b) => (a === 0 ? b : b === 0 ? a : add(a, b)),
    mul: (a, b) => (a === 1 ? b : b === 1 ? a : mul(a, b)),
    // Div rounds towards zero
    floorDiv: (a, b) => (b === 1 ? a : exactDiv(sub(a, mod(a, b)), b)),
    mod,
  };

  /** @param {Dim} dim @returns {Size} */
  const size = (dim) => foldDim(dim, arithmetic);

  return {
    nodes,
    constants,
    op,
    constant,
    int64s,
    size,
    /** A run-time size is the length of an input's axis. @param {string} name @param {string} input @param {number} axis */
    bindSymbol(name, input, axis) {
      if (symbols.has(name)) return;
      symbols.set(name, op("Slice", [op("Shape", [input]), int64s([axis]), int64s([axis + 1])]));
    },
    /** A shape as an int64 vector. @param {readonly Size[]} sizes */
    shape: (sizes) => {
      const numbers = sizes.filter((s) => typeof s === "number");
      if (numbers.length === sizes.length) return int64s(numbers);
      return op("Concat", sizes.map(sizeValue), { axis: 0 });
    },
    /** A size as an element of a tensor. @param {Dim} dim @param {"f32" | "i32"} type */
    sizeScalar: (dim, type) => {
      const value = size(dim);
      if (typeof value === "number") return constant(type, [value]);
      return op("Cast", [op("Squeeze", [value, int64s([0])])], { to: type === "f32" ? 1 : 6 });
    },
    /** Gives a value a name of the interface. @param {string} value @param {string} name */
    rename(value, name) {
      nodes.push(node("Identity", [value], name, {}));
    },
  };
}

/** @typedef {ReturnType<typeof modelWriter>} Writer */
