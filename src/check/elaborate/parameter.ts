import type { Stmt } from "../../../grammar/lf.ast.js";
import { initialiserValue, parameterKeyTwice } from "../../diagnostics/messages/elaborate.js";
import { constValue, printDim, productDim } from "../../ir/dim.js";
import type { Init } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import type { Context } from "./context.js";
import { declare, type Piece } from "./declaration.js";
import { evaluate } from "./expression.js";
import { fillKey, type Instance, joinDots } from "./instance.js";
import { locIn, type Scope } from "./scope.js";
import { asScalar, type Value } from "./value.js";

type Param = Extract<Stmt, { kind: "param" }>;

export function paramStatement(cx: Context, stmt: Param, scope: Scope): void {
  const { instance } = scope;
  invariant(instance !== undefined, () => "a parameter is declared in a model or block");
  const { head } = stmt.type;
  for (const name of stmt.names) {
    if (head.kind === "block") {
      const block = cx.program.names.get(head.name);
      invariant(block?.kind === "callable", () => `${head.name.text} is a block`);
      let list = instance.lists.get(name.text);
      if (list === undefined) {
        list = {
          block: block.callable,
          path: joinDots(instance.path, name.text),
          key: joinDots(instance.key, stmt.from?.text ?? ""),
          axes: stmt.type.axes.map((a) => a.name?.text ?? ""),
          elements: new Map(),
        };
        instance.lists.set(name.text, list);
      }
      scope.names.set(name.text, { is: "instances", instances: list });
    } else {
      let value = instance.values.get(name.text);
      if (value === undefined) {
        value = newParameter(cx, stmt, name.text, instance, scope);
        instance.values.set(name.text, value);
      }
      scope.names.set(name.text, { is: "value", value });
    }
  }
}

function newParameter(cx: Context, stmt: Param, name: string, instance: Instance, scope: Scope): Value {
  const loc = locIn(scope, stmt.span);
  const path = joinDots(instance.path, name);
  const axes = stmt.type.axes.map((a) => a.name?.text ?? "");
  const key = stmt.from === undefined ? undefined : joinDots(instance.key, stmt.from.text);
  const named = (axis: number): boolean => {
    const own = axes[axis];
    return own !== undefined && own !== "" && (stmt.from?.text.includes(`{${own}}`) ?? false);
  };
  const make = (piece: Piece): number => {
    const own = `${path}${piece.suffix}`;
    for (const size of piece.shape)
      invariant(constValue(size) !== undefined, () => `the parameter ${own} has the size ${printDim(size)}`);
    const cut = [...piece.parts].filter(([axis]) => named(axis));
    const filled =
      key === undefined
        ? undefined
        : fillKey(
            key,
            cut.map(([axis]) => axes[axis] ?? ""),
            cut.map(([, part]) => part.start),
          );
    if (filled !== undefined) useKey(cx, stmt, filled, own);
    return cx.builder.add(
      {
        op: "param",
        path: own,
        init: initialiser(cx, stmt, piece, scope),
        fixed: stmt.init?.fixed ?? false,
        ...(filled === undefined ? {} : { from: { key: filled, ...storedAs(stmt, axes, cut) } }),
      },
      loc,
      { dtype: piece.dtype, shape: piece.shape },
    );
  };
  return declare(cx, stmt.type, scope, named, make, loc);
}

/** The stored layout in the names of the axes. An axis that the key counts is none of the stored tensor's. */
function storedAs(
  stmt: Param,
  axes: readonly string[],
  cut: readonly (readonly [axis: number, part: unknown])[],
): { readonly layout?: string; readonly axes: readonly string[] } {
  if (stmt.layout !== undefined) return { layout: stmt.layout.text, axes };
  if (cut.length === 0) return { axes };
  const names = axes.map((name, i) => (name === "" ? `_${i}` : name));
  const counted = new Set(cut.map(([axis]) => axis));
  return { layout: names.filter((_, i) => !counted.has(i)).join(" "), axes: names };
}

/** Two parameters that would be loaded from one stored tensor are a slip: sharing is one parameter used twice. */
function useKey(cx: Context, stmt: Param, key: string, path: string): void {
  const span = stmt.from?.span ?? stmt.span;
  const earlier = cx.keys.get(key);
  if (earlier !== undefined) cx.diagnostics.push(parameterKeyTwice(span, key, path, earlier.path, earlier.span));
  else cx.keys.set(key, { path, span });
}

/** F8. The fan of a piece is that of the whole: its axes count in full. */
function initialiser(cx: Context, stmt: Param, piece: Piece, scope: Scope): Init {
  const { init } = stmt;
  if (init === undefined) {
    const fan = constValue(productDim(piece.whole.slice(0, -1)));
    return { kind: "normal", std: 1 / Math.sqrt(fan ?? 1) };
  }
  const args = init.args.map((arg) => {
    const element = asScalar(evaluate(cx, arg, scope));
    invariant(element.e === "const", () => `the arguments of ${init.name.text} are constants`);
    return element.value;
  });
  const [first, second] = args;
  switch (init.name.text) {
    case "zeros":
    case "ones":
    case "xavier":
      return { kind: init.name.text };
    case "normal":
      invariant(first !== undefined, () => "normal takes a standard deviation");
      if (!(first >= 0 && Number.isFinite(first))) {
        cx.diagnostics.push(
          initialiserValue("normal", `this is ${first}`, "a finite standard deviation of at least 0", init.span),
        );
        return { kind: "zeros" };
      }
      return { kind: "normal", std: first };
    case "uniform":
      invariant(first !== undefined && second !== undefined, () => "uniform takes two bounds");
      if (!(first <= second && Number.isFinite(second - first))) {
        cx.diagnostics.push(
          initialiserValue("uniform", `${first} to ${second}`, "two finite bounds, the lower one first", init.span),
        );
        return { kind: "zeros" };
      }
      return { kind: "uniform", lo: first, hi: second };
    default:
      invariant(false, () => `${init.name.text} is no initialiser`);
  }
}
