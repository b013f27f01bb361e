// Unpacks SwiftShader (and with `--browser` the headless Chromium) into the cache and prints the variables to set:
//   env $(node scripts/swiftshader.mjs) npx vitest run test/wgsl
import { root } from "./shared.mjs";
import { importTypeScript } from "./typescript.mjs";

const { swiftshaderEnvironment, bundledBrowser } = await importTypeScript("src/runtime/swiftshader.ts");
const environment = await swiftshaderEnvironment(root);
if (environment === undefined) {
  console.error(
    "SwiftShader comes with @sparticuz/chromium for x64 Linux only; the platform's own driver serves here.",
  );
} else {
  for (const [name, value] of Object.entries(environment)) console.log(`${name}=${value}`);
}
if (process.argv.includes("--browser")) console.error((await bundledBrowser(root))?.executablePath ?? "no browser");
