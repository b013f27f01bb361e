import { expect, test } from "vitest";
import backend from "../../backends/js/index.js";

test("options of the js backend", () => {
  const good = backend.parseOptions({ checked: true, execution: "simt" });
  expect(good).toEqual({ ok: true, value: { checked: true, count: false, execution: "simt" } });
  expect(backend.parseOptions({ check: true })).toMatchObject({ ok: false, error: { code: "LF0450" } });
  expect(backend.parseOptions({ checked: "yes" })).toMatchObject({ ok: false, error: { code: "LF0451" } });
  expect(backend.parseOptions({ execution: "gpu" })).toMatchObject({ ok: false, error: { code: "LF0451" } });
});
