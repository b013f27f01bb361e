import type { Explanation } from "./explanation.js";

/** Plan files (LF0420 – LF0423). */
export const plan: readonly Explanation[] = [
  {
    code: "LF0420",
    title: "A file that is no plan",
    text:
      "A plan is a JSON object with `planVersion`, `model`, `target` and three tables: `orders` and `strategies` " +
      "from subjects to names, `tiles` from subjects to numbers by name. The notes list all that does not fit. " +
      "`--save-plan` writes such a file.",
    arises: "It comes from the option `--plan`.",
  },
  {
    code: "LF0421",
    title: "A plan of another version",
    text:
      "The meaning of a plan may change between versions of its format, so another version is not guessed at. " +
      "Write the plan again with `--save-plan`.",
    arises: "It comes from the option `--plan`.",
  },
  {
    code: "LF0422",
    title: "A subject of a plan that the model has not",
    text:
      "A plan names its subjects as the source does: `y.0.head.keys` are the keys of a head in the first step of a " +
      "repeat. A name without a decision changes nothing: it may belong to another version of the model. " +
      "`lfc explain` lists the subjects.",
    arises: "It comes from the option `--plan`, as a warning.",
  },
  {
    code: "LF0423",
    title: "A choice of a plan that cannot be had",
    text:
      "The plan names an order, a strategy or a tile that is not among those possible here, for instance because it " +
      "was made for another machine. The compiler decides as it would without the plan. `lfc explain` lists what " +
      "there is to choose from.",
    arises: "It comes from the option `--plan`, as a warning.",
  },
];
