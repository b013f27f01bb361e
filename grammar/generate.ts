import {
  Alternation,
  Alternative,
  generateCstDts,
  type IProduction,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  type Rule,
  Terminal,
  type TokenType,
} from "chevrotain";
import type { SourceFile } from "../src/diagnostics/span.js";
import { InternalError } from "../src/util/invariant.js";
import { lfParser } from "./lf.instances.js";
import { precedence } from "./lf.operators.js";
import * as t from "./lf.tokens.js";
import { libraryList, markdownTable, scalarTable } from "./reference.js";

/**
 * Texts that are made from the grammar itself and checked in; a test makes them again and compares (with LFC_BLESS=1 it
 * writes them): the types of the concrete tree, and the marked parts of REFERENCE.md.
 */

/** `lf.cst.d.ts` */
export function cstTypes(): string {
  const header = [
    "// Generated from lf.parser.ts; a test regenerates and compares it.",
    "// biome-ignore-all lint: generated",
    "// biome-ignore-all format: generated",
    "// biome-ignore-all assist: generated",
  ];
  const types = generateCstDts(lfParser().getGAstProductions(), { includeVisitorInterface: false });
  return `${header.join("\n")}\n${types}`;
}

/** The text with each part between `<!-- generated: name -->` and `<!-- end -->` made anew; `library` are the files of std. */
export function updateReference(text: string, library: readonly SourceFile[]): string {
  return text.replace(
    /(<!-- generated: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, name: string, close: string) => `${open}${section(name, library)}\n${close}`,
  );
}

function section(name: string, library: readonly SourceFile[]): string {
  switch (name) {
    case "grammar":
      return `\`\`\`ebnf\n${ebnf()}\n\`\`\``;
    case "precedence":
      return precedenceTable();
    case "keywords":
      return words(t.keywords);
    case "contextual":
      return words(t.contextualWords);
    case "scalars":
      return scalarTable();
    case "library":
      return libraryList(library);
    default:
      throw new InternalError(`no generated section is called ${name}`);
  }
}

function words(types: readonly TokenType[]): string {
  return types.map((type) => `\`${t.spelling(type) ?? type.name}\``).join(" ");
}

const precedenceTable = (): string =>
  markdownTable([
    ["level", "operators", "associates", ""],
    ...precedence.map((p) => [String(p.level), p.operators, p.associates, p.note]),
  ]);

/** Every rule of the parser, then the kinds of token that stand for several. */
export function ebnf(): string {
  const rules = Object.values(lfParser().getGAstProductions());
  const categories: (readonly [string, TokenType])[] = [
    ["dtype", t.DTypeName],
    ["reductionName", t.ReductionName],
    ["infixOperator", t.InfixOperator],
    ["sizeOperator", t.SizeOperator],
  ];
  const lines = [
    ...rules.map((rule) => production(rule.name, ruleText(rule))),
    ...categories.map(([name, type]) => production(name, members(type).join(" | "))),
  ];
  return lines.join("\n");
}

const nameWidth = 16;
const width = 100;

/** `name = …`, wrapped between words below the `=`. */
function production(name: string, text: string): string {
  const lines: string[] = [];
  let current = `${name.padEnd(nameWidth)} =`;
  for (const word of text.split(" ")) {
    if (current.length + 1 + word.length > width) {
      lines.push(current);
      current = " ".repeat(nameWidth + 2);
    }
    current += ` ${word}`;
  }
  return [...lines, current].join("\n");
}

function ruleText(rule: Rule): string {
  return sequence(rule.definition);
}

function sequence(list: readonly IProduction[]): string {
  return list.map((p) => one(p, list.length > 1)).join(" ");
}

function one(p: IProduction, among: boolean): string {
  if (p instanceof Terminal) return terminal(p.terminalType);
  if (p instanceof NonTerminal) return p.nonTerminalName;
  if (p instanceof Option) return `[ ${sequence(p.definition)} ]`;
  if (p instanceof Repetition) return `{ ${sequence(p.definition)} }`;
  if (p instanceof RepetitionMandatory) {
    const inside = sequence(p.definition);
    return `${inside} { ${inside} }`;
  }
  if (p instanceof Alternation) {
    const text = p.definition.map((a) => one(a, false)).join(" | ");
    return among ? `( ${text} )` : text;
  }
  if (p instanceof Alternative) return sequence(p.definition);
  throw new InternalError("a kind of production that the grammar does not use");
}

function terminal(type: TokenType): string {
  switch (type) {
    case t.Name:
      return "NAME";
    case t.Num:
      return "NUMBER";
    case t.Str:
      return "STRING";
    case t.DTypeName:
      return "dtype";
    case t.ReductionName:
      return "reductionName";
    case t.InfixOperator:
      return "infixOperator";
    case t.SizeOperator:
      return "sizeOperator";
    case t.Extremum:
    case t.CallableWord:
      return `( ${members(type).join(" | ")} )`;
    default:
      return `"${t.spelling(type) ?? type.name}"`;
  }
}

function members(category: TokenType): string[] {
  return t.allTokens
    .filter((type) => type.CATEGORIES?.includes(category) && t.spelling(type) !== undefined)
    .map((type) => `"${t.spelling(type)}"`);
}
