import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { unsupportedElementType } from "../../src/diagnostics/messages/backend.js";
import type { Loc, Span } from "../../src/diagnostics/span.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Graph, Node, Scalar } from "../../src/ir/graph/ops.js";
import { walkScalar } from "../../src/ir/graph/visit.js";

/**
 * TensorFlow.js has float32, int32 and bool: a value or a constant of another type, or a conversion to one, is refused
 * where it stands. Everything else of a graph can be said in its operations.
 */
export function refuse(graph: Graph, dtypes: ReadonlySet<DType>): readonly Diagnostic[] {
  return graph.nodes.flatMap((node, v): readonly Diagnostic[] => {
    if (node.op === "region") return refuse(node.body, dtypes);
    const lacking = usedTypes(node).find((dtype) => !dtypes.has(dtype));
    return lacking === undefined ? [] : [unsupportedElementType("tfjs", lacking, spanOf(graph.locs[v]))];
  });
}

function usedTypes(node: Node): readonly DType[] {
  const found: DType[] = [node.type.dtype];
  const body: Scalar | undefined = node.op === "map" ? node.body : "where" in node ? node.where?.body : undefined;
  if (body !== undefined)
    walkScalar(body, (part) => {
      if (part.e === "const") found.push(part.dtype);
      if (part.e === "convert") found.push(part.to);
    });
  return found;
}

/** Where the user wrote it: inside a function, the function's text. */
function spanOf(loc: Loc | undefined): Span | undefined {
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
