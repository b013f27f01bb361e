import { describe, expect, test } from "vitest";
import { cases } from "../numeric/cases.js";
import { graphOfFile } from "../support/model.js";
import { agrees } from "./support.js";

describe.each(cases)("$file", ({ file, models, dims = {}, sizes = {} }) => {
  test.each(models)("%s", async (model) => {
    const graph = graphOfFile(`test/corpus/good/${file}.lf`, { model, dims: new Map(Object.entries(dims)) });
    expect(await agrees(graph, sizes)).toBeGreaterThan(0);
  });
});
