import { root } from "./shared.mjs";

/** What modules carry with them: for WebGPU with and without the conversion of f16, which few models need and no processor has. */
export const runtimeKinds = ["webgpu", "webgpu-f16", "wasm", "tfjs"];

/** Never called where no tensor is f16. */
const withoutHalf = {
  name: "without f16",
  setup(build) {
    build.onLoad({ filter: /[\\/]half\.ts$/ }, () => ({ contents: "export const toHalf = null, fromHalf = null;" }));
  },
};

/** A runtime, minified, as one expression with the value `{ load, isRuntimeError }`. */
export async function inlineRuntime(kind) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`src/runtime/${kind.replace("-f16", "")}.ts`],
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    minify: true,
    legalComments: "none",
    plugins: kind === "webgpu" || kind === "wasm" ? [withoutHalf] : [],
    write: false,
  });
  const text = outputFiles[0].text.trim();
  // A function round the module keeps its short names to itself.
  const parts = /^(.*)export\s*\{([^{}]*)\};?$/s.exec(text);
  if (parts === null) throw new Error(`esbuild ended the ${kind} runtime in another way than by export { … }`);
  const exported = parts[2].split(",").map((entry) => {
    const [local, name] = entry.trim().split(/\s+as\s+/);
    return name === undefined ? local : `${name}:${local}`;
  });
  return `(()=>{${parts[1]}return{${exported.join(",")}}})()`;
}
