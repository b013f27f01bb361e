import * as ort from "onnxruntime-web";
import { ortRunner } from "../ort.mjs";

ort.env.wasm.numThreads = Number(process.env.LFC_BENCH_THREADS ?? "1");
export const create = (spec, tools) => ortRunner(ort, "wasm", spec, tools);
