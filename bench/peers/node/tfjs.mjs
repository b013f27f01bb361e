import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { tfjsRunner } from "../tfjs.mjs";

setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep);
export const create = (spec, tools) => tfjsRunner("wasm", spec, tools);
