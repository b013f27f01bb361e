import { describe, test } from "vitest";

/** The thinnest path through every layer: one Linformer encoder from text to numbers that agree. */
describe("the slice", () => {
  test.todo(
    "1 npm run demo and npm test each work by themselves on a fresh clone; .ci/run ends in `N passed, N failed`",
  );
  test.todo(
    "2 language, first part: dims, params, fn, block, model, let, repeat, partial indexing, reductions, softmax, gather, scalar functions",
  );
  test.todo(
    "3 graph IR: eight ops, symbolic dims in normal form, printer, verifier, float64 reference with running error bound",
  );
  test.todo(
    "4 kernel IR: rules 1 to 10 as verifier functions, tile library, schedules for contraction, row reduction, pointwise",
  );
  test.todo(
    "5 passes: manager, rules, instruments, pipelines; simplify, dead code, map fusion, reassociate, planBuffers",
  );
  test.todo(
    "6 backends wgsl, js (checked) and tfjs (cpu, wasm) through the public plugin interface; user names prefixed",
  );
  test.todo("7 runtime: one file for Node and browsers, device passed in, one submit a run, dispose frees");
  test.todo("8 lfc compile, check, run, compare, ir as specified");
  test.todo(
    "9 golden tests compare wgsl (Dawn, Chromium), tfjs and js with the reference; every emitted WGSL is validated",
  );
  test.todo("10 examples: standard head, Linformer head, linformer.lf, elementwise");
  test.todo("11 house: import DAG test, biome, strict TypeScript, licence, README, CONTRIBUTING");
});
