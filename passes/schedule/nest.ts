import type { Dim } from "../../src/ir/dim.js";
import type { Ix } from "../../src/ir/graph/ops.js";
import type { KB } from "../../src/ir/kernel/builder.js";
import type { Env } from "./axis.js";

/** Serial loops over indices, outermost first; `body` sees the values of all of them beside those of `env`. */
export function nest(b: KB, ixs: readonly Ix[], extent: (ix: Ix) => Dim, env: Env, body: (env: Env) => void): void {
  const [ix, ...rest] = ixs;
  if (ix === undefined) body(env);
  else b.for(0, b.dim(extent(ix)), 1, "serial", (v) => nest(b, rest, extent, new Map([...env, [ix, v]]), body), "j");
}
