import { describe, test } from "vitest";

/** Full speed without a GPU: WebAssembly. */
describe("full speed without a GPU: WebAssembly", () => {
  test.todo(
    "1 backend through the public interface: own encoder, WebAssembly.validate, a disassembler for the golden text; kernels over the linear grid; plain and relaxed SIMD modules",
  );
  test.todo(
    "2 threads over SharedArrayBuffer, the same bits at any thread count; arena from planBuffers; no allocation during run",
  );
  test.todo("3 exp, tanh, erf as vector polynomials, exp within 2 ULP over dense samples against float64");
  test.todo("4 fused attention on the CPU; standard attention as a streaming kernel");
  test.todo(
    "5 everywhere the other backends are: generated module, lfc run default, compare, conformance, golden, random programs, bench and bench:peers",
  );
  test.todo(
    "6 faults: no SIMD, no SharedArrayBuffer, memory refused, a worker that dies; 1,000 runs level; dispose ends the workers",
  );
});
