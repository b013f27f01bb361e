import { printInstrument } from "../../../passes/instruments.js";
import type { Instrument } from "../../../passes/manager.js";
import { resolveBackend } from "../../driver/backends.js";
import { lower } from "../../driver/compile.js";
import type { Graph } from "../../ir/graph/ops.js";
import { printGraph } from "../../ir/graph/print.js";
import { printKernel, printProgram } from "../../ir/kernel/print.js";
import type { Program } from "../../ir/program/program.js";
import type { ModelOptions } from "../options.js";
import { loadGraph } from "../prepare.js";
import { exit, print, report } from "../terminal.js";

type Level = "graph" | "kernel" | "program";

interface Options extends ModelOptions {
  readonly print: "before" | "after" | "all";
  readonly pass?: string;
  readonly level?: Level;
  readonly backend: string;
}

/** Without `--pass` and with `--print after`: the last form of each level. Otherwise the IR around the passes asked for. */
export async function irCommand(file: string, options: Options): Promise<number> {
  const graph = loadGraph(file, options);
  if (!graph.ok) return report(graph.error, false);
  const backend = await resolveBackend(options.backend);
  if (!backend.ok) return report([backend.error], false);

  if (options.pass === undefined && options.print === "before") {
    print(printGraph(graph.value));
    return exit.ok;
  }
  const level = options.level;
  const everyPass = options.pass !== undefined || options.print !== "after";
  const texts: string[] = [];
  const seen = new Set<string>();
  const watch: Instrument = {
    before: (pass) => void seen.add(pass),
    after: (pass) => void seen.add(pass),
  };
  const printer = printInstrument({
    when: options.print,
    ...(options.pass === undefined ? {} : { pass: options.pass }),
    print: (ir) => printIr(ir, level),
    write: (text) => texts.push(text),
  });
  const lowered = lower(graph.value, backend.value, { fp: options.fp, instruments: everyPass ? [watch, printer] : [] });
  if (!lowered.ok) return report(lowered.error, false);
  if (everyPass) {
    if (options.pass !== undefined && !seen.has(options.pass)) {
      process.stderr.write(
        `lfc: the pipeline of ${options.backend} has no pass named ${options.pass}; it has ${[...seen].join(", ")}\n`,
      );
      return exit.usage;
    }
    print(texts.join("\n"));
    return exit.ok;
  }
  const { program } = lowered.value;
  if (level === "graph" || program === undefined) print(printGraph(lowered.value.graph));
  else if (level !== undefined) print(printIr(program, level));
  else print(`${printGraph(lowered.value.graph)}\n${printProgram(program)}`);
  return exit.ok;
}

const isProgram = (ir: unknown): ir is Program => typeof ir === "object" && ir !== null && "kernels" in ir;

function printIr(ir: unknown, level: Level | undefined): string {
  if (!isProgram(ir)) return level === undefined || level === "graph" ? printGraph(ir as Graph) : "";
  if (level === "graph") return "";
  return level === "kernel" ? ir.kernels.map(printKernel).join("\n\n") : printProgram(ir);
}
