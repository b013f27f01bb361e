import { join } from "node:path";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { adapterProfile } from "../../driver/adapterProfile.js";
import { resolveBackend } from "../../driver/backends.js";
import { diskStore } from "../../driver/cache.js";
import type { LowerOptions } from "../../driver/compile.js";
import { loadMachine, type Outputs, runMachine, runReference } from "../../driver/machine.js";
import { canTime } from "../../driver/timeKernels.js";
import { writeWhole } from "../../driver/write.js";
import { writeNpy } from "../../formats/npy.js";
import { allocate, type TensorData } from "../../ir/dtype.js";
import type { ReferenceTensor } from "../../ir/graph/interpret.js";
import { fail, ok, type Result } from "../../util/result.js";
import { type AdapterKind, type Choice, chooseBackend } from "../adapter.js";
import { optionsOn } from "../machines.js";
import type { InputOptions, ModelOptions } from "../options.js";
import { keepPlan, type PlanOptions, planFor, warnOfPlan } from "../plan.js";
import { type Prepared, prepareModel } from "../prepare.js";
import { describeTensor, tensorFacts } from "../summary.js";
import { exit, print, progressLine, report } from "../terminal.js";
import { describeTuned, tuneOn, withTuned } from "../tuning.js";

interface Options extends ModelOptions, InputOptions, PlanOptions {
  readonly backend?: string;
  readonly adapter?: AdapterKind;
  readonly tune?: boolean;
  readonly out?: string;
}

export async function runCommand(file: string, options: Options): Promise<number> {
  const json = options.json === true;
  const choice = await chooseBackend(options.backend, options.adapter);
  if (!choice.ok) return report([choice.error], json);
  try {
    return await runOn(choice.value, file, options);
  } finally {
    choice.value.adapter?.close();
  }
}

async function runOn(choice: Choice, file: string, options: Options): Promise<number> {
  const json = options.json === true;
  const prepared = prepareModel(file, options, { randomInputs: false });
  if (!prepared.ok) return report(prepared.error, json);
  const { graph, sizes } = prepared.value;
  const ran = await execute(choice, prepared.value, options);
  if (!ran.ok) return report(ran.error, json);
  const { outputs, milliseconds, on } = ran.value;

  const files: Record<string, string> = {};
  if (options.out !== undefined) {
    for (const [name, tensor] of Object.entries(outputs)) {
      const written = writeWhole(join(options.out, `${name}.npy`), writeNpy(tensor));
      if (!written.ok) return report([written.error], json);
      files[name] = written.value;
    }
  }
  if (json) {
    const facts = Object.fromEntries(
      Object.entries(outputs).map(([name, t]) => [
        name,
        { ...tensorFacts(t), ...(files[name] === undefined ? {} : { file: files[name] }) },
      ]),
    );
    print(
      JSON.stringify(
        {
          model: graph.name,
          backend: choice.name,
          adapter: on,
          why: choice.why,
          milliseconds,
          outputs: facts,
        },
        null,
        2,
      ),
    );
    return exit.ok;
  }
  const at = [...sizes].map(([name, value]) => `${name} = ${value}`).join(", ");
  print(`backend: ${choice.name}${on === "" ? "" : ` on ${on}`}; ${choice.why}`);
  print(`${graph.name}${at === "" ? "" : ` at ${at}`}: ${milliseconds.toFixed(1)} ms`);
  for (const [name, tensor] of Object.entries(outputs)) print(describeTensor(name, tensor, files[name]));
  return exit.ok;
}

interface Ran {
  readonly outputs: Outputs;
  readonly milliseconds: number;
  /** The adapter's name, for a GPU. */
  readonly on: string;
}

async function execute(
  choice: Choice,
  { graph, params, inputs, sizes }: Prepared,
  options: Options,
): Promise<Result<Ran, readonly Diagnostic[]>> {
  if (choice.name === "reference") {
    const start = performance.now();
    const reference = runReference(graph, inputs, params);
    const milliseconds = performance.now() - start;
    return ok({
      outputs: Object.fromEntries(Object.entries(reference).map(([name, t]) => [name, rounded(t)])),
      milliseconds,
      on: "",
    });
  }
  const backend = await resolveBackend(choice.name);
  if (!backend.ok) return fail([backend.error]);
  const plan = planFor(options);
  if (!plan.ok) return fail([plan.error]);
  const { adapter } = choice;
  const on = { backend: backend.value, device: adapter?.device, options: optionsOn(choice) };
  let how: LowerOptions = { fp: options.fp, ...on.options, ...plan.value };
  if (options.tune === true && canTime(backend.value)) {
    const profile = adapter && (await adapterProfile(adapter.device, adapter.name, diskStore()));
    const line = progressLine();
    const tuned = await tuneOn(on, profile, graph, sizes, how, line.show);
    line.clear();
    if (!tuned.ok) return tuned;
    if (options.json !== true) print(describeTuned(tuned.value));
    how = withTuned(how, tuned.value);
  }
  const machine = await loadMachine(graph, backend.value, params, adapter?.device, how);
  if (!machine.ok) return machine;
  try {
    const { lowered } = machine.value;
    const kept = keepPlan(options, lowered);
    if (!kept.ok) return fail([kept.error]);
    warnOfPlan(plan.value, [lowered], false);
    const start = performance.now();
    const outputs = await runMachine(machine.value, inputs);
    const milliseconds = performance.now() - start;
    return outputs.ok ? ok({ outputs: outputs.value, milliseconds, on: choice.adapter?.name ?? "" }) : outputs;
  } finally {
    machine.value.executable.dispose();
  }
}

/** The reference rounded to the element type, as a file holds it. */
function rounded(t: ReferenceTensor): TensorData {
  const data = allocate(t.dtype, t.value.length);
  data.set(t.value);
  return { dtype: t.dtype, shape: t.shape, data };
}
