import { spawnSync } from "node:child_process";
import { conformance } from "lfc/conformance";
import { describe, test } from "vitest";
import backend from "./index.js";

// Without a C compiler the text is all that can be looked at.
const { load: _load, validate: _validate, ...emitOnly } = backend;
const compiles = spawnSync("cc", ["--version"]).status === 0;

conformance(compiles ? backend : emitOnly, { parallel: 2, test: { describe, test } });
