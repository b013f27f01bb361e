import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { renderDiagnostics } from "../diagnostics/frame.js";
import type { SourceFile } from "../diagnostics/span.js";
import { graphOf } from "../driver/compile.js";
import { bindInputs, inputNodes } from "../driver/inputs.js";
import { runReference } from "../driver/machine.js";
import { initialParameters, type Parameters } from "../driver/parameters.js";
import { readSource } from "../driver/sources.js";
import { symbolsOf } from "../ir/dim.js";
import type { TensorData } from "../ir/dtype.js";
import type { ReferenceTensor } from "../ir/graph/interpret.js";
import type { Graph } from "../ir/graph/ops.js";
import { isValueKind, type ValueKind, valueKinds, valuesOf } from "./values.js";

/**
 * A case of the suite: one small model in a file `AREA/NAME.lf`. The comments in front of `lf 1` belong to the suite:
 *
 *     // A product at every size round a tile.          what it shows, in one line
 *     // sizes: N=1 | N=7 | N=8 | N=9                   the run-time sizes, a run for each
 *     // inputs: x=extreme, keep=zeros                  values that are not random (`values.ts`)
 */
export interface ConformanceCase {
  readonly area: string;
  readonly name: string;
  /** `AREA/NAME`. */
  readonly id: string;
  readonly path: string;
  /** What it shows: one sentence. */
  readonly says: string;
  /** Compiled when first asked for, and kept. Throws on a file that is no case. */
  readonly model: () => CaseModel;
}

export interface CaseModel {
  /** The unoptimised graph. */
  readonly graph: Graph;
  readonly params: Parameters;
  /** One for each line of sizes; just one without run-time sizes. */
  readonly runs: readonly CaseRun[];
}

export interface CaseRun {
  /** `N=7, M=2`, or nothing where all sizes are known. */
  readonly sizes: string;
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** What the float64 reference says; computed when first asked for. */
  readonly reference: () => Readonly<Record<string, ReferenceTensor>>;
}

/** What the comments of a case say. */
interface Header {
  readonly says: string;
  readonly sizes: readonly ReadonlyMap<string, number>[];
  readonly inputs: ReadonlyMap<string, ValueKind>;
}

/** The cases that come with lfc, beside this file or beside the bundle that it is in; sorted by area and name. */
export function conformanceCases(): readonly ConformanceCase[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const folder = ["cases", "conformance/cases", "../conformance/cases"].map((f) => resolve(here, f)).find(existsSync);
  if (folder === undefined) throw new Error(`the cases are not beside ${here}`);
  return casesIn(folder);
}

/** The cases of any folder that has one folder for each area. */
export function casesIn(folder: string): readonly ConformanceCase[] {
  const areas = readdirSync(folder, { withFileTypes: true }).filter((e) => e.isDirectory());
  return areas
    .map((e) => e.name)
    .sort()
    .flatMap((area) =>
      readdirSync(join(folder, area))
        .filter((f) => f.endsWith(".lf"))
        .sort()
        .map((f) => caseOf(area, basename(f, ".lf"), join(folder, area, f))),
    );
}

function caseOf(area: string, name: string, path: string): ConformanceCase {
  const read = readSource(path);
  if (!read.ok) throw new Error(renderDiagnostics([read.error], { color: false }));
  const source = read.value;
  const header = headerOf(source);
  let made: CaseModel | undefined;
  const model = (): CaseModel => {
    made ??= modelOf(source, header);
    return made;
  };
  return { area, name, id: `${area}/${name}`, path, says: header.says, model };
}

const wrong = (path: string, reason: string): Error => new Error(`${path} is no case: ${reason}`);

/** Reads the comments in front of `lf 1`. */
function headerOf({ path, text }: SourceFile): Header {
  const lines = text.split("\n");
  const end = lines.findIndex((l) => !l.startsWith("//"));
  const comments = lines.slice(0, Math.max(end, 0)).map((l) => l.replace(/^\/\/ ?/, ""));
  const [says = "", ...rest] = comments;
  if (!/^[A-Z\w`].*\.$/.test(says))
    throw wrong(path, "its first line is a comment, one sentence that says what it shows");
  let sizes: readonly ReadonlyMap<string, number>[] = [];
  let inputs: ReadonlyMap<string, ValueKind> = new Map();
  for (const line of rest) {
    const [, key, value = ""] = /^(\w+): (.+)$/.exec(line) ?? [];
    if (key === "sizes") sizes = value.split("|").map((run) => sizesOf(path, run));
    else if (key === "inputs") inputs = inputsOf(path, value);
    else throw wrong(path, `the comment “${line}” is neither sizes nor inputs`);
  }
  return { says, sizes, inputs };
}

const sizesOf = (path: string, run: string): ReadonlyMap<string, number> =>
  new Map(
    run
      .trim()
      .split(/\s+/)
      .map((part) => {
        const [, name, value] = /^(\w+)=(\d+)$/.exec(part) ?? [];
        if (name === undefined) throw wrong(path, `“${part}” is no size: write N=8`);
        return [name, Number(value)] as const;
      }),
  );

const inputsOf = (path: string, text: string): ReadonlyMap<string, ValueKind> =>
  new Map(
    text.split(/\s*,\s*/).map((part) => {
      const [, name, kind = ""] = /^(\w+)=(\w+)$/.exec(part) ?? [];
      if (name === undefined || !isValueKind(kind))
        throw wrong(path, `“${part}” is no value of an input: write x=KIND with one of ${valueKinds.join(", ")}`);
      return [name, kind] as const;
    }),
  );

const seed = 1;

function modelOf(source: SourceFile, header: Header): CaseModel {
  const compiled = graphOf(source);
  if (!compiled.ok) throw wrong(source.path, renderDiagnostics(compiled.error, { color: false }));
  const graph = compiled.value;
  const params = initialParameters(graph, seed);
  const names = inputNodes(graph).map((n) => n.name);
  for (const name of header.inputs.keys())
    if (!names.includes(name)) throw wrong(source.path, `it has no input ${name}`);
  const symbols = new Set(inputNodes(graph).flatMap((n) => n.type.shape.flatMap(symbolsOf).map((s) => s.name)));
  if (symbols.size > 0 && header.sizes.length === 0)
    throw wrong(source.path, "its run-time sizes need a line `// sizes:`");
  const runs = (header.sizes.length > 0 ? header.sizes : [new Map<string, number>()]).map((sizes, i): CaseRun => {
    const random = new Map(names.map((name) => [name, { kind: "random" } as const]));
    const bound = bindInputs(graph, random, seed + i, sizes);
    if (!bound.ok) throw wrong(source.path, renderDiagnostics(bound.error, { color: false }));
    for (const name of new Set([...symbols, ...sizes.keys()]))
      if (bound.value.sizes.get(name) !== sizes.get(name))
        throw wrong(source.path, `it cannot run with ${show(sizes)}`);
    const inputs = Object.fromEntries(
      Object.entries(bound.value.inputs).map(([name, random]) => {
        const kind = header.inputs.get(name);
        return [name, kind === undefined ? random : valuesOf(kind, random)];
      }),
    );
    let reference: Readonly<Record<string, ReferenceTensor>> | undefined;
    return {
      sizes: show(sizes),
      inputs,
      reference: () => {
        reference ??= runReference(graph, inputs, params);
        return reference;
      },
    };
  });
  return { graph, params, runs };
}

const show = (sizes: ReadonlyMap<string, number>): string => [...sizes].map(([n, v]) => `${n}=${v}`).join(", ");
