import "@tensorflow/tfjs-backend-webgpu";
import { tfjsRunner } from "../tfjs.mjs";

globalThis.lfcBench.modules.set("tfjs-webgpu", (spec, tools) => tfjsRunner("webgpu", spec, tools));
