import { resolve } from "node:path";
import { resolveBackend } from "../../../src/driver/backends.js";
import { graphOf, lower } from "../../../src/driver/compile.js";
import { loadLowered } from "../../../src/driver/machine.js";
import type { CreateRunner } from "../../support/cases.js";
import { unwrap } from "../../support/program.js";
import { type LfcSpec, layerSource } from "../lfc.js";

/** The layer through one of lfc's backends that need no GPU. */
export const create: CreateRunner = async (given, tools) => {
  const { backend: name, options, ...spec } = given as LfcSpec;
  const { file, dims, params } = layerSource(resolve("bench/layer"), spec);
  const graph = unwrap(graphOf(file, { dims: new Map(Object.entries(dims)) }));
  const backend = unwrap(await resolveBackend(name));
  const lowered = unwrap(lower(graph, backend, { backendOptions: options }));
  const { executable } = unwrap(
    await loadLowered(lowered, new Map(Object.entries(params).map(([path, t]) => [path, tools.tensor(t)])), undefined),
  );
  const x = tools.tensor(spec.tensors.x ?? { shape: [0], seed: 0, scale: 0 });
  let last = {};
  return {
    async run() {
      last = await executable.run({ x });
    },
    output: async () => last,
    dispose: () => executable.dispose(),
  };
};
