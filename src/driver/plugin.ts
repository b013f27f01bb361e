import type { Artifact, Backend, Executable } from "../backend/backend.js";
import type { Target } from "../cost/target.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { pluginMember, pluginThrew, pluginWrongAbi } from "../diagnostics/messages/backend.js";
import type { Graph } from "../ir/graph/ops.js";
import { fail, ok, type Result } from "../util/result.js";

/**
 * A backend that somebody else wrote: nothing that it says is believed. Its members are checked when it is loaded, what
 * its functions give is checked when they return, and whatever they throw is one diagnostic that names it.
 */
export interface Foreign {
  readonly name: string;
  /** The package or file that it came from. */
  readonly from: string;
}

/** What a foreign backend did wrong, on its way out of the compiler as an exception. */
export class PluginFault extends Error {
  override readonly name = "PluginFault";
  constructor(readonly diagnostic: Diagnostic) {
    super(diagnostic.message);
  }
}

type Members = Readonly<Record<string, unknown>>;
const isObject = (x: unknown): x is Members => typeof x === "object" && x !== null;

/** Checks the members of what a plugin exports, and guards each call of it. */
export function guardBackend(exported: unknown, foreign: Foreign): Result<Backend, Diagnostic> {
  const { name, from } = foreign;
  const wrong = (member: string, wanted: string) => fail(pluginMember(name, from, member, wanted));
  if (!isObject(exported)) return wrong("default export", "a backend made with defineBackend");
  if (exported.abi !== 1)
    return fail(pluginWrongAbi(name, from, exported.abi === undefined ? "unknown" : String(exported.abi)));
  if (typeof exported.name !== "string" || exported.name === "") return wrong("name", "a text");
  if (typeof exported.summary !== "string") return wrong("summary", "a text");
  if (exported.consumes !== "graph" && exported.consumes !== "kernel") return wrong("consumes", "`graph` or `kernel`");
  if (!(exported.strategies instanceof Set)) return wrong("strategies", "a Set of names");
  for (const member of ["parseOptions", "target", "emit"]) {
    if (typeof exported[member] !== "function") return wrong(member, "a function");
  }
  if (exported.load !== undefined && typeof exported.load !== "function") return wrong("load", "a function, or absent");
  if (exported.validate !== undefined && typeof exported.validate !== "function")
    return wrong("validate", "a function, or absent");
  if (exported.legalize !== undefined && !isPasses(exported.legalize)) return wrong("legalize", "a list of passes");

  const backend = exported as unknown as Backend;
  const believe = <T>(member: string, value: T, check: Check<T> | undefined): T => {
    tell(name, undefined);
    const problem = check?.(value);
    if (problem !== undefined) throw new PluginFault(pluginMember(name, from, `result of ${member}`, problem));
    return value;
  };
  const guard = <T>(member: string, call: () => T, check?: Check<T>): T => {
    tell(name, member);
    let value: T;
    try {
      value = call();
    } catch (error) {
      throw thrown(foreign, member, error);
    }
    return believe(member, value, check);
  };
  const guardAsync = async <T>(member: string, call: () => Promise<T>, check?: Check<T>): Promise<T> => {
    tell(name, member);
    let value: T;
    try {
      value = await call();
    } catch (error) {
      throw thrown(foreign, member, error);
    }
    return believe(member, value, check);
  };
  const { load, validate } = backend;
  const refuse = backend.consumes === "graph" ? backend.refuse : undefined;
  return ok({
    ...backend,
    parseOptions: (raw) => guard("parseOptions", () => backend.parseOptions(raw), resultProblem),
    target: (options: unknown) => guard("target", () => backend.target(options), targetProblem),
    emit: (ir: never, cx: never, options: unknown) =>
      guard("emit", () => backend.emit(ir, cx, options), artifactProblem),
    ...(refuse === undefined ? {} : { refuse: (graph: Graph) => guard("refuse", () => refuse(graph), listProblem) }),
    ...(load === undefined
      ? {}
      : {
          load: async (artifact, host): Promise<Executable> => {
            const executable = await guardAsync("load", () => load(artifact, host), executableProblem);
            const { profile } = executable;
            return {
              run: (inputs) => guardAsync("run", () => executable.run(inputs), outputsProblem),
              ...(typeof profile === "function"
                ? {
                    profile: (inputs) => guardAsync("profile", () => profile.call(executable, inputs), profileProblem),
                  }
                : {}),
              dispose: () => guard("dispose", () => executable.dispose()),
            };
          },
        }),
    ...(validate === undefined
      ? {}
      : { validate: (artifact) => guardAsync("validate", () => validate(artifact), textsProblem) }),
    ...(backend.legalize === undefined
      ? {}
      : {
          legalize: backend.legalize.map((pass) => ({
            ...pass,
            run: (ir: never, cx: never) => guard(`pass ${pass.name}`, () => pass.run(ir, cx)),
          })),
        }),
  } as Backend);
}

type Check<T> = (value: T) => string | undefined;

/**
 * Tells a watching parent process which foreign function runs now; a function that never returns can only be stopped
 * from outside.
 */
export function tell(plugin: string, member: string | undefined): void {
  if (process.env.LFC_WATCHED !== undefined) process.send?.({ plugin, member });
}

function thrown({ name, from }: Foreign, member: string, error: unknown): PluginFault {
  if (error instanceof PluginFault) return error;
  return new PluginFault(pluginThrew(name, from, member, error instanceof Error ? error.message : String(error)));
}

const isPasses = (x: unknown): boolean =>
  Array.isArray(x) && x.every((p) => isObject(p) && typeof p.name === "string" && typeof p.run === "function");

function resultProblem(x: unknown): string | undefined {
  return isObject(x) && (x.ok === true || (x.ok === false && isObject(x.error))) ? undefined : "a Result";
}

const numbers: readonly (keyof Target)[] = [
  "subgroupSize",
  "maxInvocations",
  "maxGrid",
  "sharedBytes",
  "privateBytes",
  "maxBuffers",
  "maxBinding",
  "registers",
];
const peaks: readonly (keyof Target["peak"])[] = ["flops", "bandwidth", "exps", "dispatch", "workgroup"];

function targetProblem(x: unknown): string | undefined {
  if (!isObject(x)) return "a Target";
  if (x.execution !== "simt" && x.execution !== "cpu") return "a Target whose execution is `simt` or `cpu`";
  if (!(x.dtypes instanceof Set)) return "a Target whose dtypes are a Set";
  const lacking = numbers.find((m) => typeof x[m] !== "number" || !((x[m] as number) >= 0));
  if (lacking !== undefined) return `a Target whose ${lacking} is a number`;
  const { peak } = x;
  if (!isObject(peak) || peaks.some((m) => typeof peak[m] !== "number"))
    return `a Target whose peak has ${peaks.join(", ")}`;
  return undefined;
}

const listProblem = (x: unknown): string | undefined => (Array.isArray(x) ? undefined : "a list of diagnostics");

const textsProblem = (x: unknown): string | undefined =>
  Array.isArray(x) && x.every((t) => typeof t === "string") ? undefined : "a list of texts";

const executableProblem = (x: unknown): string | undefined =>
  isObject(x) && typeof x.run === "function" && typeof x.dispose === "function" ? undefined : "an Executable";

function outputsProblem(x: unknown): string | undefined {
  if (!isObject(x)) return "tensors by name";
  for (const [name, t] of Object.entries(x)) {
    if (!isObject(t) || !Array.isArray(t.shape) || !ArrayBuffer.isView(t.data))
      return `tensors by name, which ${name} is not`;
    const { length } = t.data as unknown as { readonly length: number };
    if (t.shape.reduce((a: number, b: number) => a * b, 1) !== length)
      return `tensors whose values fill their shapes, unlike ${name}`;
  }
  return undefined;
}

function profileProblem(x: unknown): string | undefined {
  if (!isObject(x) || !Array.isArray(x.steps)) return "outputs and a list of steps";
  const timed = (step: unknown): boolean =>
    isObject(step) &&
    typeof step.label === "string" &&
    typeof step.kernel === "string" &&
    typeof step.seconds === "number" &&
    step.seconds >= 0;
  return x.steps.every(timed) ? outputsProblem(x.outputs) : "steps with a label, a kernel and seconds";
}

/** Paths stay within the folder that is written: relative, no `..`, no drive letter, no empty part. */
const isInside = (path: string): boolean =>
  path !== "" &&
  !/^[A-Za-z]:|\\|\0/.test(path) &&
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

function artifactProblem(x: Artifact): string | undefined {
  if (!isObject(x) || !Array.isArray(x.files)) return "an Artifact with a list of files";
  const seen = new Set<string>();
  for (const file of x.files as readonly unknown[]) {
    if (!isObject(file) || typeof file.path !== "string") return "an Artifact whose files have paths";
    if (!isInside(file.path))
      return `an Artifact whose paths stay in its folder, which ${JSON.stringify(file.path)} does not`;
    if (seen.has(file.path)) return `an Artifact with each path once, ${file.path} is there twice`;
    seen.add(file.path);
    if (typeof file.text !== "string" && !(file.text instanceof Uint8Array))
      return `an Artifact whose file ${file.path} is text or bytes`;
  }
  return undefined;
}
