import type { DType } from "../dtype.js";
import type { Graph, Node, Scalar } from "./ops.js";
import { walkScalar } from "./visit.js";

/** What positions and conditions are made of: every machine has them inside an expression, stored or not. */
const ofIndices: ReadonlySet<DType> = new Set(["i32", "bool"]);

/** The element types that a node needs: that of its result, and those that its scalar expressions pass through. */
export function nodeDTypes(node: Node): readonly DType[] {
  const found: DType[] = [node.type.dtype];
  const collect = (body: Scalar | undefined): void => {
    if (body === undefined) return;
    walkScalar(body, (part) => {
      const dtype = part.e === "const" ? part.dtype : part.e === "convert" ? part.to : undefined;
      if (dtype !== undefined && !ofIndices.has(dtype)) found.push(dtype);
    });
  };
  if (node.op === "map") collect(node.body);
  if ("where" in node) collect(node.where?.body);
  if (node.op === "region") found.push(...graphDTypes(node.body));
  return found;
}

/** Every element type that a graph computes with. */
export const graphDTypes = (graph: Graph): ReadonlySet<DType> => new Set(graph.nodes.flatMap(nodeDTypes));
