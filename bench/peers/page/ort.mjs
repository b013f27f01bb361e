import * as ort from "onnxruntime-web/webgpu";
import { ortRunner } from "../ort.mjs";

ort.env.wasm.wasmPaths = { wasm: "/ort/ort-wasm-simd-threaded.asyncify.wasm" };
ort.env.wasm.numThreads = 1;
globalThis.lfcBench.modules.set("ort-webgpu", (spec, tools) => ortRunner(ort, "webgpu", spec, tools));
