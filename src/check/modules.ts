import type { FileAst, Import, Name } from "../../grammar/lf.ast.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import * as say from "../diagnostics/messages/names.js";
import type { SourceFile } from "../diagnostics/span.js";
import { nearest } from "../diagnostics/suggest.js";
import { type Context, report } from "./context.js";
import { builtins, type Module, type TopLevel } from "./scope.js";

export interface Loader {
  /** The file that an `import` names, `std/…` included; undefined if there is none. */
  readonly load: (importPath: string, from: SourceFile) => SourceFile | undefined;
  readonly parse: (file: SourceFile) => {
    readonly ast: FileAst | undefined;
    readonly diagnostics: readonly Diagnostic[];
  };
}

/** Reads the entry file and all that it imports, each once; undefined if one is missing or does not parse. */
export function loadModules(cx: Context, entry: SourceFile, loader: Loader): readonly Module[] | undefined {
  const modules: Module[] = [];
  const byPath = new Map<string, Module | undefined>();
  const imports: { readonly into: Module; readonly item: Import; readonly path: string }[] = [];
  const queue: SourceFile[] = [entry];
  byPath.set(entry.path, undefined);
  let whole = true;
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const { ast, diagnostics } = loader.parse(file);
    for (const d of diagnostics) report(cx, d);
    if (ast === undefined) {
      whole = false;
      continue;
    }
    const module: Module = { file, ast, declared: new Map(), visible: new Map(), missing: new Set() };
    modules.push(module);
    byPath.set(file.path, module);
    declareAll(cx, module);
    for (const item of ast.imports) {
      const target = loader.load(item.path, file);
      if (target === undefined) {
        report(cx, say.importMissing(item.pathSpan, item.path));
        whole = false;
        continue;
      }
      if (target.path === file.path) {
        report(cx, say.importOfItself(item.span));
        continue;
      }
      imports.push({ into: module, item, path: target.path });
      if (byPath.has(target.path)) continue;
      byPath.set(target.path, undefined);
      queue.push(target);
    }
  }
  if (!whole) return undefined;
  for (const { into, item, path } of imports) {
    const from = byPath.get(path);
    if (from !== undefined) importNames(cx, into, item, from);
  }
  return modules;
}

/** F7: dims, functions, blocks and models of a file share one namespace with the built-in functions. */
function declareAll(cx: Context, module: Module): void {
  const add = (top: TopLevel): void => {
    const { name } = top;
    const first = module.declared.get(name.text);
    if (first !== undefined) report(cx, say.nameTaken(name, what(top), `a ${what(first)}`, first.name.span));
    else if (builtins.has(name.text)) report(cx, say.builtinName(name, what(top)));
    else {
      module.declared.set(name.text, top);
      module.visible.set(name.text, { top });
    }
  };
  for (const decl of module.ast.dims) add({ kind: "dim", name: decl.name, decl, module, state: { is: "new" } });
  for (const callable of module.ast.callables)
    add({ kind: "callable", name: callable.name, callable, module, binding: undefined });
}

const what = (top: TopLevel): say.NewName => (top.kind === "dim" ? "dim" : top.callable.kind);

function importNames(cx: Context, into: Module, item: Import, from: Module): void {
  if (item.names === undefined) {
    for (const [name, top] of from.declared) if (!name.startsWith("_")) importOne(cx, into, item, name, top, undefined);
    return;
  }
  for (const { name, as } of item.names) {
    const top = from.declared.get(name.text);
    if (top === undefined || name.text.startsWith("_")) into.missing.add((as ?? name).text);
    if (top === undefined) {
      const near = nearest(
        name.text,
        [...from.declared.keys()].filter((n) => !n.startsWith("_")),
      );
      report(cx, say.notInImport(name, item.path, near));
    } else if (name.text.startsWith("_")) report(cx, say.privateImport(name, item.path));
    else importOne(cx, into, item, (as ?? name).text, top, as ?? name);
  }
}

function importOne(
  cx: Context,
  into: Module,
  item: Import,
  name: string,
  top: TopLevel,
  written: Name | undefined,
): void {
  const span = written?.span ?? item.pathSpan;
  const first = into.visible.get(name);
  if (first === undefined) {
    if (builtins.has(name)) report(cx, say.builtinName(written ?? top.name, what(top)));
    else into.visible.set(name, { top, imported: span });
    return;
  }
  if (first.top === top) return; // the same thing by two ways
  if (first.imported === undefined) report(cx, say.importedAndDeclared(first.top.name, span, item.path));
  else report(cx, say.importedTwice(span, name, first.imported));
}
