import type { LowerOptions } from "../driver/compile.js";
import { fail, ok } from "../util/result.js";
import type { Subject } from "./bench.js";
import { standardOf } from "./standard.js";
import { textbookOf } from "./textbook.js";

/**
 * A model and what it is to be run beside: `textbook`, the same in the order `E(XW)`; `standard`, that and the same with
 * standard attention; or any other, by its name.
 *
 * @param model of the first
 * @param other the model of another name
 */
export function subjectsOf(
  model: Subject["graph"],
  options: LowerOptions,
  rivals: readonly string[],
  other: (name: string) => Subject["graph"],
): readonly Subject[] {
  const textbook: Subject = {
    name: "textbook",
    options: { fp: "strict" },
    graph(dims) {
      const graph = model(dims);
      return graph.ok ? ok(textbookOf(graph.value)) : graph;
    },
  };
  const standard: Subject = {
    name: "standard",
    options,
    graph(dims) {
      const graph = model(dims);
      if (!graph.ok) return graph;
      const made = standardOf(graph.value);
      return made.ok ? made : fail([made.error]);
    },
  };
  const { fp } = options;
  const named = (name: string): readonly Subject[] => {
    if (name === "textbook") return [textbook];
    if (name === "standard") return [textbook, standard];
    return [{ name, graph: other(name), options: fp === undefined ? {} : { fp } }];
  };
  const all = [{ name: "this", graph: model, options }, ...rivals.flatMap(named)];
  return all.filter((s, i) => all.findIndex((o) => o.name === s.name) === i);
}
