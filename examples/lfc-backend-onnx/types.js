/**
 * Names for the types of lfc, all reached from its public entry `lfc/backend`.
 *
 * @typedef {import("lfc/backend").GraphBackend<Record<string, never>>} Backend
 * @typedef {import("lfc/backend").Artifact} Artifact
 * @typedef {import("lfc/backend").Host} Host
 * @typedef {import("lfc/backend").Executable} Executable
 * @typedef {Parameters<Backend["emit"]>[0]} Graph
 * @typedef {ReturnType<NonNullable<Backend["refuse"]>>[number]} Diagnostic
 * @typedef {Graph["nodes"][number]} Node
 * @typedef {Graph["locs"][number]} Loc
 * @typedef {Node["type"]["dtype"]} DType
 * @typedef {Node["type"]["shape"][number]} Dim
 * @typedef {Extract<Node, { op: "map" }>} MapNode
 * @typedef {Extract<Node, { op: "contract" }>} ContractNode
 * @typedef {Extract<Node, { op: "reduce" }>} ReduceNode
 * @typedef {Extract<Node, { op: "softmax" }>} SoftmaxNode
 * @typedef {MapNode["body"]} Scalar
 * @typedef {MapNode["args"][number]} Use
 * @typedef {Use["at"][number]} Index
 * @typedef {NonNullable<ContractNode["where"]>} Where
 * @typedef {number} Ix
 */
export {};
