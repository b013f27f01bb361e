import { invariant } from "../../src/util/invariant.js";
import { type Instruction, instructions } from "./opcodes.js";

/**
 * The text of a module's functions, for tests and for people: one instruction a line, indented by blocks. It reads what
 * `encode.ts` writes and nothing more.
 */
export function disassemble(bytes: Uint8Array): string {
  const r = reader(bytes);
  invariant(r.bytes(8).join() === "0,97,115,109,1,0,0,0", () => "this is no WebAssembly module");
  let types: readonly string[] = [];
  let typeOf: readonly number[] = [];
  const names = new Map<number, string>();
  const out: string[] = [];
  while (!r.done()) {
    const id = r.byte();
    const end = r.unsigned() + r.at();
    if (id === 1) types = r.vector(() => functionType(r));
    else if (id === 2) r.vector(() => out.push(importLine(r)));
    else if (id === 3) typeOf = r.vector(() => r.unsigned());
    else if (id === 7) {
      r.vector(() => {
        const name = r.text();
        r.byte();
        names.set(r.unsigned(), name);
      });
    } else if (id === 10) {
      let index = 0;
      r.vector(() => {
        const name = names.get(index);
        const title = name === undefined ? "" : ` (export ${JSON.stringify(name)})`;
        out.push("", `func $${index}${title} ${types[typeOf[index] ?? 0] ?? ""}`, ...functionLines(r));
        index++;
      });
    }
    invariant(r.at() === end, () => `section ${id} ends elsewhere`);
  }
  return `${out.join("\n")}\n`;
}

interface Reader {
  at(): number;
  done(): boolean;
  byte(): number;
  bytes(count: number): readonly number[];
  unsigned(): number;
  signed(): number;
  text(): string;
  vector<T>(item: () => T): T[];
}

function reader(source: Uint8Array): Reader {
  let at = 0;
  const byte = (): number => {
    const b = source[at++];
    invariant(b !== undefined, () => "the module ends early");
    return b;
  };
  const bytes = (count: number): readonly number[] => Array.from({ length: count }, byte);
  const unsigned = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const b = byte();
      value += (b & 127) * scale;
      scale *= 128;
      if (b < 128) return value;
    }
  };
  return {
    at: () => at,
    done: () => at >= source.length,
    byte,
    bytes,
    unsigned,
    signed() {
      let value = 0;
      let shift = 0;
      for (;;) {
        const b = byte();
        value |= (b & 127) << shift;
        shift += 7;
        if (b < 128) return shift < 32 && (b & 64) !== 0 ? value | (-1 << shift) : value;
      }
    },
    text: () => new TextDecoder().decode(Uint8Array.from(bytes(unsigned()))),
    vector: (item) => Array.from({ length: unsigned() }, item),
  };
}

const valueTypes: ReadonlyMap<number, string> = new Map([
  [0x7f, "i32"],
  [0x7d, "f32"],
  [0x7b, "v128"],
]);
const valueType = (code: number): string => valueTypes.get(code) ?? `type ${code}`;

function functionType(r: Reader): string {
  r.byte();
  const params = r.vector(() => valueType(r.byte()));
  const results = r.vector(() => valueType(r.byte()));
  return [...(params.length > 0 ? [`(param ${params.join(" ")})`] : []), ...results.map((t) => `(result ${t})`)].join(
    " ",
  );
}

function importLine(r: Reader): string {
  const [from, name] = [r.text(), r.text()];
  invariant(r.byte() === 2, () => "only memory is imported");
  const flags = r.byte();
  const least = r.unsigned();
  const most = (flags & 1) === 1 ? ` ${r.unsigned()}` : "";
  return `import "${from}" "${name}" (memory ${least}${most}${(flags & 2) === 2 ? " shared" : ""})`;
}

const byCode: ReadonlyMap<string, Instruction> = new Map(instructions.map((i) => [String(i.code), i]));

function functionLines(r: Reader): readonly string[] {
  const end = r.unsigned() + r.at();
  const locals = r.vector(() => `${r.unsigned()} ${valueType(r.byte())}`);
  const lines = locals.length > 0 ? [`  local ${locals.join(", ")}`] : [];
  let indent = 1;
  while (r.at() < end) {
    const first = r.byte();
    const key = first === 0xfc || first === 0xfd ? `${first},${r.unsigned()}` : String(first);
    const found = byCode.get(key);
    invariant(found, () => `instruction ${key} is unknown`);
    if (found.name === "end" || found.name === "else") indent--;
    const rest = immediateText(r, found);
    if (indent > 0) lines.push(`${"  ".repeat(indent)}${found.name}${rest === "" ? "" : ` ${rest}`}`);
    if (found.immediate === "block" || found.name === "else") indent++;
  }
  return lines;
}

function immediateText(r: Reader, { name, immediate }: Instruction): string {
  switch (immediate) {
    case "none":
      return "";
    case "block":
      r.byte();
      return "";
    case "label":
    case "index":
      return String(r.unsigned());
    case "memory": {
      r.unsigned();
      const offset = r.unsigned();
      const lane = name.endsWith("_lane") ? ` lane=${r.byte()}` : "";
      return `${offset === 0 ? "" : `offset=${offset}`}${lane}`.trim();
    }
    case "i32":
      return String(r.signed());
    case "f32":
      return String(new Float32Array(Uint8Array.from(r.bytes(4)).buffer)[0]);
    case "v128":
      return [...new Int32Array(Uint8Array.from(r.bytes(16)).buffer)].join(" ");
    case "lane":
      return String(r.byte());
    case "lanes":
      return r.bytes(16).join(" ");
    case "types":
      return r.vector(() => valueType(r.byte())).join(" ");
  }
}
