import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";
import { error } from "./message.js";

/** Messages about characters, strings and numbers: what the lexer finds (LF0104 – LF0110, LF0117). */

/** Long words are cut, so that a message stays one line; what stands in it cannot break the line either. */
export function quote(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 37)}…` : text;
  return `\`${short.replace(/\p{Cc}/gu, "\u00b7")}\``;
}

export const nulCharacter = (span: Span, wide: boolean): Diagnostic =>
  error("LF0104", span, wide ? "the file looks like UTF-16, not UTF-8" : "there is a NUL character in the file", {
    label: "a zero byte",
    help: wide ? "save it as UTF-8" : "is this a text file? remove the character",
  });

export function unknownCharacter(span: Span, char: string, lookAlike: string | undefined): Diagnostic {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const invisible = /^[\p{C}\p{Z}\p{M}]$/u.test(char);
  const shown = invisible ? `U+${code}` : `\`${char}\` (U+${code})`;
  const kind = invisible ? "invisible character" : "character";
  if (lookAlike === undefined) {
    return error("LF0105", span, `the ${kind} ${shown} has no meaning here`, {
      label: invisible ? "here" : "not part of the language",
      help: /^\p{L}$/u.test(char) ? "names are made of the letters a–z, A–Z, digits and `_`" : "remove it",
    });
  }
  if (lookAlike === " ") {
    return error("LF0105", span, `the ${kind} ${shown} looks like a space, but is none`, {
      label: "here",
      help: "replace it by an ordinary space",
    });
  }
  return error("LF0105", span, `the ${kind} ${shown} is not \`${lookAlike}\``, {
    label: `write \`${lookAlike}\``,
    help: `replace it by ${lookAlike.length === 1 ? `the ASCII character \`${lookAlike}\`` : `\`${lookAlike}\``}`,
  });
}

export const openString = (span: Span): Diagnostic =>
  error("LF0106", span, "the string does not end on its line", {
    label: "begins here",
    help: 'close it with `"`',
  });

export const badEscape = (span: Span, found: string): Diagnostic =>
  error("LF0107", span, `${quote(found)} is no escape in a string`, {
    label: "unknown",
    help: 'only `\\"` and `\\\\` are; a path is written with `/`',
  });

export function openNumber(span: Span, found: string): Diagnostic {
  const fixed = found.startsWith(".") ? `0${found}` : found.replace(".", ".0");
  return error("LF0108", span, `a number needs a digit on both sides of its dot`, {
    label: found.startsWith(".") ? "no digit before the dot" : "no digit after the dot",
    help: `write \`${fixed}\``,
  });
}

export function gluedNumber(span: Span, found: string): Diagnostic {
  const hex = /^0[xX]/.test(found);
  const product = /^([0-9][0-9_]*(?:\.[0-9]+)?)([A-Za-z_]\w*)$/.exec(found);
  return error("LF0109", span, `${quote(found)} is neither a number nor a name`, {
    label: hex ? "hexadecimal is not read" : "digits and letters run together",
    help: hex
      ? "write the number in decimal"
      : product && !/^[eEfFuUlL]$/.test(product[2] ?? "")
        ? `for a product write \`${product[1]} * ${product[2]}\``
        : "a number is written `12`, `1_000`, `0.5` or `1e-5`, without a suffix",
  });
}

export const numberTooLarge = (span: Span, found: string): Diagnostic =>
  error("LF0110", span, `the number ${quote(found)} is too large`, {
    label: /[.eE]/.test(found) ? "beyond every float" : "beyond 2^53 it would not be exact",
    help: /[.eE]/.test(found) ? undefined : "write it with an exponent if it need not be exact: `1e18`",
  });

export const foreignSymbol = (span: Span, found: string): Diagnostic => {
  const [message, help] = foreign(found);
  return error("LF0117", span, message, { label: "not part of the language", help });
};

function foreign(found: string): [message: string, help: string | undefined] {
  if (found.startsWith("/*")) return ["there are no block comments", "begin each line with `//`"];
  if (found.startsWith("#")) return ["a comment does not begin with `#`", "begin it with `//`"];
  if (found.startsWith("'")) return ["a string is not written with `'`", 'write it with `"`'];
  switch (found) {
    case "**":
      return ["the power operator is not `**`", "write `^`"];
    case "&&":
    case "&":
      return [`${quote(found)} is no operator`, "write `and`"];
    case "||":
    case "|":
      return [`${quote(found)} is no operator`, "write `or`; the absolute value is `abs(x)`"];
    case "!":
    case "~":
      return [`${quote(found)} is no operator`, "write `not`"];
    case ";":
      return ["statements are not separated by `;`", "remove it: each statement begins with a keyword"];
    case "@":
      return ["`@` is no operator", "a matrix product is a sum over an index: `sum[k] a[i, k] * b[k, j]`"];
    case ".":
      return [
        "`.` does not belong here",
        "there are no members or methods; a function is called `f(x)`, a range is `0..n`",
      ];
    case "=>":
      return ["`=>` is no symbol of the language", "the result of a function follows `->`"];
    case "+=":
    case "-=":
    case "*=":
    case "/=":
      return [`${quote(found)}: a name is never changed`, "give the new value a new name with `let`"];
    default:
      return [`${quote(found)} does not belong here`, undefined];
  }
}
