import ts from "typescript";
import { expect, test } from "vitest";
import { describe, generateModule } from "../../src/codegen/index.js";
import { literalWriter, template } from "../../src/codegen/literal.js";
import { fileBase, typeName } from "../../src/codegen/typeNames.js";
import { constDim, divDim, symbolDim } from "../../src/ir/dim.js";
import { call, constant } from "../../src/ir/graph/scalars.js";
import type { LoadedModel } from "../../src/runtime/webgpu.js";
import { build, x } from "../passes/support.js";
import { testDevice } from "../support/dawn.js";
import { lowerFor } from "../support/model.js";
import { importFrom, testFolder, writeFiles } from "./support.js";

const device = testDevice();
const folder = testFolder();

const names = [
  "__proto__",
  "constructor",
  "then",
  "class",
  "a b",
  'q"uote',
  "line\nbreak",
  "ä",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a name that looks like one
  "`${x}`",
  "*/",
  "\\",
];

test.each([
  ["wgsl", "A model\n*/ of `any` name"],
  ["wgsl", "Tensor"],
])("names of any kind for %s, in a graph that no source belongs to: %j", async (backend, name) => {
  const t = build();
  const inputs = names.map((n) => t.input(n, 2));
  const outputs = new Map(
    names.map((n, at) => {
      const [i, p] = [inputs[at] ?? 0, t.param(n, 2)];
      const sum = t.map(
        "i",
        { i: 2 },
        [
          [i, "i"],
          [p, "i"],
        ],
        call("add", x(0), call("mul", x(1), constant(2))),
      );
      return [n, sum];
    }),
  );
  const graph = t.b.finish(
    name,
    [...outputs].map(([n, value]) => ({ name: n, value })),
  );
  const made = await generateModule(await lowerFor(graph, backend), describe(graph), {
    runtime: "inline",
    version: "0.0.0",
  });
  if (made === undefined) throw new Error("no module");
  const files = new Map(made.files.map((f) => [f.path, String(f.text)]));
  for (const [path, text] of files) {
    expect(path).toMatch(/^[\w-]+\.(d\.ts|js)$/);
    const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
    expect((parsed as unknown as { readonly parseDiagnostics: readonly unknown[] }).parseDiagnostics).toEqual([]);
  }
  writeFiles(folder, files);
  const { load } = await importFrom<{ load(on: GPUDevice, weights: object): Promise<LoadedModel> }>(
    folder,
    `${fileBase(name)}.js`,
  );
  const vector = (n: number) => Float32Array.of(n, -n);
  const model = await load(await device(), Object.fromEntries(names.map((n, i) => [n, vector(i)])));
  const results = await model.run(Object.fromEntries(names.map((n, i) => [n, vector(100 * i)])));
  expect(Object.keys(results).sort()).toEqual([...names].sort());
  for (const [i, n] of names.entries()) expect([...(results[n]?.data ?? [])]).toEqual([102 * i, -102 * i]);
  model.dispose();
});

test("a model may be called as the declarations call something else", () => {
  expect(typeName("Linformer")).toBe("Linformer");
  expect(typeName("Tensor")).toBe("TensorModel");
  expect(typeName("string")).toBe("stringModel");
  expect(typeName("3d model")).toBe("_3d_model");
  expect(fileBase("*/")).toBe("model");
});

test("data reads back as it was", () => {
  const n = symbolDim("N", 1, 8);
  const third = divDim(n, constDim(3)) ?? n;
  const writer = literalWriter();
  const value = {
    ["__proto__"]: [1, null, "\u2028\"'`"],
    list: [],
    plain: { n, third, five: constDim(5) },
    none: undefined,
  };
  const text = writer.literal(value);
  const back = new Function(`"use strict"; ${writer.constants().join("\n")} return ${text};`)();
  expect(Object.keys(back)).toEqual(["__proto__", "list", "plain"]);
  expect(back.plain).toEqual({ n, third, five: 5 });
  expect(Object.getOwnPropertyDescriptor(back, "__proto__")?.value).toEqual([1, null, "\u2028\"'`"]);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a text that looks like one
  for (const odd of ["`", "${a}", "\\n\\", "$", "a\nb"]) expect(new Function(`return ${template(odd)}`)()).toBe(odd);
});
