import { missingArgument, notAValue, surplusArgument, valueNameTwice } from "../diagnostics/messages/api.js";
import { LfError } from "./error.js";
import { type Node, nodeOf, type Operand, type ParamOptions, type TensorSpec, Value } from "./value.js";

export type FormalNode = Extract<Node, { k: "formal" }>;
export type ParamNode = Extract<Node, { k: "param" }>;

/** A function of tensors: a model of its own, or a part of one where it is called. With parameters it is a block. */
export interface Fn<Formals extends Readonly<Record<string, TensorSpec>> = Readonly<Record<string, TensorSpec>>> {
  readonly name: string | undefined;
  readonly doc: string | undefined;
  readonly formals: readonly FormalNode[];
  readonly params: readonly ParamNode[];
  /** One without a name, or several with names. */
  readonly results: readonly { readonly name: string | undefined; readonly node: Node }[];
  /** The result of a call, an argument for each formal. A function with several results can only be a model. */
  call(args: { readonly [K in keyof Formals]: Operand }): Value;
}

/** Declares a parameter: what the body of a function gets as its second argument. */
export type Declare = (name: string, type: TensorSpec, options?: ParamOptions) => Value;

/** What a function is called. */
export interface FnOptions {
  readonly name?: string;
  /** Comes out in the generated module. */
  readonly doc?: string;
}

/** `body` runs once: it describes the result from the arguments, and declares parameters through its second argument. */
export function fn<const Formals extends Readonly<Record<string, TensorSpec>>>(
  formals: Formals,
  body: (args: { readonly [K in keyof Formals]: Value }, param: Declare) => Value | Readonly<Record<string, Value>>,
  options: FnOptions = {},
): Fn<Formals> {
  const given = Object.entries(formals).map(([name, type]): FormalNode => ({ k: "formal", name, type }));
  const params: ParamNode[] = [];
  const param: Declare = (name, type, of = {}) => {
    if ([...given, ...params].some((n) => n.name === name)) throw new LfError([valueNameTwice(name)]);
    const node: ParamNode = { k: "param", name, type, options: of };
    params.push(node);
    return new Value(node);
  };
  // Object.fromEntries forgets the keys, which are those of `formals`.
  const args = Object.fromEntries(given.map((n) => [n.name, new Value(n)])) as { [K in keyof Formals]: Value };
  const returned = body(args, param);
  const self: Fn<Formals> = {
    name: options.name,
    doc: options.doc,
    formals: given,
    params,
    results: resultsOf(returned),
    call: (actual) => {
      const values: Readonly<Record<string, Operand | undefined>> = actual;
      const title = options.name ?? "a function";
      for (const name of Object.keys(values))
        if (!given.some((f) => f.name === name))
          throw new LfError([
            surplusArgument(
              title,
              name,
              given.map((f) => f.name),
            ),
          ]);
      if (self.results[0]?.name !== undefined)
        throw new LfError([notAValue(`${title}, which has several results,`, "a model, not part of an expression")]);
      const passed = given.map((f) => {
        const value = values[f.name];
        if (value === undefined) throw new LfError([missingArgument(title, f.name)]);
        return nodeOf(value);
      });
      return new Value({ k: "apply", fn: self, args: passed });
    },
  };
  return self;
}

function resultsOf(returned: Value | Readonly<Record<string, Value>>): Fn["results"] {
  if (returned instanceof Value) return [{ name: undefined, node: returned.node }];
  const entries = typeof returned === "object" && returned !== null ? Object.entries(returned) : [];
  if (entries.length === 0 || !entries.every(([, v]) => v instanceof Value))
    throw new LfError([notAValue("the result of a function", "a value, or an object of values")]);
  return entries.map(([name, value]) => ({ name, node: value.node }));
}
