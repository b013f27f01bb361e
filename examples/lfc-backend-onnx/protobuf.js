/**
 * The part of the protobuf wire format that a model needs, and the messages of onnx.proto in it.
 * Sources: protobuf.dev/programming-guides/encoding; onnx/onnx.proto (IR version 8, opset 17).
 */

const text = new TextEncoder();

/** Pieces one after another. @param {...Uint8Array | readonly Uint8Array[]} parts @returns {Uint8Array} */
function joined(...parts) {
  const pieces = parts.flatMap((part) => (part instanceof Uint8Array ? [part] : part));
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** @param {number} value a whole number; negative ones take the ten bytes of their 64-bit form */
function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** @param {number} field @param {number} value @returns {Uint8Array} */
const int = (field, value) => joined(varint(field << 3), varint(value));

/** @param {number} field @param {...Uint8Array | readonly Uint8Array[]} parts @returns {Uint8Array} */
function message(field, ...parts) {
  const body = joined(...parts);
  return joined(varint((field << 3) | 2), varint(body.length), body);
}

/** @param {number} field @param {string} value @returns {Uint8Array} */
const string = (field, value) => message(field, text.encode(value));

/** TensorProto.DataType. */
export const dataType = { f32: 1, i32: 6, i64: 7, bool: 9 };

/** @typedef {keyof typeof dataType} ElementType */
/** Whole numbers and lists of them; strings. @typedef {Readonly<Record<string, number | string | readonly number[]>>} Attributes */
/** @typedef {{ readonly name: string, readonly type: ElementType, readonly shape: readonly (number | string)[] }} Value */

/**
 * A constant: little-endian raw data.
 *
 * @param {string} name @param {ElementType} type @param {readonly number[]} shape @param {readonly number[]} values
 * @returns {Uint8Array}
 */
export function tensor(name, type, shape, values) {
  const width = type === "i64" ? 8 : type === "bool" ? 1 : 4;
  const view = new DataView(new ArrayBuffer(values.length * width));
  values.forEach((value, i) => {
    if (type === "f32") view.setFloat32(4 * i, value, true);
    else if (type === "i32") view.setInt32(4 * i, value, true);
    else if (type === "i64") view.setBigInt64(8 * i, BigInt(value), true);
    else view.setUint8(i, value);
  });
  return joined(
    shape.map((size) => int(1, size)),
    int(2, dataType[type]),
    string(8, name),
    message(9, new Uint8Array(view.buffer)),
  );
}

/**
 * @param {string} type @param {readonly string[]} inputs @param {string} output @param {Attributes} attributes
 * @returns {Uint8Array}
 */
export function node(type, inputs, output, attributes) {
  const fields = Object.entries(attributes).map(([name, value]) => {
    if (typeof value === "string") return message(5, string(1, name), string(4, value), int(20, 3));
    if (typeof value === "number") return message(5, string(1, name), int(3, value), int(20, 2));
    return message(
      5,
      string(1, name),
      value.map((v) => int(8, v)),
      int(20, 7),
    );
  });
  return joined(
    inputs.map((name) => string(1, name)),
    string(2, output),
    string(4, type),
    fields,
  );
}

/** @param {Value} value @returns {Uint8Array} */
function valueInfo({ name, type, shape }) {
  const dims = shape.map((size) => message(1, typeof size === "number" ? int(1, size) : string(2, size)));
  return joined(string(1, name), message(2, message(1, int(1, dataType[type]), message(2, dims))));
}

/**
 * @param {{ readonly name: string, readonly nodes: readonly Uint8Array[], readonly constants: readonly Uint8Array[],
 *   readonly inputs: readonly Value[], readonly outputs: readonly Value[] }} graph
 * @returns {Uint8Array}
 */
export function model(graph) {
  const body = joined(
    graph.nodes.map((n) => message(1, n)),
    string(2, graph.name),
    graph.constants.map((t) => message(5, t)),
    graph.inputs.map((v) => message(11, valueInfo(v))),
    graph.outputs.map((v) => message(12, valueInfo(v))),
  );
  return joined(int(1, 8), string(2, "lfc"), message(7, body), message(8, string(1, ""), int(2, 17)));
}
