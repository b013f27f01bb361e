import type { Diagnostic } from "../diagnostics/diagnostic.js";
import * as say from "../diagnostics/messages/sizes.js";
import type { SourceFile } from "../diagnostics/span.js";
import { nearest } from "../diagnostics/suggest.js";
import { invariant } from "../util/invariant.js";
import { checkCallable } from "./body.js";
import type { CheckedProgram } from "./checked.js";
import { type Context, createContext, messageLimit, report } from "./context.js";
import { type Loader, loadModules } from "./modules.js";
import type { Module } from "./scope.js";
import { settleCalls } from "./settle.js";
import { resolveSignature, type Signature } from "./signature.js";
import { maxSize } from "./sizes.js";
import { resolveDims } from "./topDims.js";

export interface CheckOptions extends Loader {
  /** `--dim Name=v`: values for dims of the entry file that are given by a number or `?`. */
  readonly dims: ReadonlyMap<string, number>;
}

export interface Checked {
  /** Given when there is no error. */
  readonly program?: CheckedProgram;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks a program (language.md 2): its entry file and what that imports. Each body is checked once; time is linear in
 * the length of the text. Never throws on a user's mistake.
 */
export function check(entry: SourceFile, options: CheckOptions): Checked {
  const cx = createContext();
  const modules = loadModules(cx, entry, options);
  const [main] = modules ?? [];
  if (modules === undefined || main === undefined) return { diagnostics: inOrder(cx.diagnostics, [entry]) };
  override(cx, main, options.dims);
  resolveDims(cx, modules);
  const signatures: Signature[] = [];
  for (const module of modules)
    for (const top of module.declared.values()) {
      if (top.kind !== "callable") continue;
      const signature = resolveSignature(cx, module, top.callable);
      cx.signatures.set(top.callable, signature);
      signatures.push(signature);
    }
  for (const signature of signatures) checkCallable(signature);
  settleCalls(cx, signatures);
  const diagnostics = inOrder(
    cx.diagnostics,
    modules.map((m) => m.file),
  );
  if (diagnostics.some((d) => d.severity === "error")) return { diagnostics };
  const silent = signatures.find((s) => s.frame.everBroken);
  invariant(silent === undefined, () => `${silent?.callable.name.text} is in error, but no message says why`);
  return { program: programOf(cx, modules), diagnostics };
}

const programOf = (cx: Context, modules: readonly Module[]): CheckedProgram => ({
  files: modules.map((m) => m.ast),
  models: modules[0]?.ast.callables.filter((c) => c.kind === "model") ?? [],
  values: cx.values,
  names: cx.names,
  ranges: cx.ranges,
  partRanges: cx.partRanges,
  types: cx.types,
  shapes: cx.shapes,
  bindings: cx.bindings,
  declared: cx.declared,
  constants: cx.constants,
  sizes: cx.sizes,
  dims: cx.dims,
  entries: cx.entries,
  gathers: cx.gathers,
  guarded: cx.guarded,
});

/** `--dim`: only dims of the entry file that are given by a number or `?`. */
function override(cx: Context, main: Module, dims: ReadonlyMap<string, number>): void {
  for (const [name, value] of dims) {
    const top = main.declared.get(name);
    if (top?.kind !== "dim") {
      const free = [...main.declared.values()].flatMap((t) => (t.kind === "dim" ? [t.name.text] : []));
      report(cx, say.overrideUnknown(name, nearest(name, free), main.file.path));
      continue;
    }
    const { decl } = top;
    const given = decl.value.kind === "runtime" || (decl.value.kind === "size" && decl.value.size.kind === "number");
    if (!given || decl.index !== undefined) report(cx, say.overrideDerived(top.name, decl.value.kind === "table"));
    else if (!Number.isInteger(value) || value < 1 || value > maxSize) report(cx, say.overrideNotSize(top.name, value));
    else cx.overrides.set(decl, value);
  }
}

/** By file, entry first, then by place; the ones about no place in front. */
function inOrder(diagnostics: readonly Diagnostic[], files: readonly SourceFile[]): readonly Diagnostic[] {
  const place = new Map(files.map((file, i) => [file, i]));
  const fileOf = (d: Diagnostic): number => (d.span === undefined ? -1 : (place.get(d.span.file) ?? files.length));
  return [...diagnostics]
    .sort((a, b) => fileOf(a) - fileOf(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0))
    .slice(0, messageLimit);
}
