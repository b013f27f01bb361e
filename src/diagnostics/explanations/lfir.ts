import type { Explanation } from "./explanation.js";

/** The text of the intermediate representations, .lfir (LF0601 – LF0620). Its readers are people who write passes and tests. */
export const lfir: readonly Explanation[] = [
  {
    code: "LF0601",
    title: ".lfir: a character that is no part of it",
    text:
      "Values are written `%x`, arguments `$0`, comments begin with `//`. The remainder has a blank behind its " +
      "sign, `a % b`, since `%b` is a value.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0602",
    title: ".lfir: something else was expected",
    text: "The text cannot be continued like this. The message names what can stand here.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0603",
    title: ".lfir: too deep a nesting",
    text:
      "Brackets and operators nest only so deep, so that no pass overflows its stack. What lfc prints itself " +
      "stays far below.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0604",
    title: ".lfir: a string that is not JSON",
    text:
      'Strings are written as in JSON, with `\\"` and `\\\\` inside. So any name of a parameter or of a file can ' +
      "be written.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0605",
    title: ".lfir: a text of another kind",
    text:
      "A file holds a graph or a program of kernels; the command wanted the other one. `lfc ir --level` chooses " +
      "which one is printed.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0606",
    title: ".lfir: an unknown name",
    text:
      "Values, sizes, indices, variables and buffers are declared before they are used. The nearest name that " +
      "is known is suggested.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0607",
    title: ".lfir: a name that is there already",
    text: "Every name is given once. The note shows where it was first.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0608",
    title: ".lfir: too many or too few subscripts",
    text:
      "A use of a value has one subscript for each of its axes. An axis that is kept has an index of the result " +
      "as its subscript.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0609",
    title: ".lfir: a type that does not fit",
    text:
      "The written type of a value is compared with the one that follows from its operation. They differ, so " +
      "one of them is a mistake.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0610",
    title: ".lfir: an index of unknown extent",
    text:
      "The extent of an index follows from a bare subscript, or is said with `over`. Arithmetic in a subscript " +
      "does not tell it.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0611",
    title: ".lfir: a map without one of its indices",
    text:
      "Every index of a map stands in its result; one that does not would be computed for nothing. An index " +
      "that is to be summed over belongs to a contract or a reduce.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0612",
    title: ".lfir: a function with the wrong number of arguments",
    text:
      "The message says how many it takes. In this text sums and products take two arguments; longer ones are " +
      "nested.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0613",
    title: ".lfir: an argument beyond the last",
    text:
      "`$0` is the first argument of a node; the node has fewer than this. Arguments are the uses of values " +
      "that are listed before the expression.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0614",
    title: ".lfir: something that does not belong here",
    text:
      "Sizes, subscripts and scalar expressions are made of different parts; the help lists those of this " +
      "place. For instance a size never holds an index.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0615",
    title: ".lfir: a quotient that is not exact",
    text:
      "A size is divided exactly by a single product only; otherwise it is rounded, `floor(a / b)`. `/` without " +
      "rounding is kept for quotients that are known to be whole.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0616",
    title: ".lfir: a range that is none",
    text:
      "A range has two whole numbers, the smaller first. The range is that of a run-time size, both ends " +
      "included.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0617",
    title: ".lfir: a body where none belongs, or none where one does",
    text:
      "A region is followed by its graph in braces, other nodes are not. The graph of a region is what it " +
      "computes in one go.",
    arises: "It comes from a .lfir text.",
  },
  {
    code: "LF0620",
    title: ".lfir: a text that can be read, but is not sound",
    text:
      "The verifier of the representation found a broken rule, which its message states. It is checked here as " +
      "it is after every pass, so a text never brings in what a pass could not.",
    arises: "It comes from a .lfir text.",
  },
];
