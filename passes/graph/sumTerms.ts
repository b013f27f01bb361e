import type { Scalar } from "../../src/ir/graph/ops.js";
import { call } from "../../src/ir/graph/scalars.js";
import { walkScalar } from "../../src/ir/graph/visit.js";

/** One term of a sum: the product of some arguments, and what is done to it that is the same for all elements. */
export interface Term {
  /** Positions of the arguments that are multiplied. */
  readonly args: readonly number[];
  /** Puts the product in its place: a factor, a sign, a divisor that no argument and no index is part of. */
  wrap(product: Scalar): Scalar;
}

/** Past this many terms a sum is left alone. */
const mostTerms = 3;

/**
 * A map's expression as a sum of products of its arguments: `a * x + b` has two terms. `undefined` where it is none, or
 * has a term without an argument.
 */
export function sumTerms(body: Scalar): readonly Term[] | undefined {
  const terms = termsOf(body);
  return terms !== undefined && terms.length <= mostTerms && terms.every((t) => t.args.length > 0) ? terms : undefined;
}

const itself = (product: Scalar): Scalar => product;

function termsOf(s: Scalar): readonly Term[] | undefined {
  if (s.e === "arg") return [{ args: [s.arg], wrap: itself }];
  if (s.e !== "call") return undefined;
  const [first, second] = s.args;
  if (first === undefined) return undefined;
  const left = termsOf(first);
  if (s.fn === "neg") return left && wrapped(left, (p) => call("neg", p));
  if (second === undefined) return undefined;
  const right = termsOf(second);
  switch (s.fn) {
    case "add":
      return left && right && [...left, ...right];
    case "sub":
      return left && right && [...left, ...wrapped(right, (p) => call("neg", p))];
    case "mul":
      if (left && isUniform(second)) return wrapped(left, (p) => call("mul", p, second));
      if (right && isUniform(first)) return wrapped(right, (p) => call("mul", p, first));
      return left && right && products(left, right);
    case "div":
      return left && isUniform(second) ? wrapped(left, (p) => call("div", p, second)) : undefined;
    default:
      return undefined;
  }
}

const wrapped = (terms: readonly Term[], by: (product: Scalar) => Scalar): readonly Term[] =>
  terms.map(({ args, wrap }) => ({ args, wrap: (product) => by(wrap(product)) }));

const products = (left: readonly Term[], right: readonly Term[]): readonly Term[] =>
  left.flatMap((a) =>
    right.map((b) => ({ args: [...a.args, ...b.args], wrap: (product: Scalar) => a.wrap(b.wrap(product)) })),
  );

/** Whether an expression is the same for all elements. */
function isUniform(s: Scalar): boolean {
  let uniform = true;
  walkScalar(s, (part) => {
    if (part.e === "arg" || part.e === "index") uniform = false;
  });
  return uniform;
}
