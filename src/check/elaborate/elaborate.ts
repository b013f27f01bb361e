import type { Callable } from "../../../grammar/lf.ast.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import {
  callsTooDeep,
  chooseModel,
  modelTooLarge,
  noModel,
  unknownModel,
} from "../../diagnostics/messages/elaborate.js";
import { nearest } from "../../diagnostics/suggest.js";
import { constDim, type Dim } from "../../ir/dim.js";
import { graphBuilder } from "../../ir/graph/builder.js";
import type { Graph, ValueId } from "../../ir/graph/ops.js";
import { invariant } from "../../util/invariant.js";
import { fail, ok, type Result } from "../../util/result.js";
import type { CheckedProgram } from "../checked.js";
import { typedResults } from "./call.js";
import { BodiesSpent, type Context } from "./context.js";
import { declare } from "./declaration.js";
import { emitMap } from "./emit.js";
import { newInstance } from "./instance.js";
import { locIn, type Scope } from "./scope.js";
import { runBody } from "./statement.js";
import { type Value, wholeTensor } from "./value.js";

/** Bodies of calls and steps of repeats that one model may inline: a model of a thousand layers has some ten thousand. */
const bodyLimit = 20_000;

/**
 * Checked program → graph of one model: every call inlined, every repeat unrolled, every size but the `?` dims a number.
 *
 * The graph is what the program means, written down once: nothing is reordered, and what is left to choose (the order
 * of a product, what is computed together) is left open for the passes. `model` names one model of the entry file; it
 * may be left out where there is only one.
 */
export function elaborate(program: CheckedProgram, model?: string): Result<Graph, readonly Diagnostic[]> {
  const chosen = choose(program, model);
  if (!chosen.ok) return fail([chosen.error]);
  const callable = chosen.value;
  const cx: Context = {
    program,
    builder: graphBuilder(),
    globals: new Map<string, Dim>([...program.values].map(([name, value]) => [name, constDim(value)])),
    variables: [],
    diagnostics: [],
    keys: new Map(),
    budget: { bodies: bodyLimit },
  };
  const scope: Scope = {
    outer: undefined,
    names: new Map(),
    indices: new Map(),
    symbols: cx.globals,
    instance: newInstance("", ""),
    occurrences: new Map(),
    caller: undefined,
  };
  const outputs = outputsWithin(cx, callable, scope);
  if (!outputs.ok) return fail([outputs.error]);
  return cx.diagnostics.length > 0 ? fail(cx.diagnostics) : ok(cx.builder.finish(callable.name.text, outputs.value));
}

function outputsWithin(cx: Context, callable: Callable, scope: Scope): Result<readonly Output[], Diagnostic> {
  try {
    declareInputs(cx, callable, scope);
    const results = typedResults(callable, runBody(cx, callable.body, scope));
    return ok(
      results.flatMap((value, i) => {
        const result = callable.results[i];
        invariant(result !== undefined, () => "a model returns what its signature says");
        return outputsOf(cx, result.name?.text ?? "output", value, scope, callable);
      }),
    );
  } catch (error) {
    if (error instanceof BodiesSpent) return fail(modelTooLarge(callable, bodyLimit, error.span));
    // The engine's word for a full stack.
    if (error instanceof RangeError) return fail(callsTooDeep(callable));
    throw error;
  }
}

function choose(program: CheckedProgram, model: string | undefined): Result<Callable, Diagnostic> {
  const names = program.models.map((m) => m.name.text);
  const [first] = program.models;
  const span = program.files[0]?.span;
  if (first === undefined) return fail(noModel(span));
  if (model === undefined) return program.models.length === 1 ? ok(first) : fail(chooseModel(program.models));
  const found = program.models.find((m) => m.name.text === model);
  return found === undefined ? fail(unknownModel(model, names, nearest(model, names))) : ok(found);
}

/** Inputs are the first nodes, in the order of the signature, used or not. */
function declareInputs(cx: Context, callable: Callable, scope: Scope): void {
  for (const formal of callable.formals) {
    const loc = locIn(scope, formal.name.span);
    const value = declare(
      cx,
      formal.type,
      scope,
      () => false,
      ({ suffix, dtype, shape }) =>
        cx.builder.add({ op: "input", name: `${formal.name.text}${suffix}` }, loc, { dtype, shape }),
      loc,
    );
    scope.names.set(formal.name.text, { is: "value", value });
  }
}

interface Output {
  readonly name: string;
  readonly value: ValueId;
}

/** An output is a whole tensor that is computed: a view, an input or a parameter is copied. */
function outputsOf(cx: Context, name: string, value: Value, scope: Scope, callable: Callable): readonly Output[] {
  const loc = locIn(scope, callable.body.stmts.at(-1)?.span ?? callable.span);
  switch (value.kind) {
    case "several":
      return value.of.flatMap((v, i) => outputsOf(cx, `${name}.${i}`, v, scope, callable));
    case "ragged":
      return value.groups.flatMap((g, i) => outputsOf(cx, `${name}.${i}`, g.value, scope, callable));
    case "tensor": {
      const node = wholeTensor(cx, value, loc);
      const { op } = cx.builder.node(node);
      const given = op === "input" || op === "param";
      return [{ name, value: given ? emitMap(cx, value.element, value.axes, loc) : node }];
    }
  }
}
