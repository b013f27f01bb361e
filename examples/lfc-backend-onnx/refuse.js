import { alphabet } from "./reduce.js";

/** @import { Diagnostic, Graph, Loc } from "./types.js" */

/**
 * What cannot be said: a contraction over more indices than an `Einsum` has letters. Element types that are not in
 * `target` are refused by lfc itself.
 *
 * @param {Graph} graph
 * @returns {readonly Diagnostic[]}
 */
export function refuse(graph) {
  return graph.nodes.flatMap((node, v) => {
    if (node.op === "region") return refuse(node.body);
    if (node.op !== "contract" || node.extents.length <= alphabet.length) return [];
    const span = spanOf(graph.locs[v]);
    return [
      {
        code: "LF0502",
        severity: "error",
        message: `the backend onnx has no more than ${alphabet.length} indices for one sum`,
        ...(span === undefined ? {} : { span }),
        help: "use another backend, or sum in steps",
      },
    ];
  });
}

/** Where the user wrote it. @param {Loc | undefined} loc @returns {Diagnostic["span"]} */
function spanOf(loc) {
  switch (loc?.kind) {
    case "source":
      return loc.span;
    case "call":
      return spanOf(loc.callee);
    case "fused":
      return spanOf(loc.from[0]);
    default:
      return undefined;
  }
}
