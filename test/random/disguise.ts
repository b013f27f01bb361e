import type { Random } from "../support/random.js";

/**
 * The same program with other names and another layout: names that mean something to WGSL, JavaScript or the writers of
 * generated code, line ends and comments between any two words. Names of the generator are letters and a number.
 */
const hostile = [
  // WGSL
  ...["loop", "var", "array", "vec4", "struct", "storage", "uniform", "workgroup", "override", "enable", "discard"],
  ...[
    "bitcast",
    "texture_2d",
    "sampler",
    "ptr",
    "atomic",
    "select",
    "dot",
    "clamp",
    "main",
    "fma",
    "alias",
    "diagnostic",
  ],
  ...["mat2x2", "vec2f", "f64", "const_assert", "workgroupBarrier", "read", "write", "function", "private"],
  // JavaScript
  ...[
    "class",
    "await",
    "async",
    "yield",
    "this",
    "new",
    "delete",
    "typeof",
    "arguments",
    "eval",
    "constructor",
    "void",
  ],
  ...["__proto__", "prototype", "toString", "hasOwnProperty", "default", "export", "with", "static", "package", "NaN"],
  ...["Infinity", "undefined", "null", "enum", "super", "throw", "Math", "Float32Array", "globalThis", "valueOf"],
  // what generated code calls its own things
  ...["tf", "weights", "inputs", "run", "dispose", "acc", "part", "group_x", "t1", "t2", "in_x", "w_w", "size", "dims"],
  ...["columns", "global", "local", "buffer", "params", "result", "output", "input", "data", "at_1", "i_1", "n_Seq"],
  ...["_", "__", "_a", "__b", "a__b", "x_", "X", "Sum", "SUM", "If"],
];

export function disguised(r: Random, text: string): string {
  return respaced(r, renamed(r, text));
}

function renamed(r: Random, text: string): string {
  const words = new Set(text.match(/[A-Za-z_]\w*/g) ?? []);
  const own = [...words].filter((w) => /^([vwxazb]|fn|B|out|res|y|Model)\d+$/.test(w));
  const free = r.shuffle(hostile.filter((h) => !words.has(h)));
  const to = new Map<string, string>();
  for (const name of own) {
    const next = r.chance(0.4) ? free.pop() : undefined;
    if (next !== undefined) to.set(name, next);
  }
  return text.replace(/[A-Za-z_]\w*/g, (word) => to.get(word) ?? word);
}

function respaced(r: Random, text: string): string {
  const gap = (): string => {
    if (r.chance(0.9)) return " ";
    return r.pick(["\n", "  ", "\t", "\n\n\n", " // note\n", "\r\n", "\n      // 1 + 2 *\n"]);
  };
  return text
    .split("\n")
    .map((line) => (line.includes("//") || line.includes('"') ? line : line.replace(/(?<=\S) (?=\S)/g, gap)))
    .join("\n");
}
