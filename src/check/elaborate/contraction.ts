import type { Loc } from "../../diagnostics/span.js";
import { constDim, type Dim, productDim } from "../../ir/dim.js";
import { isFloat } from "../../ir/dtype.js";
import type { Ix } from "../../ir/graph/ops.js";
import { type Context, extentOf } from "./context.js";
import {
  arithmetic,
  concrete,
  concreteType,
  constElement,
  convert,
  type Element,
  negate,
  readsTensor,
  sizeElement,
  variablesOf,
} from "./element.js";
import { emitContract, emitReduce } from "./emit.js";

/**
 * Sums. A sum of a product becomes one n-ary `contract`, so that the order of its products stays open: constants and
 * what does not depend on a summed index stand outside, a factor that is no plain use is computed by a `map` of its own.
 * A sum of anything else is a `reduce`.
 */
export function sumOf(
  cx: Context,
  of: Element,
  reduced: readonly Ix[],
  condition: Element | undefined,
  loc: Loc,
): Element {
  const summand = concrete(of);
  return isFloat(concreteType(summand.dtype))
    ? sumOfProduct(cx, summand, reduced, condition, loc)
    : sumOfWhole(cx, summand, reduced, condition, loc);
}

/** How many elements are selected, an i32. */
export const countOf = (cx: Context, condition: Element, reduced: readonly Ix[], loc: Loc): Element =>
  sumOf(cx, convert("i32", condition), reduced, undefined, loc);

/** Of the bound indices those on which anything depends, and the product of the extents of the others. */
function split(
  cx: Context,
  reduced: readonly Ix[],
  elements: readonly (Element | undefined)[],
): { readonly used: readonly Ix[]; readonly times: Dim } {
  const variables = variablesOf(...elements);
  const used = reduced.filter((ix) => variables.has(ix));
  return { used, times: productDim(reduced.filter((ix) => !variables.has(ix)).map((ix) => extentOf(cx, ix))) };
}

function sumOfWhole(
  cx: Context,
  of: Element,
  reduced: readonly Ix[],
  condition: Element | undefined,
  loc: Loc,
): Element {
  if (condition !== undefined && isClosed(of)) {
    const count = convert(concreteType(of.dtype), countOf(cx, condition, reduced, loc));
    return of.e === "const" && of.value === 1 ? count : arithmetic("mul", of, count);
  }
  const { used, times } = split(cx, reduced, [of, condition]);
  return scale(used.length === 0 ? of : emitReduce(cx, "sum", of, used, condition, loc), times);
}

const scale = (e: Element, times: Dim): Element =>
  times.op === "const" && times.value === 1 ? e : arithmetic("mul", e, sizeElement(times));

/** A constant of the program: it may stand outside of a sum whatever is selected. */
const isClosed = (e: Element): boolean => variablesOf(e).size === 0 && !readsTensor(e);

interface Product {
  readonly above: readonly Element[];
  readonly below: readonly Element[];
  /** Constant numerator and denominator, apart: a division by 3 is no product with 1 / 3. */
  readonly times: number;
  readonly over: number;
}

function factorise(of: Element): Product {
  const above: Element[] = [];
  const below: Element[] = [];
  let times = 1;
  let over = 1;
  const go = (e: Element, inverse: boolean): void => {
    const [a, b] = e.e === "call" ? e.args : [];
    if (e.e === "const") {
      if (inverse) over *= e.value;
      else times *= e.value;
    } else if (e.e === "call" && e.fn === "mul" && a !== undefined && b !== undefined) {
      go(a, inverse);
      go(b, inverse);
    } else if (e.e === "call" && e.fn === "div" && a !== undefined && b !== undefined) {
      go(a, inverse);
      go(b, !inverse);
    } else if (e.e === "call" && e.fn === "neg" && a !== undefined) {
      times = -times;
      go(a, inverse);
    } else (inverse ? below : above).push(e);
  };
  go(of, false);
  return { above, below, times, over };
}

function sumOfProduct(
  cx: Context,
  of: Element,
  reduced: readonly Ix[],
  condition: Element | undefined,
  loc: Loc,
): Element {
  const product = factorise(of);
  const bound = new Set(reduced);
  // Under a condition only constants may leave: where nothing is selected the sum is 0, whatever the factor holds.
  const stays = (e: Element): boolean =>
    condition === undefined ? [...variablesOf(e)].some((ix) => bound.has(ix)) : !isClosed(e);
  const factors = product.above.filter(stays);
  for (const divisor of product.below.filter(stays)) divide(factors, divisor);

  const dtype = concreteType(of.dtype);
  const { used, times } = split(cx, reduced, [...factors, condition]);
  let sum: Element;
  const [only] = factors;
  if (only === undefined)
    sum = condition === undefined ? constElement(1, dtype) : convert(dtype, countOf(cx, condition, used, loc));
  else if (factors.length === 1) sum = used.length === 0 ? only : emitReduce(cx, "sum", only, used, condition, loc);
  else sum = emitContract(cx, factors, used, condition, loc);

  for (const factor of product.above.filter((e) => !stays(e))) sum = arithmetic("mul", factor, sum);
  const whole = productDim([times, ...(Number.isInteger(product.times) ? [constDim(product.times)] : [])]);
  if (!Number.isInteger(product.times)) sum = arithmetic("mul", constElement(product.times, "real"), sum);
  if (whole.op === "const" && whole.value === -1) sum = negate(sum);
  else sum = scale(sum, whole);
  for (const divisor of product.below.filter((e) => !stays(e))) sum = arithmetic("div", sum, divisor);
  return product.over === 1 ? sum : arithmetic("div", sum, constElement(product.over, "real"));
}

/** Puts a divisor under the smallest factor that has all of its indices, or makes it a factor of its own. */
function divide(factors: Element[], divisor: Element): void {
  const indices = variablesOf(divisor);
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  factors.forEach((factor, i) => {
    const own = variablesOf(factor);
    if (own.size < least && [...indices].every((ix) => own.has(ix))) {
      best = i;
      least = own.size;
    }
  });
  const dividend = factors[best];
  if (dividend === undefined) factors.push(arithmetic("div", constElement(1, "int"), divisor));
  else factors[best] = arithmetic("div", dividend, divisor);
}
