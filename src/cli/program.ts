import { Command, CommanderError, Option } from "commander";
import { InternalError } from "../util/invariant.js";
import { collectDim, collectInput, collectName, countOfAtLeastOne, sweepRange, wholeNumber } from "./options.js";
import { exit } from "./terminal.js";
import { version } from "./version.js";

/**
 * The command line: what it accepts. What each command does is in `commands/`, loaded when it is asked for. `self` is the
 * program that can be started again with the same arguments, where there is one.
 */
export async function main(argv: readonly string[], self?: string): Promise<number> {
  let code: number = exit.ok;
  const program = new Command("lfc")
    .description("Compiles the mathematics of efficient attention (.lf) to kernels that run anywhere.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .showHelpAfterError("(lfc --help shows what there is)")
    .exitOverride();

  const dim = (): Option =>
    new Option("--dim <Name=value>", "give a size of the entry file another value; repeatable").argParser(collectDim);
  const model = (): Option => new Option("--model <name>", "which model, when the file has several");
  const strict = (): Option =>
    new Option("--fp <mode>", "strict keeps the written order of products")
      .choices(["relaxed", "strict"])
      .default("relaxed");
  const json = (): Option => new Option("--json", "print one JSON object instead of text");
  const input = (): Option =>
    new Option("--input <name=value>", "FILE.npy, text:FILE.txt (its bytes) or random; repeatable").argParser(
      collectInput,
    );
  const seed = (): Option =>
    new Option("--seed <n>", "decides initial parameters and random inputs").argParser(wholeNumber).default(0);
  const weights = (): Option => new Option("--weights <file>", "parameters from a .safetensors file");
  const adapter = (): Option =>
    new Option("--adapter <kind>", "which WebGPU adapter").choices(["hardware", "swiftshader"]);
  const tuned = (): Option =>
    new Option("--tune", "time the best few tiles of each kernel on this machine, and remember the fastest");
  const plan = (): Option => new Option("--plan <file>", "take the decisions that a plan file names");
  const savePlan = (): Option => new Option("--save-plan <file>", "write what was decided as a plan file");

  program
    .command("compile")
    .description("write the code of a model for one or several backends")
    .argument("<file>", "a .lf or .lfir file")
    .addOption(
      new Option(
        "--backend <name>",
        "wgsl (the default), wasm, tfjs or js; repeatable, the first is the main one",
      ).argParser(collectName),
    )
    .option("-o, --out <folder>", "where to write; NAME.lfc in the current folder unless told")
    .option("--force", "write beside files that lfc did not make, over those of the same name")
    .addOption(
      new Option("--runtime <how>", "what the module runs on: its own copy, or the package lfc")
        .choices(["inline", "import"])
        .default("inline"),
    )
    .addOption(model())
    .addOption(dim())
    .option("--target <name>", "the device that costs are for, of wgsl; generic unless told")
    .addOption(tuned())
    .addOption(adapter())
    .addOption(plan())
    .addOption(savePlan())
    .addOption(strict())
    .addOption(json())
    .action(async (file: string, options) => {
      code = await watching(self, options.backend ?? [], async () =>
        (await import("./commands/compile.js")).compileCommand(file, options),
      );
    });

  program
    .command("check")
    .description("report every mistake of the files and write nothing")
    .argument("<file...>", "files in .lf")
    .addOption(dim())
    .addOption(json())
    .action(async (files: string[], options) => {
      code = await (await import("./commands/check.js")).checkCommand(files, options);
    });

  program
    .command("run")
    .description("compile a model, run it and summarise its outputs")
    .argument("<file>", "a .lf or .lfir file")
    .option("--backend <name>", "reference, js, tfjs, wasm or wgsl; the fastest here unless told")
    .addOption(adapter())
    .addOption(input())
    .addOption(weights())
    .addOption(seed())
    .option("-o, --out <folder>", "also write each output as NAME.npy")
    .addOption(model())
    .addOption(dim())
    .addOption(tuned())
    .addOption(plan())
    .addOption(savePlan())
    .addOption(strict())
    .addOption(json())
    .action(async (file: string, options) => {
      code = await watching(self, options.backend === undefined ? [] : [options.backend], async () =>
        (await import("./commands/run.js")).runCommand(file, options),
      );
    });

  program
    .command("compare")
    .description("run a model on several backends and hold each against the float64 reference")
    .argument("<file>", "a .lf or .lfir file")
    .option("--backends <list>", "separated by commas", "reference,js,tfjs,wgsl,wasm")
    .addOption(adapter())
    .addOption(input())
    .addOption(weights())
    .addOption(seed())
    .addOption(model())
    .addOption(dim())
    .addOption(plan())
    .addOption(savePlan())
    .addOption(strict())
    .addOption(json())
    .action(async (file: string, options) => {
      code = await watching(self, String(options.backends).split(","), async () =>
        (await import("./commands/compare.js")).compareCommand(file, options),
      );
    });

  program
    .command("bench")
    .description("time a model: whole runs and single kernels, beside others, over sizes")
    .argument("<file>", "a .lf or .lfir file; inputs are random")
    .addOption(
      new Option(
        "--vs <what>",
        "what to run beside it: a file; textbook, the same with projections last, E(XW), and products as written; standard, that and the same with standard attention; repeatable",
      ).argParser(collectName),
    )
    .addOption(
      new Option(
        "--sweep <Name=from..to>",
        "a size, doubled from the first value to the last; sizes that take too long are left out",
      ).argParser(sweepRange),
    )
    .option("--backends <list>", "separated by commas; the one that lfc run takes here unless told")
    .addOption(adapter())
    .option("--target <name>", "a named device for the costs, in place of what the adapter is measured to do")
    .addOption(new Option("--runs <n>", "runs of each that count, in turn").argParser(countOfAtLeastOne).default(9))
    .addOption(
      new Option("--limit <seconds>", "of a run, and of all at one size once two have counted")
        .argParser(countOfAtLeastOne)
        .default(60),
    )
    .option("--json [file]", "everything that was measured as JSON: to a file, or printed instead of the tables")
    .option("--plot <file>", "an SVG of time against the swept size, or of estimate against measurement")
    .addOption(
      new Option(
        "--explore [points]",
        "time every tile that each kernel could have, or so many of them, and hold the estimates against it",
      ).argParser(countOfAtLeastOne),
    )
    .addOption(tuned())
    .addOption(weights())
    .addOption(seed())
    .addOption(model())
    .addOption(dim())
    .addOption(plan())
    .addOption(strict())
    .action(async (file: string, options) => {
      code = await watching(self, String(options.backends ?? "").split(","), async () =>
        (await import("./commands/bench.js")).benchCommand(file, options),
      );
    });

  program
    .command("fmt")
    .description("rewrite files in the one layout; - formats standard input to standard output")
    .argument("<file...>", "files in .lf")
    .option("--check", "change nothing; exit code 1 when a file would change")
    .action(async (files: string[], options) => {
      code = await (await import("./commands/fmt.js")).fmtCommand(files, options);
    });

  program
    .command("explain")
    .description("say what was decided about a model and why, or at length what the code of a message means")
    .argument("[what]", "a .lf or .lfir file, or a code as in a message: LF0203; nothing lists all codes")
    .option("--backend <name>", "whose decisions", "wgsl")
    .option("--target <name>", "the device that costs are for, of wgsl; generic unless told")
    .addOption(model())
    .addOption(dim())
    .addOption(plan())
    .addOption(savePlan())
    .addOption(strict())
    .addOption(json())
    .action(async (what: string | undefined, options) => {
      code =
        what !== undefined && /\.lf(ir)?$|[/\\]/.test(what)
          ? await watching(self, [options.backend], async () =>
              (await import("./commands/explainModel.js")).explainModelCommand(what, options),
            )
          : await (await import("./commands/explain.js")).explainCommand(what);
    });

  program
    .command("backends")
    .description("list the backends that can be named here, and where each comes from")
    .addOption(json())
    .action(async (options) => {
      code = await (await import("./commands/backends.js")).backendsCommand(options);
    });

  program
    .command("doctor")
    .description("say what this machine offers and what lfc run will use")
    .option("--measure", "measure the adapters now, anew; it takes a second")
    .addOption(json())
    .action(async (options) => {
      code = await (await import("./commands/doctor.js")).doctorCommand(options, self);
    });

  program
    .command("ir")
    .description("print a model's intermediate representations around the passes")
    .argument("<file>", "a .lf or .lfir file")
    .addOption(new Option("--print <when>", "around which passes").choices(["before", "after", "all"]).default("after"))
    .option("--pass <name>", "only around this pass")
    .addOption(new Option("--level <level>", "which representation").choices(["graph", "kernel", "program"]))
    .option("--backend <name>", "whose pipeline", "wgsl")
    .addOption(model())
    .addOption(dim())
    .addOption(strict())
    .action(async (file: string, options) => {
      code = await (await import("./commands/ir.js")).irCommand(file, options);
    });

  if (argv.length === 0) {
    program.outputHelp();
    return exit.usage;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
    return internal(error, argv);
  }
}

/** Runs a command here, or in a process of its own when it names a backend that is not ours. */
async function watching(
  self: string | undefined,
  names: readonly string[],
  command: () => Promise<number>,
): Promise<number> {
  if (self === undefined) return command();
  const { watched } = await import("./watch.js");
  return (
    (await watched(
      self,
      names.map((n) => n.trim()),
    )) ?? command()
  );
}

/** The text for a report: an internal fault is never the user's mistake. */
function internal(error: unknown, argv: readonly string[]): number {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const stack =
    error instanceof Error && !(error instanceof InternalError && process.env.LFC_BRIEF) ? (error.stack ?? "") : "";
  process.stderr.write(
    [
      "lfc: internal error. This is a fault of lfc, not of your program. Please report it with the text below and the .lf file.",
      "",
      `  lfc ${version}, node ${process.version}, ${process.platform} ${process.arch}`,
      `  lfc ${argv.join(" ")}`,
      `  ${what}`,
      ...stack.split("\n").slice(1, 8),
      "",
    ].join("\n"),
  );
  return exit.internal;
}
