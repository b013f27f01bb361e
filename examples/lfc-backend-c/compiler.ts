import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Artifact, allocate, bindSizes, type Executable, evalDim, type Host, type Program } from "lfc/backend";
import { sizesOf, tensorsOf } from "./file.js";

/** Building and running what `emit` wrote, with the C compiler of the system. */

const modelText = (artifact: Artifact): string => {
  const text = artifact.files.find((f) => f.path === "model.c")?.text;
  if (typeof text !== "string") throw new Error("the artifact has no model.c");
  return text;
};

/** What the compiler says against a file; nothing where it accepts it. */
export async function validate(artifact: Artifact): Promise<readonly string[]> {
  const flags = ["-std=c99", "-pedantic", "-Wall", "-Wno-unused"];
  const done = await execute(
    String(artifact.meta.compiler),
    [...flags, "-fsyntax-only", "-xc", "-"],
    modelText(artifact),
  );
  return done.code === 0 && done.errors === "" ? [] : [done.errors || `it ended with ${done.code}`];
}

/** Reads sizes, lengths and tensors from its input, runs once and writes the tensors that are outputs. */
const harness = (tensors: number, outputsFrom: number): string => `
#include <stdio.h>
int main(void) {
  int32_t count;
  if (fread(&count, 4, 1, stdin) != 1) return 2;
  int32_t *sizes = calloc(count + 1, 4);
  uint32_t lengths[${tensors + 1}];
  void *tensors[${tensors + 1}];
  if (fread(sizes, 4, count, stdin) != (size_t)count || fread(lengths, 4, ${tensors}, stdin) != ${tensors}) return 2;
  for (int i = 0; i < ${tensors}; i++) {
    tensors[i] = calloc(lengths[i] + 1, 4);
    if (i < ${outputsFrom} && fread(tensors[i], 4, lengths[i], stdin) != lengths[i]) return 2;
  }
  if (lfc_run(sizes, tensors) != 0) return 1;
  for (int i = ${outputsFrom}; i < ${tensors}; i++) fwrite(tensors[i], 4, lengths[i], stdout);
  return 0;
}
`;

/** Builds a program in a folder of its own, which `dispose` removes; each run starts it once. */
export async function load(artifact: Artifact, host: Host): Promise<Executable> {
  const program = artifact.meta.program as Program;
  const tensors = tensorsOf(program);
  const outputs = tensors.filter((r) => r.kind === "output");
  const given = tensors.filter((r) => r.kind !== "output");
  const folder = mkdtempSync(join(tmpdir(), "lfc-backend-c-"));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  const binary = join(folder, "model");
  try {
    writeFileSync(join(folder, "model.c"), modelText(artifact) + harness(tensors.length, given.length));
    const flags = ["-std=c99", "-O1", "-fwrapv", "-o", binary, join(folder, "model.c"), "-lm"];
    const built = await execute(String(artifact.meta.compiler), flags);
    if (built.code !== 0) throw new Error(built.errors);
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    dispose,
    async run(inputs) {
      const inputResources = given.filter((r) => r.kind === "input");
      const sizes = bindSizes(program.symbols, inputResources, inputs);
      const lengths = tensors.map((r) => evalDim(r.length, sizes));
      const parts = given.map((r, i) => {
        const tensor = r.kind === "input" ? inputs[r.name] : host.params.get(r.name);
        if (tensor === undefined) throw new Error(`${r.name} is missing`);
        const bytes = new Uint8Array(4 * (lengths[i] ?? 0));
        bytes.set(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
        return bytes;
      });
      const names = sizesOf(program);
      const head = Int32Array.of(names.length, ...names.map((n) => sizes.get(n) ?? 0), ...lengths);
      const ran = await execute(binary, [], Buffer.concat([new Uint8Array(head.buffer), ...parts]));
      if (ran.code !== 0) throw new Error(`the program ended with ${ran.code}`);
      let at = 0;
      return Object.fromEntries(
        outputs.map((r) => {
          const shape = r.shape.map((d) => evalDim(d, sizes));
          const data = allocate(
            r.dtype,
            shape.reduce((a, b) => a * b, 1),
          );
          new Uint8Array(data.buffer).set(ran.output.subarray(at, at + data.byteLength));
          at += 4 * evalDim(r.length, sizes);
          return [r.name, { dtype: r.dtype, shape, data }];
        }),
      );
    },
  };
}

/** Runs a program to its end. */
function execute(
  command: string,
  args: readonly string[],
  input: string | Uint8Array = "",
): Promise<{ readonly code: number | null; readonly output: Buffer; readonly errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args);
    const output: Buffer[] = [];
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk;
    });
    child.stdin.on("error", () => undefined); // it ended before it had read all: its code says why
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output: Buffer.concat(output), errors }));
    child.stdin.end(input);
  });
}
