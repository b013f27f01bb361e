import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { loadGraph } from "../../src/cli/prepare.js";
import { main } from "../../src/cli/program.js";
import { runReference } from "../../src/driver/machine.js";
import { printGraph } from "../../src/ir/graph/print.js";
import { graphOfFile, randomRun, unwrap } from "../support/model.js";

/** A .lfir file in place of a .lf file. */

const folder = mkdtempSync(join(tmpdir(), "lfir-"));
function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function lfc(
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const text = { out: "", err: "" };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((s) => {
      text.out += String(s);
      return true;
    }),
    vi.spyOn(process.stderr, "write").mockImplementation((s) => {
      text.err += String(s);
      return true;
    }),
  ];
  try {
    return { code: await main(argv), ...text };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const small = `graph @Small(%x: f32[Seq, 4]) {
  dim Seq in 2..8
  %u = map %x[n, d] -> [n, d] = $0 * 1.0
  %y = map %u[n, d] -> [n, d] = exp($0)
  return y = %y
}
`;

test("an example printed and read back computes the same", () => {
  const graph = graphOfFile("examples/attention_head.lf");
  const again = unwrap(loadGraph(written("head.lfir", printGraph(graph)), { fp: "relaxed" }));
  const { inputs, params } = randomRun(graph);
  expect(runReference(again, inputs, params)).toEqual(runReference(graph, inputs, params));
});

test("lfc ir --pass", async () => {
  const { code, out } = await lfc("ir", written("small.lfir", small), "--pass", "fuseMaps");
  expect(code).toBe(0);
  expect(out).toContain("// fuseMaps (unchanged)");
  const simplified = await lfc("ir", written("small.lfir", small), "--pass", "simplify");
  expect(simplified.out).toContain("%1 = map %x[i, j] -> [i, j] over i=Seq, j=4 = exp($0) : f32[Seq, 4]");
});

test("lfc compile, run and compare", async () => {
  const path = written("small.lfir", small);
  expect((await lfc("compile", path, "--backend", "js", "-o", join(folder, "out"))).code).toBe(0);
  const run = await lfc("run", path, "--backend", "js", "--input", "x=random", "--dim", "Seq=3", "--json");
  expect(run.code).toBe(0);
  expect(run.out).toContain('"y"');
  const compared = await lfc("compare", path, "--backends", "reference,js");
  expect(compared.code, compared.err).toBe(0);
  expect(compared.out).toContain("agrees");
});

test("mistakes are shown in the text", async () => {
  const { code, err } = await lfc("ir", written("bad.lfir", small.replace("exp", "epx")));
  expect(code).toBe(1);
  expect(err).toContain("bad.lfir:4:33: error LF0606: there is no function epx");
  expect((await lfc("ir", written("small.lfir", small), "--dim", "Sqe=3")).err).toContain("did you mean Seq?");
  expect((await lfc("ir", written("small.lfir", small), "--dim", "Seq=9")).err).toContain("outside the declared range");
  expect((await lfc("ir", written("small.lfir", small), "--model", "Large")).err).toContain("it has Small");
});
