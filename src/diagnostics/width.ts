/**
 * How many columns of a terminal a text takes, and what is safe to print there: tabs are widened, East Asian characters
 * take two columns, combining marks none. Control characters and those that turn the direction of writing are replaced,
 * so that a source file cannot move the cursor or disguise itself in a message.
 */
export interface Cells {
  /** What to print. */
  readonly text: string;
  /** The column at which each UTF-16 unit of the source begins; one more entry for the end. */
  readonly columns: readonly number[];
}

const tabWidth = 4;

export function cells(line: string): Cells {
  let text = "";
  let column = 0;
  const columns: number[] = [];
  for (const char of line) {
    for (let unit = 0; unit < char.length; unit++) columns.push(column);
    if (char === "\t") {
      const width = tabWidth - (column % tabWidth);
      text += " ".repeat(width);
      column += width;
    } else if (unprintable.test(char)) {
      text += "\ufffd";
      column += 1;
    } else {
      text += char;
      column += charWidth(char);
    }
  }
  columns.push(column);
  return { text, columns };
}

/** Controls, lone surrogates, line separators, marks of direction, and what is invisible without joining anything. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u;

export function charWidth(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/\p{Mn}|\p{Me}/u.test(char)) return 0;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** Blocks whose characters are wide or full-width (Unicode Standard Annex 11), and emoji. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** One line of a message: what could break it or hide in it is replaced. */
export function printable(text: string): string {
  return Array.from(text, (char) => (unprintable.test(char) ? "\ufffd" : char)).join("");
}
