import { jaxRunner } from "../jax.mjs";

export const create = (spec, tools) => jaxRunner("wasm", spec, tools);
