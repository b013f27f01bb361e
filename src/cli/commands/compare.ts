import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { diagnosticToJson } from "../../diagnostics/frame.js";
import { resolveBackend } from "../../driver/backends.js";
import type { Lowered, LowerOptions } from "../../driver/compile.js";
import { loadMachine, runMachine, runReference } from "../../driver/machine.js";
import { type Comparison, compareToReference } from "../../ir/graph/compare.js";
import type { ReferenceTensor } from "../../ir/graph/interpret.js";
import { fail, ok, type Result } from "../../util/result.js";
import { type Adapter, type AdapterKind, openAdapter } from "../adapter.js";
import type { InputOptions, ModelOptions } from "../options.js";
import { keepPlan, type PlanOptions, planFor, warnOfPlan } from "../plan.js";
import { type Prepared, prepareModel } from "../prepare.js";
import { exit, print, report, table } from "../terminal.js";

interface Options extends ModelOptions, InputOptions, PlanOptions {
  readonly backends: string;
  readonly adapter?: AdapterKind;
}

interface Row {
  readonly backend: string;
  readonly output: string;
  readonly comparison: Comparison;
}

/** Beside the bound of each element, what holds for a whole model. */
const wholeModel = { relL2: 1e-5 } as const;

type Reference = Readonly<Record<string, ReferenceTensor>>;

export async function compareCommand(file: string, options: Options): Promise<number> {
  const json = options.json === true;
  const asked = options.backends.split(",").map((n) => n.trim());
  const names = [...new Set(asked.filter((n) => n !== ""))];
  for (const name of names) {
    const known = name === "reference" ? undefined : await resolveBackend(name);
    if (known?.ok === false) return report([known.error], json);
  }
  const plan = planFor(options);
  if (!plan.ok) return report([plan.error], json);
  const adapter = names.includes("wgsl") ? await openAdapter(options.adapter) : undefined;
  if (adapter !== undefined && !adapter.ok) return report([adapter.error], json);
  try {
    const prepared = prepareModel(file, options, { randomInputs: true });
    if (!prepared.ok) return report(prepared.error, json);
    const { graph, inputs, params } = prepared.value;
    const reference = runReference(graph, inputs, params);
    const rows: Row[] = [];
    const problems: Diagnostic[] = [];
    const compiled: Lowered[] = [];
    for (const name of names.filter((n) => n !== "reference")) {
      const how = { fp: options.fp, ...plan.value };
      const compared = await compareBackend(name, prepared.value, reference, adapter?.value, how);
      if (compared.ok) {
        rows.push(...compared.value.rows);
        compiled.push(compared.value.lowered);
      } else problems.push(...compared.error);
    }
    const [first] = compiled;
    const kept = first === undefined ? undefined : keepPlan(options, first);
    if (kept?.ok === false) problems.push(kept.error);
    const warnings = warnOfPlan(plan.value, compiled, json);
    const passed = problems.length === 0 && rows.every((r) => r.comparison.passed);
    const on = adapter?.value.name ?? "";
    if (json) {
      print(
        JSON.stringify(
          {
            model: graph.name,
            sizes: Object.fromEntries(prepared.value.sizes),
            adapter: on,
            passed,
            results: rows.map((r) => ({ backend: r.backend, output: r.output, ...r.comparison })),
            diagnostics: [...problems.map(diagnosticToJson), ...warnings],
          },
          null,
          2,
        ),
      );
    } else {
      print(describe(prepared.value, names.includes("reference") ? reference : {}, rows, on));
      report(problems, false);
    }
    return passed ? exit.ok : exit.diagnostics;
  } finally {
    adapter?.value.close();
  }
}

async function compareBackend(
  name: string,
  { graph, inputs, params }: Prepared,
  reference: Reference,
  adapter: Adapter | undefined,
  how: LowerOptions,
): Promise<Result<{ readonly rows: readonly Row[]; readonly lowered: Lowered }, readonly Diagnostic[]>> {
  const backend = await resolveBackend(name);
  if (!backend.ok) return fail([backend.error]);
  const machine = await loadMachine(graph, backend.value, params, adapter?.device, how);
  if (!machine.ok) return machine;
  try {
    const outputs = await runMachine(machine.value, inputs);
    if (!outputs.ok) return outputs;
    const rows = Object.entries(reference).flatMap(([output, expected]) => {
      const tensor = outputs.value[output];
      return tensor === undefined
        ? []
        : [{ backend: name, output, comparison: compareToReference(expected, tensor, wholeModel) }];
    });
    return ok({ rows, lowered: machine.value.lowered });
  } finally {
    machine.value.executable.dispose();
  }
}

function verdict(c: Comparison): string {
  if (c.passed) return c.elements > 0 && c.undecided === c.elements ? "agrees in relative L2" : "agrees";
  return c.share > 1 ? `DIFFERS at element ${c.worst}` : "DIFFERS in relative L2";
}

function describe({ graph, sizes }: Prepared, reference: Reference, rows: readonly Row[], on: string): string {
  const at = [...sizes].map(([name, value]) => `${name} = ${value}`).join(", ");
  const head = `${graph.name}${at === "" ? "" : ` at ${at}`} against the float64 reference`;
  return [
    `${head}${on === "" ? "" : `, wgsl on ${on}`}`,
    table(
      ["backend", "output", "max abs", "max rel", "rel L2", "of tolerance", "undecided", ""],
      [
        ...Object.keys(reference).map((o) => ["reference", o, "0", "0", "0", "0 %", "0", "is the definition"]),
        ...rows.map(({ backend, output, comparison: c }) => [
          backend,
          output,
          c.maxAbs.toExponential(2),
          c.maxRel.toExponential(2),
          c.relL2.toExponential(2),
          c.undecided === c.elements ? "-" : `${(100 * c.share).toFixed(1)} %`,
          String(c.undecided),
          verdict(c),
        ]),
      ],
    ),
  ].join("\n");
}
