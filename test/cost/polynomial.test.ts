import { expect, test } from "vitest";
import { degreeOf, polynomialIn, printPolynomial } from "../../src/cost/polynomial.js";
import { addDim, ceilDivDim, constDim, type Dim, divDim, mulDim, scaleDim, symbolDim } from "../../src/ir/dim.js";

const n = symbolDim("n", 1, 1000);
const b = symbolDim("b", 1, 8);
const sizes = new Map([["b", 3]]);
const of = (dim: Dim) => polynomialIn(dim, "n", sizes);

test("coefficients of each power, other sizes as numbers", () => {
  const cost = addDim(addDim(scaleDim(mulDim(n, n), 4, 1), mulDim(scaleDim(b, 5, 1), n)), constDim(7));
  expect(of(cost)).toEqual({ coefficients: [7, 15, 4] });
  expect(of(n)).toEqual({ coefficients: [0, 1] });
  expect(of(mulDim(b, b))).toEqual({ coefficients: [9] });
  expect(of(scaleDim(n, 1, 4))).toEqual({ coefficients: [0, 0.25] });
});

test("no polynomial: a rounded quotient of the size, a divisor", () => {
  expect(of(ceilDivDim(n, constDim(64)))).toBeUndefined();
  expect(of(divDim(constDim(64), n) as Dim)).toBeUndefined();
  // of another size they are numbers
  expect(of(mulDim(n, ceilDivDim(b, constDim(2))))).toEqual({ coefficients: [0, 2] });
});

test("the degree is that of the highest power there is", () => {
  expect([[7, 15, 4], [7, 15, 0], [7], [0, 0], []].map((coefficients) => degreeOf({ coefficients }))).toEqual([
    2, 1, 0, 0, 0,
  ]);
});

test("as people write it", () => {
  expect(printPolynomial({ coefficients: [7, 0, 1, 0.123456] }, "n")).toBe("0.1235 n³ + n² + 7");
  expect(printPolynomial({ coefficients: [0, 1] }, "Seq")).toBe("Seq");
  expect(printPolynomial({ coefficients: [] }, "n")).toBe("0");
});
