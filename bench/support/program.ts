import backend, { modelOf } from "../../backends/wgsl/index.js";
import type { Diagnostic } from "../../src/diagnostics/diagnostic.js";
import { renderDiagnostics } from "../../src/diagnostics/frame.js";
import type { SourceFile } from "../../src/diagnostics/span.js";
import { type FrontendOptions, graphOf, type Lowered, type LowerOptions, lower } from "../../src/driver/compile.js";
import { bindInputs, inputNodes } from "../../src/driver/inputs.js";
import { initialParameters, paramNodes } from "../../src/driver/parameters.js";
import { readSource } from "../../src/driver/sources.js";
import type { Result } from "../../src/util/result.js";
import type { ProgramCase, TensorSource, Transfer } from "./cases.js";

export interface ProgramOptions extends LowerOptions {
  readonly name?: string;
  /** `--dim Name=value`, and wishes for run-time sizes. */
  readonly dims?: Readonly<Record<string, number>>;
  readonly model?: string;
  readonly seed?: number;
  /** Given values by path or name instead of initialisers and random inputs. */
  readonly params?: Readonly<Record<string, TensorSource>>;
  readonly inputs?: Readonly<Record<string, TensorSource>>;
  readonly transfer?: Transfer;
  readonly repeat?: number;
}

export interface CompiledCase {
  readonly case: ProgramCase;
  readonly lowered: Lowered;
}

/** @throws Error with the rendered diagnostics */
export function unwrap<T>(result: Result<T, readonly Diagnostic[] | Diagnostic>): T {
  if (result.ok) return result.value;
  const list = Array.isArray(result.error) ? (result.error as readonly Diagnostic[]) : [result.error as Diagnostic];
  throw new Error(renderDiagnostics(list, { color: false }));
}

/**
 * An `.lf` program compiled for WebGPU as a case: parameters from their initialisers and random inputs, unless given.
 *
 * @param source a file's path or its text
 * @throws Error with the diagnostics of what does not compile
 */
export function programCase(source: string | SourceFile, options: ProgramOptions = {}): CompiledCase {
  const file = typeof source === "string" ? unwrap(readSource(source)) : source;
  const { dims = {}, seed = 1 } = options;
  const frontend: FrontendOptions = {
    dims: new Map(Object.entries(dims)),
    ...(options.model === undefined ? {} : { model: options.model }),
  };
  const graph = unwrap(graphOf(file, frontend));
  const lowered = unwrap(
    lower(graph, backend, { ...options, backendOptions: { profile: "swiftshader", ...options.backendOptions } }),
  );
  const given = options.params ?? {};
  const missing = paramNodes(graph).filter((p) => given[p.path] === undefined);
  const params: Record<string, TensorSource> = { ...given };
  if (missing.length > 0) {
    const initial = initialParameters(graph, seed);
    for (const { path } of missing) {
      const value = initial.get(path);
      if (value !== undefined) params[path] = value;
    }
  }
  const random = (): Readonly<Record<string, TensorSource>> =>
    unwrap(
      bindInputs(
        graph,
        new Map(inputNodes(graph).map((n) => [n.name, { kind: "random" } as const])),
        seed,
        new Map(Object.entries(dims)),
      ),
    ).inputs;
  const { transfer, repeat } = options;
  return {
    lowered,
    case: {
      kind: "program",
      name: options.name ?? file.path,
      model: modelOf(lowered.artifact),
      params,
      inputs: options.inputs ?? random(),
      ...(transfer === undefined ? {} : { transfer }),
      ...(repeat === undefined ? {} : { repeat }),
    },
  };
}
