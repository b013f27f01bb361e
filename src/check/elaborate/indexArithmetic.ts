import { addDim, constDim, constValue, type Dim, floorDivDim, modDim, mulDim } from "../../ir/dim.js";
import type { Index } from "../../ir/graph/ops.js";

/** Index arithmetic in the form of the graph IR: sums flat with one constant, products of a sum distributed. */
export const dimIndex = (dim: Dim): Index => ({ i: "dim", dim });

export function addIndex(...operands: readonly Index[]): Index {
  const open: Index[] = [];
  let constant = constDim(0);
  const take = (index: Index): void => {
    if (index.i === "add") index.of.forEach(take);
    else if (index.i === "dim") constant = addDim(constant, index.dim);
    else open.push(index);
  };
  operands.forEach(take);
  if (constValue(constant) !== 0 || open.length === 0) open.push(dimIndex(constant));
  const [only] = open;
  return open.length === 1 && only !== undefined ? only : { i: "add", of: open };
}

export function mulIndex(of: Index, by: Dim): Index {
  if (constValue(by) === 1) return of;
  if (constValue(by) === 0) return dimIndex(constDim(0));
  if (of.i === "dim") return dimIndex(mulDim(of.dim, by));
  if (of.i === "mul") return mulIndex(of.of, mulDim(of.by, by));
  if (of.i === "add") return addIndex(...of.of.map((o) => mulIndex(o, by)));
  return { i: "mul", of, by };
}

export function floorDivIndex(of: Index, by: Dim): Index {
  if (constValue(by) === 1) return of;
  return of.i === "dim" ? dimIndex(floorDivDim(of.dim, by)) : { i: "floordiv", of, by };
}

export function modIndex(of: Index, by: Dim): Index {
  if (constValue(by) === 1) return dimIndex(constDim(0));
  return of.i === "dim" ? dimIndex(modDim(of.dim, by)) : { i: "mod", of, by };
}

/** Replaces the variables of an index. `undefined` keeps a variable. */
export function substituteIndex(index: Index, to: (ix: number) => Index | undefined): Index {
  switch (index.i) {
    case "ix":
      return to(index.ix) ?? index;
    case "dim":
      return index;
    case "add":
      return addIndex(...index.of.map((o) => substituteIndex(o, to)));
    case "mul":
      return mulIndex(substituteIndex(index.of, to), index.by);
    case "floordiv":
      return floorDivIndex(substituteIndex(index.of, to), index.by);
    case "mod":
      return modIndex(substituteIndex(index.of, to), index.by);
    case "value":
      return { i: "value", of: { value: index.of.value, at: index.of.at.map((a) => substituteIndex(a, to)) } };
  }
}
