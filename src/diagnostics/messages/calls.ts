import type { Name } from "../../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostic.js";
import type { Span } from "../span.js";
import { code, count, error, list, noteAt } from "./message.js";

/** Messages about calls, results, instances and models (language.md F1–F5, D6, I7): LF0270 … LF0289. */

/** An argument with its type in the user's words. */
export interface Given {
  readonly span: Span;
  readonly text: string;
  readonly type: string;
}

export const argumentCount = (span: Span, callee: Name, formals: readonly string[], given: number): Diagnostic =>
  error(
    "LF0270",
    span,
    `${callee.text} takes ${count(formals.length, "argument", "arguments")}, ${given} ${given === 1 ? "is" : "are"} given`,
    {
      label: `${given} given`,
      notes: noteAt(callee.span, `takes ${formals.length === 0 ? "none" : list(formals)}`),
    },
  );

export const argumentRank = (
  given: Given,
  callee: string,
  formal: Name,
  wanted: string,
  has: number,
  wants: number,
): Diagnostic =>
  error("LF0271", given.span, `${code(given.text)} does not fit the argument ${formal.text} of ${callee}`, {
    label: given.type,
    notes: noteAt(formal.span, wanted),
    help:
      has > wants
        ? `it has ${count(has - wants, "axis", "axes")} more; to apply ${callee} along ${has - wants === 1 ? "it" : "them"}, subscript with indices that are on the left: ${code(`let y[i] = ${callee}(${given.text}[i])`)}`
        : `it has ${count(wants - has, "axis", "axes")} less than wanted`,
  });

export const argumentType = (given: Given, callee: string, formal: Name, found: string, wanted: string): Diagnostic =>
  error("LF0271", given.span, `the argument ${formal.text} of ${callee} is ${wanted}, not ${found}`, {
    label: given.type,
    notes: noteAt(formal.span, wanted),
    help:
      wanted === "bool"
        ? `compare it: ${code(`${given.text} != 0`)}`
        : found === "bool"
          ? "a bool is not a number"
          : `convert it: ${code(`${wanted}(${given.text})`)}`,
  });

export const argumentShape = (
  given: Given,
  callee: string,
  formal: Name,
  wanted: string,
  axis: number,
  expected: string,
  found: string,
): Diagnostic =>
  error("LF0271", given.span, `${code(given.text)} does not fit the argument ${formal.text} of ${callee}`, {
    label: given.type,
    notes: noteAt(formal.span, `wanted here: ${wanted}`),
    help: `axis ${axis} is ${found} where ${expected} is wanted; sizes are compared by name, not by value`,
  });

export interface BoundPlace {
  readonly span: Span;
  readonly formal: string;
  readonly size: string;
  readonly text: string;
}

/** F1: two arguments that say different things about one generic. */
export const genericClash = (callee: string, generic: string, first: BoundPlace, second: BoundPlace): Diagnostic =>
  error(
    "LF0272",
    second.span,
    `${callee} needs one ${generic}: it is ${first.size} from ${first.formal} and ${second.size} from ${second.formal}`,
    {
      label: `${generic} = ${second.size}`,
      notes: noteAt(first.span, `${generic} = ${first.size}`),
      help: "sizes are compared by name, not by value; pass tensors that share the dim, or slice the longer one",
    },
  );

export const genericNotFound = (name: Name, callee: string, inside: Span | undefined): Diagnostic =>
  error("LF0273", name.span, `no argument of ${callee} says what ${name.text} is`, {
    label: "in no argument as an axis by itself",
    notes: noteAt(inside, `here ${name.text} is only part of a size`),
    help: `make it an argument: ${code(`${callee}(…, ${name.text}: dim)`)}`,
  });

export const dimArgument = (span: Span, text: string, callee: string, formal: Name): Diagnostic =>
  error(
    "LF0274",
    span,
    `the argument ${formal.text} of ${callee} is a size: ${code(text)} is not known when the program is compiled`,
    {
      label: "not a constant",
      notes: noteAt(formal.span, "a dim"),
      help: "pass a number, a dim, an entry of a table, or arithmetic on these",
    },
  );

export const raggedArgument = (span: Span, text: string, size: string): Diagnostic =>
  error("LF0275", span, `${code(text)} has an axis of size ${size}, which differs along another of its axes`, {
    label: "no single size",
    help: "pass it for each index of the other axis: `let y[h] = f(x[h])`",
  });

export const divisorBecomesSum = (span: Span, generic: string, sum: string, size: string, place?: Span): Diagnostic =>
  error("LF0229", span, `${generic} is ${sum} here, and ${code(size)} divides by it`, {
    label: "a sum as divisor",
    notes: noteAt(place, "asked for here"),
    help: "a size is divided by a single term only; give the sum a dim of its own",
  });

export const notCallable = (span: Span, text: string, what: string, at?: Span): Diagnostic =>
  error("LF0276", span, `${code(text)} is ${what} and cannot be called`, {
    label: "not a function",
    notes: noteAt(at, "declared here"),
    help: "to take an element, write `[…]`",
  });

export const callOfModel = (name: Name): Diagnostic =>
  error("LF0276", name.span, `${name.text} is a model: it is run from outside, not called`, {
    label: "a model",
    help: "make it a block to use it in other blocks and models",
  });

export const blockInFn = (name: Name, fn: string): Diagnostic =>
  error("LF0277", name.span, `a fn is pure and cannot call the block ${name.text}`, {
    label: "a block has parameters",
    help: `make ${fn} a block, or call ${name.text} outside and pass the result`,
  });

export const recursion = (span: Span, circle: readonly Name[]): Diagnostic => {
  const [first] = circle;
  const names = circle.map((n) => n.text);
  return error(
    "LF0278",
    span,
    circle.length === 1
      ? `${first?.text} calls itself`
      : `these call each other in a circle: ${[...names, names[0]].join(" → ")}`,
    {
      label: circle.length === 1 ? "recursion" : "closes the circle",
      notes: circle.slice(0, 4).flatMap((n) => noteAt(n.span, `${n.text} is declared here`)),
      help: "there is no recursion: all calls are expanded; use `repeat` for a fixed number of steps",
    },
  );
};

// Obligations (F3)

const given = (where: string): string => (where === "" ? "this call" : where);

export const needsAtLeast = (
  span: Span,
  callee: string,
  asked: string,
  where: string,
  here: string,
  sizes: string,
  place: Span,
): Diagnostic =>
  error("LF0279", span, `${callee} needs ${asked}, which does not hold here`, {
    label: given(where),
    notes: noteAt(place, "needed here"),
    help: `for this call: ${here}${sizes === "" ? "" : `, with ${sizes}`}`,
  });

export const needsWhole = (
  span: Span,
  callee: string,
  asked: string,
  where: string,
  here: string,
  sizes: string,
  place: Span,
): Diagnostic =>
  error("LF0280", span, `${callee} needs ${asked} to be a whole number`, {
    label: given(where),
    notes: noteAt(place, "needed here"),
    help: `${here} is not a whole number${sizes === "" ? "" : `, with ${sizes}`}`,
  });

export const needsFixed = (
  span: Span,
  callee: string,
  asked: string,
  where: string,
  dim: string,
  place: Span,
): Diagnostic =>
  error(
    "LF0281",
    span,
    `${callee} needs a size that is known when the program is compiled (${asked}); ${dim} is bound at run time`,
    {
      label: given(where),
      notes: noteAt(place, "needed here"),
    },
  );

// Results and bodies

export const resultTwice = (name: Name, first: Name): Diagnostic =>
  error("LF0282", name.span, `two results are called ${name.text}`, {
    label: "again",
    notes: noteAt(first.span, "the first"),
  });

export const resultCount = (span: Span, callee: string, given_: number, wanted: number, declared: Span): Diagnostic =>
  error(
    "LF0282",
    span,
    `${callee} declares ${count(wanted, "result", "results")}, ${given_} ${given_ === 1 ? "is" : "are"} returned`,
    {
      label: `${given_} returned`,
      notes: noteAt(declared, `${wanted} declared`),
      help:
        given_ === 1 && wanted > 1
          ? "return each by itself: `return a, b`; take the results of a call apart before"
          : undefined,
    },
  );

export function resultDiffers(
  found: Given,
  declared: { readonly span: Span; readonly type: string; readonly name?: string },
  why: "shape" | "transposed" | "dtype",
): Diagnostic {
  const which = declared.name === undefined ? "the result" : `the result ${declared.name}`;
  return error("LF0283", found.span, `${which} is ${found.type}, but ${declared.type} is declared`, {
    label: found.type,
    notes: noteAt(declared.span, declared.type),
    help:
      why === "transposed"
        ? "the axes are in the other order: swap the indices on the left of its `let`, or the declaration"
        : why === "dtype"
          ? "convert it, or change the declaration"
          : "the axes of a value are those of the indices on the left of its `let`, in that order",
  });
}

export function targetCount(
  span: Span,
  targets: readonly Name[],
  value: string,
  results: readonly string[],
): Diagnostic {
  const names = targets.map((t) => t.text);
  const wanted = results.length === 1 ? "a" : results.map((r, i) => r || `r${i + 1}`).join(", ");
  return error(
    "LF0285",
    spanOf(targets, span),
    `${code(value)} gives ${count(results.length, "result", "results")} for ${count(targets.length, "name", "names")}`,
    {
      label: list(names),
      help: `write ${code(`let ${results.length === 1 ? (names[0] ?? wanted) : wanted} = …`)}`,
    },
  );
}

const spanOf = (names: readonly Name[], otherwise: Span): Span => {
  const [first] = names;
  const last = names.at(-1);
  return first === undefined || last === undefined ? otherwise : { ...first.span, end: last.span.end };
};

export const targetIndices = (span: Span, first: Span): Diagnostic =>
  error("LF0285", span, "all names on the left have the same indices", {
    label: "other indices",
    notes: noteAt(first, "these"),
    help: "the call is evaluated once for each index, and gives all results together",
  });

// repeat

export const repeatAtRunTime = (span: Span, dim: string): Diagnostic =>
  error("LF0286", span, "the count of a repeat is known when the program is compiled", {
    label: `${dim} is bound at run time`,
    help: "give the count a number; a loop over a run-time axis is a reduction: `sum[m <= n]`",
  });

export const stateCount = (span: Span, returned: number, states: readonly Name[]): Diagnostic =>
  error("LF0286", span, `this repeat has ${count(states.length, "state", "states")}, its body returns ${returned}`, {
    label: `${returned} returned`,
    notes: states.slice(0, 4).flatMap((s) => noteAt(s.span, "a state")),
    help: `return the next value of each: ${code(`return ${states.map((s) => s.text).join(", ")}`)}`,
  });

export const stateChanges = (span: Span, state: Name, first: string, next: string): Diagnostic =>
  error("LF0287", span, `the next ${state.text} is ${next}, the first was ${first}`, {
    label: next,
    notes: noteAt(state.span, first),
    help: "a state keeps its type from step to step",
  });

// Instances (F4, I7)

export const layerMissing = (name: Name, block: string, shape: string): Diagnostic =>
  error("LF0288", name.span, `${name.text} is a list ${shape} of instances of ${block}`, {
    label: "which one?",
    help: `choose one: ${code(`${name.text}[l](…)`)}, with the counter of a repeat or a number`,
  });

export const layerCount = (span: Span, name: string, given_: number, shape: string, at: Span): Diagnostic =>
  error("LF0288", span, `${count(given_, "subscript is", "subscripts are")} given for the list ${name} ${shape}`, {
    label: "each axis takes one",
    notes: noteAt(at, "declared here"),
  });

export const layerSlice = (span: Span, name: string): Diagnostic =>
  error("LF0288", span, `one instance of ${name} is called at a time`, {
    label: "not a number",
    help: `write ${code(`repeat l in … (z = x) { ${name}[l](z) }`)}`,
  });

export const layerByIndex = (span: Span, name: string, text: string, index: boolean): Diagnostic =>
  error("LF0288", span, `an instance of ${name} is chosen by a constant`, {
    label: index ? `${text} is a tensor index` : "known only at run time",
    help: "use the counter of a repeat or a number; to have weights for each index, give the parameters an axis",
  });

export const layerOutside = (
  span: Span,
  call: string,
  text: string,
  name: string,
  length: string,
  at: Span,
): Diagnostic =>
  error("LF0288", span, `${code(call)} can be outside of the list`, {
    label: `${text} can leave 0 … ${/^\d+$/.test(length) ? Number(length) - 1 : `${length} - 1`}`,
    notes: noteAt(at, `${name} has ${length}`),
  });

export const sizeChanges = (span: Span, name: Name, generic: string, size: string, parameter: Name): Diagnostic =>
  error("LF0289", span, `${name.text} is one instance, but ${generic} = ${size} changes from call to call`, {
    label: `${generic} = ${size}`,
    notes: noteAt(parameter.span, `the size of ${parameter.text} depends on ${generic}`),
    help: `declare one instance for each: ${code(`param ${name.text}: …[l: …]`)}`,
  });

export const twoSizes = (
  name: Name,
  generic: string,
  first: { readonly span: Span; readonly size: string },
  second: { readonly span: Span; readonly size: string },
  parameter: Name,
): Diagnostic =>
  error(
    "LF0289",
    second.span,
    `${name.text} is one instance and cannot have two sizes: ${generic} is ${first.size} and ${second.size}`,
    {
      label: `${generic} = ${second.size}`,
      notes: [
        ...noteAt(first.span, `${generic} = ${first.size}`),
        ...noteAt(parameter.span, `the size of ${parameter.text} depends on ${generic}`),
      ],
      help: "declare two instances, or leave the size out of the parameters",
    },
  );

// Models (D6)

export const genericModel = (name: Name, generics: readonly Name[]): Diagnostic =>
  error("LF0290", generics[0]?.span ?? name.span, `the sizes of a model are dims of the file`, {
    label: "a model has no generics",
    help: `declare ${code(`dim ${generics[0]?.text ?? "N"} = ? in 1..1024`)} at the top of the file`,
  });

export const dimOfModel = (formal: Name, model: string): Diagnostic =>
  error("LF0290", formal.span, `${model} is a model: its inputs are tensors, not dims`, {
    label: "a dim",
    help: `declare ${code(`dim ${formal.text} = …`)} at the top of the file; \`--dim\` can change it`,
  });

export const runTimeUnbound = (model: Name, dim: string, place: Span, inside: Span | undefined): Diagnostic =>
  error(
    "LF0291",
    model.span,
    `${dim} is bound at run time, but no input of ${model.text} has it as an axis by itself`,
    {
      label: `nothing says what ${dim} is in a run`,
      notes:
        inside === undefined
          ? noteAt(place, `${dim} is used here`)
          : noteAt(inside, `here ${dim} is only part of a size`),
      help: `give an input the axis ${dim}, or give ${dim} a number`,
    },
  );
