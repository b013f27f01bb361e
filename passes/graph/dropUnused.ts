import type { Graph } from "../../src/ir/graph/ops.js";
import type { Pass } from "../pass.js";
import { dropUnreachable } from "../rewrite.js";

/** Inputs stay: they are the model's signature. Parameters that no output needs go. */
export const dropUnused: Pass<Graph> = {
  name: "dropUnused",
  summary: "drop what no output needs",
  run: dropUnreachable,
};
