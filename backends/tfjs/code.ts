/**
 * Pieces of JavaScript, and where they may run.
 *
 * A piece is `fixed` if it depends on weights and numbers only: what is fixed is computed once, when the model is made.
 * `names` are the local constants that the text mentions.
 */
export interface Code {
  readonly text: string;
  readonly fixed: boolean;
  readonly names: ReadonlySet<string>;
}

const nothing: ReadonlySet<string> = new Set();

/** Text that mentions nothing but numbers and the library. */
export const plain = (text: string): Code => ({ text, fixed: true, names: nothing });

/** A piece out of pieces: js`tf.add(${a}, ${b})`. */
export function js(strings: TemplateStringsArray, ...parts: readonly (Code | string | number)[]): Code {
  let text = strings[0] ?? "";
  let fixed = true;
  const names = new Set<string>();
  parts.forEach((part, i) => {
    text += typeof part === "object" ? part.text : typeof part === "number" ? number(part) : part;
    text += strings[i + 1] ?? "";
    if (typeof part !== "object") return;
    fixed &&= part.fixed;
    for (const name of part.names) names.add(name);
  });
  return { text, fixed, names };
}

/** Pieces with commas between. */
export const list = (parts: readonly Code[]): Code =>
  parts.reduce<Code>((all, part, i) => (i === 0 ? part : js`${all}, ${part}`), plain(""));

export const array = (parts: readonly Code[]): Code => js`[${list(parts)}]`;

/** A number so that it reads back as the same double. */
export function number(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "Infinity" : "-Infinity";
  return Object.is(x, -0) ? "-0" : String(x);
}

/** A string literal that is also safe in a line comment. */
export const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);

interface Statement {
  readonly name: string;
  readonly code: Code;
}

/** Writes constants in order of need, equal pieces once, into one of two places. */
export interface Writer {
  /** A constant for the piece; the same one for the same text. A bare name stays itself. */
  bind(code: Code, wish?: string): Code;
  /** What a constant was made of; undefined for inputs and weights. */
  definition(name: string): Code | undefined;
  /** A comment before the next constant that depends on inputs. */
  comment(text: string): void;
  /** Ends a group of statements: what later groups do not use may be freed after it. */
  group(): void;
  /** Whether what depends on inputs mentions a name. */
  mentions(name: string): boolean;
  /** A name that nothing else has. */
  unique(wish: string): string;
  /** Lines that compute what is fixed, and the names that `run` needs of it. */
  fixedLines(kept: ReadonlySet<string>): { readonly lines: readonly string[]; readonly names: readonly string[] };
  /** Lines that compute the rest, with what is no longer needed freed after each group; `kept` lives on. */
  runLines(kept: ReadonlySet<string>): readonly string[];
}

export const isName = (text: string): boolean => /^[A-Za-z_$][\w$]*$/.test(text);

export function writer(): Writer {
  const fixed: Statement[] = [];
  const groups: { readonly statements: Statement[]; comment: string | undefined }[] = [
    { statements: [], comment: undefined },
  ];
  const bound = new Map<string, Code>();
  const definitions = new Map<string, Code>();
  const taken = new Set<string>(["tf", "weights", "inputs"]);
  /** Names that some statement reads. */
  const mentioned = new Set<string>();
  let temporaries = 0;

  const unique = (wish: string): string => {
    const base = wish.replace(/[^A-Za-z0-9_]/g, "_");
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
    taken.add(name);
    return name;
  };
  /** What was computed last may still get a better name if nothing mentions it yet. */
  const renamed = (code: Code, wish: string): Code => {
    const place = code.fixed ? fixed : current().statements;
    const last = place.at(-1);
    if (last === undefined || last.name !== code.text || !/^t\d+$/.test(last.name)) return code;
    if (mentioned.has(last.name)) return code;
    const name = unique(wish);
    place[place.length - 1] = { ...last, name };
    definitions.set(name, last.code);
    const result: Code = { text: name, fixed: code.fixed, names: new Set([name]) };
    bound.set(last.code.text, result);
    return result;
  };
  const current = () => groups.at(-1) as (typeof groups)[number]; // never empty: one group is there from the start

  return {
    unique,
    bind(code, wish) {
      if (isName(code.text)) return wish === undefined ? code : renamed(code, wish);
      const known = bound.get(code.text);
      if (known !== undefined) return known;
      const name = unique(wish ?? `t${++temporaries}`);
      const result: Code = { text: name, fixed: code.fixed, names: new Set([name]) };
      (code.fixed ? fixed : current().statements).push({ name, code });
      definitions.set(name, code);
      for (const other of code.names) mentioned.add(other);
      bound.set(code.text, result);
      return result;
    },
    definition: (name) => definitions.get(name),
    comment(text) {
      current().comment = text;
    },
    group() {
      if (current().statements.length > 0) groups.push({ statements: [], comment: undefined });
      else current().comment = undefined;
    },
    mentions: (name) => groups.some((g) => g.statements.some((s) => s.code.names.has(name))),
    fixedLines(kept) {
      const used = new Set([...kept, ...groups.flatMap((g) => g.statements.flatMap((s) => [...s.code.names]))]);
      const names = fixed.map((s) => s.name).filter((name) => used.has(name));
      return { lines: fixed.map((s) => `const ${s.name} = ${s.code.text};`), names };
    },
    runLines(kept) {
      const lastUse = new Map<string, number>();
      groups.forEach((g, i) => {
        for (const s of g.statements) for (const name of [s.name, ...s.code.names]) lastUse.set(name, i);
      });
      // what is left at the end is freed with everything else
      const last = groups.findLastIndex((g) => g.statements.length > 0);
      const freed = groups.map((): string[] => []);
      for (const g of groups)
        for (const { name } of g.statements) if (!kept.has(name)) freed[lastUse.get(name) ?? last]?.push(name);
      return groups.flatMap((g, i) => {
        const lines = g.statements.map((s) => `const ${s.name} = ${s.code.text};`);
        if (g.comment !== undefined && lines.length > 0) lines.unshift(`// ${g.comment}`);
        const done = freed[i] ?? [];
        if (done.length > 0 && i < last) lines.push(`tf.dispose([${done.join(", ")}]);`);
        return lines;
      });
    },
  };
}
