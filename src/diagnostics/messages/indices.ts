import type { Name } from "../../../grammar/lf.ast.js";
import type { Diagnostic, Note } from "../diagnostic.js";
import type { Span } from "../span.js";
import { code, error, list, noteAt } from "./message.js";

/** Messages about indices and subscripts (language.md I1–I7): LF0201 … LF0213. */

/** Something that gives an index a range. */
export interface RangePlace {
  readonly span: Span;
  readonly size: string;
  /** Its number, where it is fixed. */
  readonly value: number | undefined;
  readonly by: "annotation" | "subscript" | "concat";
  /** The subscripted text, for a fix by a slice. */
  readonly sliced?: Sliced;
}

export interface Sliced {
  readonly of: string;
  readonly axis: number;
  readonly rank: number;
  /** All subscripts as written. */
  readonly subs: string;
}

/** `pos[0..Seq, :][n, d]`. */
function sliceFix(place: RangePlace, size: string): string | undefined {
  const { sliced } = place;
  if (sliced === undefined) return undefined;
  const axes = Array.from({ length: sliced.rank }, (_, i) => (i === sliced.axis ? `0..${size}` : ":"));
  return `${sliced.of}[${axes.join(", ")}][${sliced.subs}]`;
}

export function rangeClash(
  index: string,
  first: RangePlace,
  second: RangePlace,
  longer: "first" | "second" | "neither",
): Diagnostic {
  const concat = first.by === "concat" || second.by === "concat";
  const slice =
    longer === "second" ? sliceFix(second, first.size) : longer === "first" ? sliceFix(first, second.size) : undefined;
  const equal = first.value !== undefined && first.value === second.value;
  const help = concat
    ? "after a concat the index runs over all of its parts together; the other side must be that long too"
    : equal
      ? `sizes are compared by name: ${first.size} and ${second.size} are both ${first.value} now, but \`--dim\` may change one of them. ` +
        `If they are the same size, use one dim for both${slice === undefined ? "" : `; if one is part of the other, write ${code(slice)}`}`
      : slice !== undefined
        ? `to use the first ${longer === "second" ? first.size : second.size} of it, write ${code(slice)}`
        : `use two indices, or say which part is meant by an annotation on the left: ${code(`${index}: ${first.size}`)}`;
  return error("LF0203", second.span, `index ${index} ranges over two different dimensions`, {
    label: second.size,
    notes: [{ span: first.span, message: first.size }],
    help,
  });
}

export interface Rangeless {
  readonly name: string;
  readonly span: Span;
  readonly how: "left" | "reduction" | "softmax" | "concat";
  /** A subscript in which it stands with arithmetic. */
  readonly arithmetic?: Span;
  /** The size of the declared result at its place. */
  readonly guess?: string;
}

/** I2: no annotation, bare subscript or short form says what they range over. */
export function noRange(indices: readonly Rangeless[]): Diagnostic {
  const [first] = indices;
  const names = [...new Set(indices.map((i) => i.name))];
  const span = first?.span ?? ({} as Span);
  const arithmetic = indices.find((i) => i.arithmetic !== undefined)?.arithmetic;
  const notes: Note[] = indices.slice(1).map((i) => ({ span: i.span, message: "and this one" }));
  if (arithmetic !== undefined) notes.push({ span: arithmetic, message: "arithmetic in a subscript gives no range" });
  const written = indices.map((i) => `${i.name}: ${i.guess ?? "…"}`);
  const guessed = indices.every((i) => i.guess !== undefined);
  return error("LF0202", span, `nothing says what ${list(names)} ${names.length > 1 ? "range" : "ranges"} over`, {
    label: "no subscript is just this index",
    notes,
    help: guessed
      ? `the declared result does not say it; write ${code(written.join(", "))} where ${names.length > 1 ? "they are" : "it is"} bound`
      : `write the size where ${names.length > 1 ? "each is" : "it is"} bound: ${code(written.join(", "))}`,
  });
}

/** I3: an annotated index subscripts an axis that is shorter. */
export const annotationTooLong = (index: string, said: RangePlace, axis: RangePlace, guard: boolean): Diagnostic =>
  error("LF0204", axis.span, `index ${index} goes beyond the end of this axis`, {
    label: `the axis has ${sized(axis)}`,
    notes: [{ span: said.span, message: `${index} ranges over ${sized(said)}` }],
    help:
      `an annotated index may stay within an axis, not leave it: ${said.size} must be at most ${axis.size}` +
      (guard
        ? "; the condition around it does not make it shorter"
        : `, or a condition keep it inside: ${code(`if ${index} < ${axis.size} then … else …`)}`),
  });

const sized = ({ size, value }: { readonly size: string; readonly value: number | undefined }): string =>
  value === undefined || size === String(value) ? size : `${size} = ${value}`;

export interface LinkedSide {
  readonly span: Span;
  readonly size: string;
  readonly index: string;
}

/** I6 for the short form, which makes two indices range over one dimension (I2 c). */
export const linkedRanges = (link: Span, first: LinkedSide, second: LinkedSide): Diagnostic =>
  error(
    "LF0205",
    link,
    `${second.index} and ${first.index} are positions in different dimensions and cannot be compared`,
    {
      label: "a comparison inside one dimension",
      notes: [
        { span: second.span, message: `${second.index} ranges over ${second.size}` },
        { span: first.span, message: `${first.index} ranges over ${first.size}` },
      ],
      help: slots,
    },
  );

const slots =
  "only positions of one dimension have an order. A projected slot mixes all positions, so it is neither before nor after one of them: " +
  `for causal attention use the prefix form ${code("sum[m <= n] e[k, m] * x[m, c]")} in keys and values, ` +
  `or the block form, a slot for each block and ${code("j < b")} between blocks ` +
  `(${code("linformer_prefix_head")} and ${code("linformer_block_head")} of std/attention.lf)`;

export interface ComparedSide {
  readonly span: Span;
  /** What it ranges over. */
  readonly size: string;
  readonly text: string;
  readonly index?: string;
  readonly bound?: Span;
}

/** I6: only positions of one dimension have an order among them. */
export function comparedRanges(left: ComparedSide, right: ComparedSide): Diagnostic {
  const a = left.index ?? left.text;
  const b = right.index ?? right.text;
  return error("LF0205", left.span, `${a} and ${b} are positions in different dimensions and cannot be compared`, {
    label: `${left.text} ranges over ${left.size}`,
    notes: [{ span: right.span, message: `${right.text} over ${right.size}` }],
    help: `${slots}.\nIf the numbers themselves are meant, say so: ${code(`f32(${a}) < f32(${b})`)}`,
  });
}

/** The subject of a subscript that leaves its axis (I4). */
export interface Subject {
  readonly span: Span;
  readonly text: string;
  readonly of: string;
  /** With its brackets. */
  readonly whole: string;
  readonly extent: string;
  readonly extentValue: number | undefined;
  /** A condition is in force, but does not suffice. */
  readonly guard: boolean;
  readonly index: string | undefined;
}

export function belowZero(s: Subject, least: string | undefined): Diagnostic {
  const condition = conditionFor(s.text);
  return error("LF0206", s.span, `${code(s.text)} can be below 0`, {
    label: s.guard
      ? "even under the condition"
      : least === undefined || least === s.text
        ? "below 0"
        : `as small as ${least}`,
    help:
      s.index === undefined
        ? `a subscript of ${code(s.of)} is at least 0`
        : `${s.guard ? "the condition around it does not rule that out; " : ""}keep it in range by a condition: ${code(`if ${condition} then ${s.whole} else 0`)}, or ${code(`where ${condition}`)} in a reduction`,
  });
}

/** `n > 0` for `n - 1`. */
function conditionFor(text: string): string {
  const match = /^([A-Za-z_]\w*) - ([A-Za-z_0-9]\w*)$/.exec(text.trim());
  if (match === null) return `${text} >= 0`;
  return match[2] === "1" ? `${match[1]} > 0` : `${match[1]} >= ${match[2]}`;
}

export function beyondEnd(s: Subject, most: string | undefined): Diagnostic {
  const extent =
    s.extentValue === undefined || s.extent === String(s.extentValue) ? s.extent : `${s.extent} = ${s.extentValue}`;
  const last = s.extentValue === undefined ? `${s.extent} - 1` : String(s.extentValue - 1);
  return error("LF0207", s.span, `${code(s.text)} can be beyond the end of this axis`, {
    label: `${most === undefined || most === s.text || s.guard ? "" : `reaches ${most}; `}the axis has ${extent}, so 0 … ${last}`,
    help:
      s.index === undefined
        ? undefined
        : `${s.guard ? "the condition around it does not rule that out; " : ""}shorten the range of ${s.index}, or keep the subscript in range by a condition: ${code(`if ${s.text} < ${s.extent} then ${s.whole} else 0`)}`,
  });
}

export const softmaxUnkept = (index: Name): Diagnostic =>
  error("LF0208", index.span, `softmax keeps its index, but ${index.text} is bound nowhere around it`, {
    label: "neither on the left of the `let` nor bound by a reduction outside",
    help: `a softmax gives one number for each ${index.text}: put ${index.text} on the left, as in ${code(`let p[…, ${index.text}] = softmax[${index.text}] …`)}`,
  });

export const concatUnbound = (index: Name): Diagnostic =>
  error("LF0209", index.span, `concat joins along ${index.text}, which is bound nowhere around it`, {
    label: "neither on the left of the `let` nor bound by a reduction outside",
    help: `the joined axis is an index outside too: ${code(`let y[…, ${index.text}] = concat[${index.text}](…)`)}`,
  });

export const partWithoutRange = (part: Span, index: string, text: string): Diagnostic =>
  error("LF0210", part, `nothing says how long this part of the concat is`, {
    label: `no subscript here is just ${index}`,
    help: `in each part ${index} is an index of its own, with the range of what it subscripts; give ${code(text)} an axis, for example ${code(`let fill[${index}: …] = ${text}`)} and then ${code(`fill[${index}]`)}`,
  });

/** D5: an index over `T[h]` bound before h. */
export const parentAfter = (index: Name, parent: Name, range: string, left: boolean): Diagnostic =>
  error("LF0211", index.span, `${index.text} ranges over ${range}, so it must come after ${parent.text}`, {
    label: `its length depends on ${parent.text}`,
    notes: noteAt(parent.span, `${parent.text} is bound here`),
    help: left
      ? `write ${parent.text} before ${index.text} on the left: ${code(`[${parent.text}, ${index.text}]`)}`
      : `bind ${parent.text} first: ${code(`[${parent.text}, ${index.text}]`)}`,
  });
