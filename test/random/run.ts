import type { FileAst } from "../../grammar/lf.ast.js";
import { format } from "../../grammar/lf.format.js";
import { parseGraph, parseProgram } from "../../grammar/lfir.toIr.js";
import { parseFile } from "../../grammar/parse.js";
import type { Instrument } from "../../passes/manager.js";
import type { Backend } from "../../src/backend/backend.js";
import type { Target } from "../../src/cost/target.js";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import type { SourceFile } from "../../src/diagnostics/span.js";
import { resolveBackend } from "../../src/driver/backends.js";
import { checkSource, graphOf } from "../../src/driver/compile.js";
import { bindInputs, inputNodes } from "../../src/driver/inputs.js";
import { loadMachine, type Outputs, runMachine } from "../../src/driver/machine.js";
import { initialParameters, type Parameters } from "../../src/driver/parameters.js";
import { compareToReference } from "../../src/ir/graph/compare.js";
import { interpret, type ReferenceTensor } from "../../src/ir/graph/interpret.js";
import type { Graph } from "../../src/ir/graph/ops.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { verifyGraph } from "../../src/ir/graph/verify.js";
import { printProgram } from "../../src/ir/kernel/print.js";
import { verifyProgram } from "../../src/ir/kernel/verify.js";
import type { Program } from "../../src/ir/program/program.js";
import type { Result } from "../../src/util/result.js";
import type { Generated } from "./generate.js";

/** Something that must not be. `kind` says what, so that a shrunk program still shows the same. */
export interface Finding {
  readonly kind: string;
  readonly message: string;
}

export interface Outcome {
  readonly finding: Finding | undefined;
  /** Elements of the outputs, and those of them that hang on a decision within its error. */
  readonly elements: number;
  readonly undecided: number;
  readonly kernels: number;
}

export interface RunOptions {
  /** Where WGSL runs and is validated; left out where there is none. */
  readonly device?: GPUDevice;
  /** Only these machines; all by default. */
  readonly only?: (machine: string) => boolean;
}

/** What a machine of a run is: a backend with its options. */
interface MachineSpec {
  readonly name: string;
  readonly backend: "js" | "tfjs" | "wgsl" | "wasm";
  readonly options: Readonly<Record<string, unknown>>;
  readonly fp?: "strict";
}

class Found extends Error {
  constructor(readonly finding: Finding) {
    super(finding.message);
  }
}

const found = (kind: string, message: string): never => {
  throw new Found({ kind, message });
};

/**
 * The property of every program: it checks; formatting keeps its tree and is idempotent; the text of each IR is read
 * back as itself; every pass keeps the IR whole and the meaning of the graph; each machine agrees with the reference under the one tolerance at each of its sizes.
 */
export async function runProgram(program: Generated, options: RunOptions = {}): Promise<Outcome> {
  const totals = { elements: 0, undecided: 0, kernels: 0 };
  let finding: Finding | undefined;
  try {
    await property(program, options, totals);
  } catch (error) {
    if (error instanceof Found) finding = error.finding;
    else {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const head = error instanceof Error ? error.message : text;
      finding = {
        kind: `throws ${stage.now}: ${head
          .split("\n")[0]
          ?.replace(/[0-9]+/g, "N")
          .slice(0, 60)}`,
        message: text,
      };
    }
  }
  return { finding, ...totals };
}

/** Where the property is, for the name of what is thrown. One program runs at a time. */
const stage = { now: "" };

async function property(
  program: Generated,
  options: RunOptions,
  totals: { elements: number; undecided: number; kernels: number },
): Promise<void> {
  const file = { path: "random.lf", text: program.text };
  stage.now = "format";
  formats(file.text);
  stage.now = "check";
  const dims = new Map(Object.entries(program.dims));
  const checked = checkSource(file, { dims });
  const errors = checked.diagnostics.filter((d) => d.severity === "error");
  if (errors.length > 0) found(`check ${errors[0]?.code}`, rendered(errors));
  stage.now = "elaborate";
  const made = graphOf(file, { dims });
  const graph = made.ok ? made.value : found(`elaborate ${made.error[0]?.code}`, rendered(made.error));
  const faults = verifyGraph(graph, "elaborated");
  if (faults.length > 0) found("verify elaborate", `${faults.join("\n")}\n${printGraph(graph)}`);

  const params = initialParameters(graph, program.seed);
  const bind = (sizes: Readonly<Record<string, number>>): Outputs => {
    stage.now = "inputs";
    const sources = new Map(inputNodes(graph).map((n) => [n.name, { kind: "random" } as const]));
    const bound = bindInputs(graph, sources, program.seed, new Map(Object.entries(sizes)));
    return bound.ok ? bound.value.inputs : found("inputs", rendered(bound.error));
  };
  const evaluated = (inputs: Outputs, about: string): Run => {
    stage.now = "reference";
    return { inputs, about, reference: interpret(graph, inputs, params).outputs };
  };
  const plain = program.sizes.map((sizes) => evaluated(bind(sizes), `sizes ${JSON.stringify(sizes)}`));
  for (const { reference } of plain)
    for (const t of Object.values(reference)) {
      totals.elements += t.value.length;
      totals.undecided += t.undecided.reduce((n, u) => n + (u !== 0 ? 1 : 0), 0);
    }
  const [first] = plain;
  if (first === undefined) return;
  // what comes of a NaN is not compared, but nothing else may change, nor a later run remember it
  const odd = program.seed % 2 === 0 ? withNaN(first.inputs) : coarse(first.inputs);
  const runs = [evaluated(odd, program.seed % 2 === 0 ? "with NaN" : "with coarse values"), ...plain];

  const machines = machinesOf(program, options);
  const watched = machines[(program.seed >>> 0) % Math.max(1, machines.length)];
  for (const spec of machines) {
    stage.now = spec.name;
    const resolved = await resolveBackend(spec.backend);
    const backend: Backend = resolved.ok ? resolved.value : found("backend", rendered([resolved.error]));
    const target = backend.target(unwrapOptions(backend, spec.options));
    const lowering = {
      instruments: [watch(first.inputs, params, target, spec.name, spec === watched)],
      backendOptions: spec.options,
      ...(spec.fp === undefined ? {} : { fp: spec.fp }),
    };
    const device = spec.backend === "wgsl" ? options.device : undefined;
    const loaded = await loadMachine(graph, backend, params, device, lowering);
    const machine = loaded.ok
      ? loaded.value
      : found(`load ${spec.name} ${loaded.error[0]?.code}`, rendered(loaded.error));
    try {
      totals.kernels += machine.lowered.program?.kernels.length ?? 0;
      if (device !== undefined) {
        for (const f of machine.lowered.artifact.files)
          if (f.path.endsWith(".wgsl") && typeof f.text === "string") await valid(device, f.path, f.text);
      }
      for (const run of runs) {
        stage.now = spec.name;
        const result = await runMachine(machine, run.inputs);
        const outputs = result.ok ? result.value : found(`run ${spec.name}`, rendered(result.error));
        agrees(spec.name, run.reference, outputs, run.about);
      }
    } finally {
      machine.executable.dispose();
    }
  }
}

interface Run {
  readonly inputs: Outputs;
  readonly about: string;
  readonly reference: Readonly<Record<string, ReferenceTensor>>;
}

const changed = (inputs: Outputs, change: (x: number, i: number) => number): Outputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, t]) => [
      name,
      t.dtype === "f32" ? { ...t, data: Float32Array.from(t.data, change) } : t,
    ]),
  );

/** Some elements of every input are NaN, as padding may be. */
const withNaN = (inputs: Outputs): Outputs => changed(inputs, (x, i) => ((i * 7) % 11 === 3 ? Number.NaN : x));

/** Multiples of a half: many elements are equal, which decides for the least index. */
const coarse = (inputs: Outputs): Outputs => changed(inputs, (x) => Math.round(2 * x) / 2);

function unwrapOptions(backend: Backend, options: Readonly<Record<string, unknown>>): unknown {
  const parsed = backend.parseOptions(options);
  return parsed.ok ? parsed.value : found("options", rendered([parsed.error]));
}

/** The machines that a program runs on. Some alternate from program to program. */
function machinesOf({ seed, text }: Generated, { device, only }: RunOptions): readonly MachineSpec[] {
  const turn = (n: number): number => (seed >>> 0) % n;
  const all: MachineSpec[] = [
    { name: "js checked", backend: "js", options: { checked: true } },
    {
      name: "js simt checked",
      backend: "js",
      options: { checked: true, execution: "simt" },
      ...(turn(5) === 0 && { fp: "strict" }),
    },
    { name: "wasm", backend: "wasm", options: turn(7) === 0 ? { threads: 2 } : {} },
    ...(turn(4) === 0 ? [{ name: "js", backend: "js", options: {} } as const] : []),
    turn(2) === 0
      ? { name: "tfjs wasm", backend: "tfjs", options: { device: "wasm" } }
      : { name: "tfjs cpu", backend: "tfjs", options: { device: "cpu" } },
    ...(device === undefined
      ? []
      : [{ name: "wgsl", backend: "wgsl", options: turn(3) === 0 ? { profile: "swiftshader" } : {} } as const]),
  ];
  // no other machine takes these
  const narrow = /\b(f16|u32)\b/.test(text);
  return all.filter((m) => (only === undefined || only(m.name)) && (!narrow || m.backend === "js"));
}

// ---- text -----------------------------------------------------------------------------------------------------------

function formats(text: string): void {
  const file = { path: "random.lf", text };
  const first = parseFile(file);
  const ast: FileAst = first.ast ?? found(`parse ${first.diagnostics[0]?.code}`, rendered(first.diagnostics));
  const once = { path: "random.lf", text: format(ast, first.comments, file) };
  const second = parseFile(once);
  const again: FileAst = second.ast ?? found("format breaks", `${rendered(second.diagnostics)}\n${once.text}`);
  if (shown(again) !== shown(ast)) found("format changes the tree", once.text);
  if (second.comments.map((c) => c.text).join("\n") !== first.comments.map((c) => c.text).join("\n"))
    found("format changes comments", once.text);
  const twice = format(again, second.comments, once);
  if (twice !== once.text) found("format twice", `${once.text}\n----\n${twice}`);
}

/** A tree without positions. */
const shown = (ast: FileAst): string =>
  JSON.stringify(ast, (key, value: unknown) => (key === "span" || key === "pathSpan" ? undefined : value));

const rendered = (list: readonly Diagnostic[]): string => renderDiagnostics(list, { color: false });

/** The text of an IR is read back as the same IR. */
function readsBack<I>(
  what: string,
  text: string,
  parse: (file: SourceFile) => Result<I, readonly Diagnostic[]>,
  print: (ir: I) => string,
): void {
  const read = parse({ path: "random.lfir", text });
  const ir = read.ok ? read.value : found(`${what} unreadable ${read.error[0]?.code}`, rendered(read.error));
  const again = print(ir);
  if (again !== text) found(`${what} reads differently`, `${text}\n----\n${again}`);
}

// ---- passes ---------------------------------------------------------------------------------------------------------

const isGraph = (ir: unknown): ir is Graph => typeof ir === "object" && ir !== null && "nodes" in ir;
const isProgramIr = (ir: unknown): ir is Program => typeof ir === "object" && ir !== null && "kernels" in ir;

/**
 * Verifies what the passes make. `each`: every pass by itself, its graph against what the graph meant before, and the
 * text of each against what is read back of it; one machine of a program is enough.
 */
function watch(inputs: Outputs, params: Parameters, target: Target, machine: string, each: boolean): Instrument {
  const done: string[] = [];
  let before: { readonly ir: unknown; readonly means: Readonly<Record<string, ReferenceTensor>> } | undefined;
  return {
    before(pass, ir) {
      stage.now = pass;
      if (each && isGraph(ir) && before?.ir !== ir) before = { ir, means: interpret(ir, inputs, params).outputs };
    },
    after(pass, ir, changed) {
      stage.now = machine;
      done.push(pass);
      if (isGraph(ir)) {
        if (!changed) return;
        const faults = verifyGraph(ir, pass === "reassociate" ? "reassociated" : undefined);
        if (faults.length > 0) found(`verify ${pass}`, `${faults.join("\n")}\n${printGraph(ir)}`);
        if (!each) return;
        readsBack("graph", printGraph(ir), (file) => parseGraph(file), printGraph);
        const means = interpret(ir, inputs, params).outputs;
        if (before !== undefined) keepsMeaning(pass, before.ir as Graph, ir, before.means, means);
        // the orders that a region offers beside its body
        const plans = Math.max(0, ...ir.nodes.map((n) => (n.op === "region" ? (n.plans?.length ?? 0) : 0)));
        for (let i = 0; i < plans; i++) {
          const other = interpret(ir, inputs, params, { plan: (n) => (i < (n.plans?.length ?? 0) ? i : undefined) });
          keepsMeaning(`${pass}, plan ${i}`, ir, ir, means, other.outputs);
        }
        before = { ir, means };
      } else if (isProgramIr(ir) && (each || done.includes("dedupe"))) {
        const faults = verifyProgram(ir, target, done);
        if (faults.length > 0) found(`verify ${pass}`, `${machine}\n${faults.join("\n")}\n${printProgram(ir)}`);
        if (each && pass === "dedupe")
          readsBack("program", printProgram(ir), (file) => parseProgram(file), printProgram);
      }
    },
  };
}

/**
 * In float64 a pass changes nothing but the order of sums, and constants that it folds in f32: a part of the bound, and
 * 1e-9 of the numbers that went into an element, which are at most 2²³ bounds.
 */
function keepsMeaning(
  pass: string,
  from: Graph,
  to: Graph,
  was: Readonly<Record<string, ReferenceTensor>>,
  is: Readonly<Record<string, ReferenceTensor>>,
): void {
  for (const [name, expected] of Object.entries(was)) {
    const actual = is[name] ?? found(`meaning ${pass}`, `${name} is gone`);
    if (actual.shape.join() !== expected.shape.join() || actual.dtype !== expected.dtype)
      found(
        `meaning ${pass}`,
        `${name} was ${expected.dtype}[${expected.shape}] and is ${actual.dtype}[${actual.shape}]`,
      );
    for (let i = 0; i < expected.value.length; i++) {
      if ((expected.undecided[i] ?? 0) !== 0 || (actual.undecided[i] ?? 0) !== 0) continue;
      const [x, y] = [expected.value[i] ?? 0, actual.value[i] ?? 0];
      const bound = Math.max(expected.bound[i] ?? 0, actual.bound[i] ?? 0);
      if (Math.abs(x - y) <= 1e-9 * (Math.abs(x) + bound * 2 ** 23) + 0.5 * bound) continue;
      found(`meaning ${pass}`, `${name}[${i}] was ${x} and is ${y} ± ${bound}\n${printGraph(from)}\n${printGraph(to)}`);
    }
  }
}

// ---- machines -------------------------------------------------------------------------------------------------------

async function valid(device: GPUDevice, path: string, code: string): Promise<void> {
  device.pushErrorScope("validation");
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
  const invalid = await device.popErrorScope();
  const errors = messages.filter((m) => m.type === "error").map((m) => `${m.lineNum}:${m.linePos} ${m.message}`);
  if (errors.length > 0 || invalid !== null)
    found("wgsl invalid", `${path}: ${errors.join("\n") || invalid?.message}\n${code}`);
}

function agrees(
  machine: string,
  reference: Readonly<Record<string, ReferenceTensor>>,
  outputs: Outputs,
  about: string,
): void {
  for (const [name, expected] of Object.entries(reference)) {
    const actual = outputs[name] ?? found(`differs ${machine}`, `${name} is missing`);
    const c = compareToReference(expected, actual);
    if (c.passed) continue;
    const [is, was, bound] = [actual.data[c.worst], expected.value[c.worst], expected.bound[c.worst]];
    found(
      `differs ${machine}`,
      `${name}[${c.worst}] is ${is}, should be ${was} ± ${bound} (shape ${expected.shape}), ${about}`,
    );
  }
}
