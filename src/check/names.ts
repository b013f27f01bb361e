import type { Name } from "../../grammar/lf.ast.js";
import * as say from "../diagnostics/messages/names.js";
import { nearest } from "../diagnostics/suggest.js";
import type { DimEntity } from "./checked.js";
import { messageLimit, report } from "./context.js";
import type { Frame } from "./frame.js";
import { type Binding, builtins, type TopLevel, visibleNames } from "./scope.js";
import { topDim } from "./topDims.js";
import { errorValue, type Value } from "./value.js";

/** F7: one namespace, nothing is hidden. Reports and returns false if the name is taken. */
export function nameIsFree(f: Frame, name: Name, what: say.NewName): boolean {
  const { text } = name;
  const local = f.scope.local.get(text);
  if (local !== undefined) {
    if (local.index !== undefined && what === "index") report(f.cx, say.indexBoundTwice(name, local.at ?? name.span));
    else report(f.cx, say.nameTaken(name, what, describe(local), local.at));
    return false;
  }
  const top = f.scope.module.visible.get(text);
  if (top !== undefined) {
    report(
      f.cx,
      say.nameTaken(name, what, describeTop(top.top), top.imported ?? top.top.name.span, top.imported !== undefined),
    );
    return false;
  }
  if (builtins.has(text)) {
    report(f.cx, say.builtinName(name, what));
    return false;
  }
  return true;
}

function bind(f: Frame, { text }: Name, binding: Binding): void {
  f.scope.local.set(text, binding);
  f.scope.bound.push(text);
}

/** Binds a value; a name that is taken keeps its first owner. */
export function bindValue(f: Frame, name: Name, value: Value, what: say.NewName): void {
  // a name that is taken keeps its first owner; one of a built-in function is used as if it were free
  if (!nameIsFree(f, name, what) && !onlyBuiltin(f, name)) return;
  bind(f, name, { entity: { kind: "value", declared: name }, name: name.text, at: name.span, value });
}

const onlyBuiltin = (f: Frame, { text }: Name): boolean =>
  builtins.has(text) && !f.scope.local.has(text) && !f.scope.module.visible.has(text);

function bindSilent(f: Frame, name: Name): void {
  const entity = { kind: "value", declared: name } as const;
  bind(f, name, { entity, name: name.text, at: name.span, value: errorValue });
}

/** Binds a size; false if the name is taken. */
export function bindDim(f: Frame, name: Name, dim: DimEntity, what: say.NewName): boolean {
  f.cx.dims.set(name, dim);
  if (!nameIsFree(f, name, what)) {
    // where the name means something else, it is silent from here on
    if (!f.scope.local.has(name.text)) bindSilent(f, name);
    return false;
  }
  bind(f, name, { entity: { kind: "dim", dim }, name: name.text, at: name.span });
  return true;
}

/** What a name stands for here; records it. Undefined if it is unknown, or its declaration is in error (reported). */
export function lookup(f: Frame, name: Name): Binding | "unknown" | "broken" {
  const { text } = name;
  const local = f.scope.local.get(text);
  if (local !== undefined) {
    f.cx.names.set(name, local.entity);
    return local;
  }
  const visible = f.scope.module.visible.get(text);
  if (visible !== undefined) return topBinding(f, name, visible.top);
  if (builtins.has(name.text)) {
    const entity = { kind: "builtin", name: name.text } as const;
    f.cx.names.set(name, entity);
    return { entity, name: name.text };
  }
  return f.scope.module.missing.has(text) ? "broken" : "unknown";
}

function topBinding(f: Frame, name: Name, top: TopLevel): Binding | "broken" {
  if (top.kind === "callable") {
    top.binding ??= { entity: { kind: "callable", callable: top.callable }, name: top.name.text, at: top.name.span };
    f.cx.names.set(name, top.binding.entity);
    return top.binding;
  }
  const { binding, runtime } = topDim(f.cx, top);
  if (binding === undefined) return "broken";
  for (const symbol of runtime)
    if (!f.runtime.has(symbol.name)) f.runtime.set(symbol.name, { symbol, place: name.span });
  f.cx.names.set(name, binding.entity);
  return binding;
}

/** The message for a name that nothing here has. */
export function reportUnknown(f: Frame, name: Name, wanted: say.Wanted): void {
  if (f.unknown.has(name.text)) return;
  f.unknown.add(name.text);
  const ended = wanted === "name" ? f.scope.ended.get(name.text) : undefined;
  if (ended !== undefined) {
    report(f.cx, say.usedAfterReduction(name, ended.op, ended.reduction));
    return;
  }
  const candidates = [...visibleNames(f.scope), ...(wanted === "size" ? [] : builtins.keys())];
  // comparing words is slow; nobody reads the hundredth suggestion
  const near = f.cx.diagnostics.length < messageLimit ? nearest(name.text, candidates) : undefined;
  report(f.cx, say.unknownName(name, wanted, near));
}

export function describe(binding: Binding): string {
  const { entity } = binding;
  switch (entity.kind) {
    case "dim":
      return entity.dim.kind === "counter" ? "the counter of a repeat" : "a dim";
    case "callable":
      return `a ${entity.callable.kind}`;
    case "builtin":
      return "a built-in function";
    case "index":
      return "an index";
    case "value":
      return binding.value?.kind === "instance"
        ? `an instance of ${binding.value.block.name.text}`
        : binding.value?.kind === "tensor" && binding.value.shape.length > 0
          ? "a tensor"
          : "a value";
  }
}

const describeTop = (top: TopLevel): string => (top.kind === "dim" ? "a dim" : `a ${top.callable.kind}`);
