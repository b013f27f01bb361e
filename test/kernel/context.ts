import backend from "../../backends/js/index.js";
import type { PassContext } from "../../src/backend/backend.js";
import type { Target } from "../../src/cost/target.js";

/** A context for passes in tests: remarks are dropped. */
export const contextFor = (target: Target): PassContext => ({
  target,
  strategies: new Set(),
  fp: "relaxed",
  remark: () => {},
});

export const simt = backend.target({ checked: false, count: false, execution: "simt" });
export const cpu = backend.target({ checked: false, count: false, execution: "cpu" });
