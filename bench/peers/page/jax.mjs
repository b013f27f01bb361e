import { jaxRunner } from "../jax.mjs";

globalThis.lfcBench.modules.set("jax-webgpu", (spec, tools) => jaxRunner("webgpu", spec, tools));
