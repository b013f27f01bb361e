import type { Explanation } from "./explanation.js";

/** Measuring (LF0430 – LF0432). */
export const bench: readonly Explanation[] = [
  {
    code: "LF0430",
    title: "No standard attention to compare with",
    text:
      "`lfc bench --vs standard` makes a second model out of the first by leaving the projections of keys and " +
      "values out: every row then attends to every row. That takes a product with a parameter whose first index " +
      "becomes the slots that a softmax runs over, and nothing else that speaks of those slots.",
    arises: "It comes from the option `--vs`.",
  },
  {
    code: "LF0431",
    title: "A backend that does not time its kernels",
    text:
      "What a kernel takes by itself is told by the backend that runs it. A backend whose executable has no " +
      "`profile` can be timed as a whole, and neither tuned nor explored.",
    arises: "It comes from the options `--tune` and `--explore`.",
  },
  {
    code: "LF0432",
    title: "Nothing to explore",
    text:
      "`lfc bench --explore` runs each product of matrices with every tile that its schedule offers. This model " +
      "has no such kernel on this backend.",
    arises: "It comes from the option `--explore`.",
  },
];
