import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { graphOfFile, root } from "../support/model.js";
import { agrees } from "./support.js";

const files = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".lf"));

test.each(files)("%s", async (file) => {
  const options = file === "linformer.lf" ? { dims: new Map([["Depth", 1]]) } : {};
  expect(await agrees(graphOfFile(`examples/${file}`, options))).toBeGreaterThan(0);
});
