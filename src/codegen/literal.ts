import { type Dim, dimKey } from "../ir/dim.js";

/** JavaScript for plain data: keys without quotes, constant sizes as numbers, other sizes as named constants. */
export interface LiteralWriter {
  literal(value: unknown): string;
  /** The declarations of the constants that literals so far mention. */
  constants(): readonly string[];
}

/** Names that may stand as a key or after a dot. */
export const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name);

/** Also safe where ends of lines of any kind would end it. */
export const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);

/** As a plain key `__proto__` would set the prototype. */
export const propertyKey = (name: string): string =>
  name === "__proto__" ? `["__proto__"]` : isIdentifier(name) ? name : quoted(name);

/** A template literal of exactly this text. */
export const template = (text: string): string => `\`${text.replace(/\\|`|\$\{/g, "\\$&").replace(/\r/g, "\\r")}\``;

const sizeOps: ReadonlySet<unknown> = new Set<Dim["op"]>(["const", "symbol", "poly", "floordiv", "ceildiv", "mod"]);

const isDim = (value: object): value is Dim => "op" in value && sizeOps.has(value.op);

export function literalWriter(): LiteralWriter {
  const names = new Map<string, string>();
  const lines: string[] = [];

  const plain = (value: object): string =>
    `{${Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .map(([key, v]) => `${propertyKey(key)}:${literal(v)}`)
      .join(",")}}`;

  const size = (dim: Dim): string => {
    if (dim.op === "const") return String(dim.value);
    const key = dimKey(dim);
    let name = names.get(key);
    if (name === undefined) {
      // Parts first, so that their constants stand before.
      const text = plain(dim);
      name = `size${names.size}`;
      names.set(key, name);
      lines.push(`const ${name} = ${text};`);
    }
    return name;
  };

  const literal = (value: unknown): string => {
    if (typeof value === "string") return quoted(value);
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map(literal).join(",")}]`;
    return isDim(value) ? size(value) : plain(value);
  };

  return { literal, constants: () => lines };
}
