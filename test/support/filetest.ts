import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { expect } from "vitest";
import js from "../../backends/js/index.js";
import { legalize } from "../../backends/wgsl/legalize.js";
import { parseGraph, parseKernel, parseKernels, parseProgram } from "../../grammar/lfir.toIr.js";
import { graphPipeline, programPipeline } from "../../passes/pipelines.js";
import { schedulePass } from "../../passes/schedule/schedule.js";
import type { Pass, PassContext, Remark } from "../../src/backend/backend.js";
import type { Target } from "../../src/cost/target.js";
import { targets } from "../../src/cost/targets.js";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import type { SourceFile } from "../../src/diagnostics/span.js";
import { graphOf } from "../../src/driver/compile.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { printKernel, printProgram } from "../../src/ir/kernel/print.js";
import { dispatchesOf, verifyProgram } from "../../src/ir/kernel/verify.js";
import { walkStmts } from "../../src/ir/kernel/visit.js";
import type { Program } from "../../src/ir/program/program.js";
import type { Result } from "../../src/util/result.js";
import { programAround, sameGraphMeaning, sameProgramMeaning } from "./filetest-meaning.js";
import { blessing } from "./golden.js";

/**
 * Filetests: a header of comment lines, an input, `// ---`, the text that is expected. `LFC_BLESS=1` rewrites the last.
 *
 *     // test: ir graph pass=reassociate target=generic      the pass (or passes) and the input: graph, program, kernel
 *     // test: verify kernel after=schedule,unroll           what the verifier says of the input
 *     // test: parse graph                                   the text printed again, or what is wrong with it
 *     // fp: strict
 *     // dims: Seq=64                                        sizes of the input that become numbers
 *     // model: Encoder                                      which model of a .lf file
 *     // strategies: attention                              what the backend knows; nothing unless said
 *     // print: steps                                        only these of a program: kernels, steps
 *     // expect-remark: reassociate (e·x)·wk                 a pass and a part of what it remarks
 *     // expect-count: contract 4, map 1                     nodes, or kernels, dispatches and statements
 *     // expect-fault: out of range                          the input itself does that when it runs
 *     // may-differ: infinite constants become finite        why before and after need not be equal
 *
 * A pass that gives back the object that it was given has the expected text `// unchanged`. Input and output are verified,
 * and where nothing forbids it both run, on made-up values, and must agree: graphs in the float64 reference, programs
 * in the checked kernel interpreter. Numbers after `target=…` change the target: `maxGrid=4`.
 */
export interface Filetest {
  readonly path: string;
  readonly kind: "ir" | "verify" | "parse";
  readonly input: "graph" | "program" | "kernel";
  readonly passes: readonly string[];
  readonly after: readonly string[];
  readonly target: Target;
  readonly directives: ReadonlyMap<string, readonly string[]>;
  readonly source: SourceFile;
  readonly expected: string;
}

const separator = "\n// ---\n";
const known: readonly string[] = [
  ...["test", "fp", "strategies", "dims", "model", "print"],
  ...["expect-remark", "expect-count", "expect-fault", "may-differ"],
];

export function readFiletest(path: string): Filetest {
  const text = readFileSync(path, "utf8");
  const cut = text.indexOf(separator);
  const source = { path: basename(path), text: cut < 0 ? text : text.slice(0, cut + 1) };
  const directives = new Map<string, string[]>();
  for (const line of source.text.split("\n")) {
    if (line !== "" && !line.startsWith("//")) break;
    const [, key, value = ""] = /^\/\/ ([a-z-]+): (.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    if (!known.includes(key)) throw new Error(`${path}: there is no directive ${key}`);
    directives.set(key, [...(directives.get(key) ?? []), value.trim()]);
  }
  const [kind, input, ...settings] = directives.get("test")?.[0]?.split(/\s+/) ?? [];
  if (kind !== "ir" && kind !== "verify" && kind !== "parse")
    throw new Error(`${path} has no line // test: ir|verify|parse`);
  if (input !== "graph" && input !== "program" && input !== "kernel")
    throw new Error(`${path}: the input is a graph, program or kernel`);
  const setting = new Map(settings.map((s) => [s.slice(0, s.indexOf("=")), s.slice(s.indexOf("=") + 1)]));
  const names = (key: string): readonly string[] => setting.get(key)?.split(",") ?? [];
  return {
    path,
    kind,
    input,
    passes: names("pass"),
    after: names("after"),
    target: targetOf(setting, path),
    directives,
    source,
    expected: cut < 0 ? "" : text.slice(cut + separator.length),
  };
}

const machines: Readonly<Record<string, Target>> = {
  ...targets,
  cpu: js.target({ checked: true, count: false, execution: "cpu" }),
};

function targetOf(settings: ReadonlyMap<string, string>, path: string): Target {
  const name = settings.get("target") ?? "generic";
  const base = machines[name];
  if (base === undefined) throw new Error(`${path}: there is no target ${name}`);
  const changed = [...settings].filter(([key]) => key !== "target" && key !== "pass" && key !== "after");
  for (const [key] of changed) if (!(key in base)) throw new Error(`${path}: a target has no ${key}`);
  return { ...base, ...Object.fromEntries(changed.map(([key, value]) => [key, Number(value)])) };
}

const graphPasses: ReadonlyMap<string, Pass<Graph>> = new Map(
  graphPipeline.map((p): [string, Pass<Graph>] => [p.name, p]),
);
const programPasses: ReadonlyMap<string, Pass<Program>> = new Map(
  [...programPipeline, ...legalize].map((p): [string, Pass<Program>] => [p.name, p]),
);

/** Every pass of the pipelines, in their order, each once. */
export const allPasses: readonly string[] = [...graphPasses.keys(), schedulePass.name, ...programPasses.keys()];

export async function runFiletest(test: Filetest): Promise<void> {
  const text = test.kind === "ir" ? await passed(test) : test.kind === "parse" ? parsed(test) : verified(test);
  if (blessing) {
    const whole = readFileSync(test.path, "utf8");
    const cut = whole.indexOf(separator);
    const input = cut < 0 ? whole.trimEnd() : whole.slice(0, cut);
    writeFileSync(test.path, `${input}${separator}${text}`);
    return;
  }
  expect(text).toBe(test.expected);
}

function unwrap<T>(result: Result<T, readonly Diagnostic[]>): T {
  if (result.ok) return result.value;
  throw new Error(renderDiagnostics(result.error, { color: false }));
}

const only = (test: Filetest, key: string): string | undefined => test.directives.get(key)?.[0];

const sizes = (test: Filetest): ReadonlyMap<string, number> =>
  new Map(
    (only(test, "dims") ?? "").split(/[\s,]+/).flatMap((s): [string, number][] => {
      const [name = "", value] = s.split("=");
      return value === undefined ? [] : [[name, Number(value)]];
    }),
  );

function graphIn(test: Filetest): Graph {
  if (test.source.path.endsWith(".lfir")) return unwrap(parseGraph(test.source, { dims: sizes(test) }));
  const model = only(test, "model");
  return unwrap(graphOf(test.source, { dims: sizes(test), ...(model !== undefined && { model }) }));
}

/** A program of their own round kernels that come alone. */
const programIn = (test: Filetest): Program =>
  test.input === "program" ? unwrap(parseProgram(test.source)) : programAround(unwrap(parseKernels(test.source)));

async function passed(test: Filetest): Promise<string> {
  const remarks: Remark[] = [];
  const cx: PassContext = {
    target: test.target,
    strategies: new Set(test.directives.get("strategies")?.flatMap((s) => s.split(/,\s*/))),
    fp: only(test, "fp") === "strict" ? "strict" : "relaxed",
    remark: (r) => remarks.push(r),
  };
  const result = test.input === "graph" ? await passedGraph(test, cx) : await passedProgram(test, programIn(test), cx);
  for (const wanted of test.directives.get("expect-remark") ?? []) {
    const [pass = "", ...words] = wanted.split(" ");
    const found = remarks.some((r) => r.pass === pass && r.message.includes(words.join(" ")));
    expect(found, `no remark ${wanted} among:\n${remarks.map((r) => `${r.pass} ${r.message}`).join("\n")}`).toBe(true);
  }
  for (const wanted of test.directives.get("expect-count") ?? []) expect(countText(wanted, result.counts)).toBe(wanted);
  return result.text;
}

interface Passed {
  readonly text: string;
  readonly counts: ReadonlyMap<string, number>;
}

async function passedGraph(test: Filetest, cx: PassContext): Promise<Passed> {
  const before = graphIn(test);
  const [first, ...rest] = test.passes;
  if (first === schedulePass.name) {
    const scheduled = schedulePass.run(before, cx);
    expect(verifyProgram(scheduled, cx.target, [schedulePass.name])).toEqual([]);
    await sameProgramMeaning(before, scheduled, cx.target);
    return rest.length === 0
      ? { text: programText(test, scheduled), counts: programCounts(scheduled) }
      : passedProgram({ ...test, passes: rest }, scheduled, cx);
  }
  let graph = before;
  for (const name of test.passes) {
    const pass = graphPasses.get(name);
    if (pass === undefined) throw new Error(`${test.path}: there is no pass ${name} on graphs`);
    graph = pass.run(graph, cx);
    expect(verifyGraph(graph, name === "reassociate" ? "reassociated" : undefined)).toEqual([]);
  }
  if (!test.directives.has("may-differ")) sameGraphMeaning(before, graph);
  const counts = new Map<string, number>();
  for (const { op } of graph.nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return { text: graph === before ? "// unchanged\n" : printGraph(graph), counts };
}

async function passedProgram(test: Filetest, before: Program, cx: PassContext): Promise<Passed> {
  expect(verifyProgram(before, cx.target, [schedulePass.name])).toEqual([]);
  let program = before;
  for (const name of test.passes) {
    const pass = programPasses.get(name);
    if (pass === undefined) throw new Error(`${test.path}: there is no pass ${name} on programs`);
    program = pass.run(program, cx);
    // Only what this pass promises: the input of a test need not have been through those before.
    expect(verifyProgram(program, cx.target, [schedulePass.name, name])).toEqual([]);
  }
  const fault = only(test, "expect-fault");
  if (!test.directives.has("may-differ")) await sameProgramMeaning(before, program, cx.target, fault);
  return {
    text: program === before ? "// unchanged\n" : programText(test, program),
    counts: programCounts(program),
  };
}

function programText(test: Filetest, program: Program): string {
  const kernels = program.kernels.map(printKernel).join("\n");
  const what = test.input === "kernel" ? "kernels" : only(test, "print");
  if (what === "kernels") return kernels;
  return what === "steps"
    ? printProgram({ ...program, kernels: [] })
        .trimEnd()
        .concat("\n")
    : printProgram(program);
}

function programCounts(program: Program): ReadonlyMap<string, number> {
  const counts = new Map([
    ["kernel", program.kernels.length],
    ["prepare", dispatchesOf(program.prepare).length],
    ["dispatch", dispatchesOf(program.steps).length],
  ]);
  for (const k of program.kernels)
    walkStmts(k.body, (s) => {
      const word = s.s === "for" && s.bind.to !== "serial" ? s.bind.to : s.s;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    });
  return counts;
}

/** `contract 4, map 1` with the numbers that there are. */
const countText = (wanted: string, counts: ReadonlyMap<string, number>): string =>
  wanted
    .split(",")
    .map((w) => w.trim().split(" ")[0] ?? "")
    .map((word) => `${word} ${counts.get(word) ?? 0}`)
    .join(", ");

function parsed(test: Filetest): string {
  const { source, input } = test;
  const show = <T>(result: Result<T, readonly Diagnostic[]>, print: (value: T) => string): string =>
    result.ok ? print(result.value) : `${renderDiagnostics(result.error, { color: false })}\n`;
  if (input === "graph") return show(parseGraph(source, { dims: sizes(test) }), (g) => printGraph(g));
  return input === "program" ? show(parseProgram(source), printProgram) : show(parseKernel(source), printKernel);
}

function verified(test: Filetest): string {
  const problems =
    test.input === "graph"
      ? verifyGraph(
          unwrap(parseGraph(test.source, { verify: false })),
          test.after[0] === "reassociate" ? "reassociated" : undefined,
        )
      : verifyProgram(programIn(test), test.target, test.after);
  return `${problems.length === 0 ? "nothing is wrong" : problems.join("\n")}\n`;
}
