import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/model.js";

test("the package reaches lfc through its public entry alone, and only for types", () => {
  const folder = join(root, "examples/lfc-backend-onnx");
  const code = readdirSync(folder).filter((file) => file.endsWith(".js"));
  const imported = code.flatMap((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    const real = [...text.matchAll(/(?:from|^import) "([^"]+)"|await import\("([^"]+)"\)/gm)].map((m) => m[1] ?? m[2]);
    const types = [...text.matchAll(/[{|<] ?import\("([^"]+)"\)/g)].map((m) => `type ${m[1]}`);
    return [...real, ...types];
  });
  const outside = [...new Set(imported)].filter((name) => name !== undefined && !/^\.\/\w+\.js$/.test(name));
  expect(outside.sort()).toEqual(["onnxruntime-node", "type lfc/backend", "type onnxruntime-node"]);
});
