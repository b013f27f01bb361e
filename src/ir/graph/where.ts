import type { Scalar, Where } from "./ops.js";
import { argument, call } from "./scalars.js";
import { rewriteScalar, scalarArgs } from "./visit.js";

/** The conjuncts of a condition, each with the arguments that it reads. */
export function splitWhere(where: Where): readonly Where[] {
  const flat = (s: Scalar): readonly Scalar[] => (s.e === "call" && s.fn === "and" ? s.args.flatMap(flat) : [s]);
  return flat(where.body).map((body) => {
    const read = [...scalarArgs(body)].sort((a, b) => a - b);
    const to = new Map(read.map((arg, i) => [arg, i]));
    return {
      args: read.flatMap((arg) => where.args[arg] ?? []),
      body: rewriteScalar(body, { arg: (arg) => argument(to.get(arg) ?? arg) }),
    };
  });
}

/** One condition that holds where all hold. */
export function joinWhere(conjuncts: readonly Where[]): Where | undefined {
  const [first, ...rest] = conjuncts;
  if (first === undefined) return undefined;
  return rest.reduce<Where>((all, w) => {
    const shift = all.args.length;
    const body = rewriteScalar(w.body, { arg: (arg) => argument(arg + shift) });
    return { args: [...all.args, ...w.args], body: call("and", all.body, body) };
  }, first);
}
