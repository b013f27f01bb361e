import { describe, test } from "vitest";

/** Proof and packaging. */
describe("proof and packaging", () => {
  test.todo(
    "1 random programs: generator, shrinker, 100 in CI, npm run fuzz, fmt idempotent, parse(print(ir)) = ir, passes preserve meaning",
  );
  test.todo("2 filetests for every pass, first case nothing to do, blessable");
  test.todo(
    "3 conformance suite lfc/conformance of about 150 cases, run for every built-in backend; table in docs/backends.md",
  );
  test.todo(
    "4 plugins: lfc.config.js, lfc-backend-NAME, path; abi checked; lfc backends; examples/lfc-backend-onnx through onnxruntime-node",
  );
  test.todo(
    "5 typed module by ts-morph, default of lfc compile, WGSL and JavaScript <= 8 kB gzipped for one attention block; examples/browser",
  );
  test.todo("6 faults: one typed error each, buffers freed, re-load works, 1,000 runs level; lfc doctor");
  test.todo(
    "7 programmatic API: entry points, build-a-graph and custom-pass examples, every export documented, typedoc clean",
  );
  test.todo(
    "8 package: npm pack installs and runs elsewhere; publint, attw, knip clean; atomic writes; deterministic bytes",
  );
  test.todo("9 bad input: corrupt .npy and safetensors refused within 1 s without large allocation");
});
