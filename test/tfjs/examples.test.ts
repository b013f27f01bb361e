import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { graphOfFile, randomRun, root } from "../support/model.js";
import { devices, expectRight, optimised } from "./run.js";

const files = readdirSync(resolve(root, "examples")).filter((file) => file.endsWith(".lf"));

describe.each(devices)("on %s", (device) => {
  test.each(files)("%s", async (file) => {
    const graph = graphOfFile(`examples/${file}`, file === "linformer.lf" ? { dims: new Map([["Depth", 1]]) } : {});
    const { inputs, params } = randomRun(graph);
    const { elements } = await expectRight(optimised(graph), inputs, params, device, graph, 1e-5);
    expect(elements).toBeGreaterThan(0);
  });
});
