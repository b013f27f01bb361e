// node bench/support/run.mjs SCRIPT.ts [arguments]: bundles a TypeScript script and runs its exported `main(arguments)`.
import { ensureInstalled } from "../../scripts/shared.mjs";
import { importTypeScript } from "../../scripts/typescript.mjs";

const [script, ...rest] = process.argv.slice(2);
if (script === undefined) {
  console.error("usage: node bench/support/run.mjs SCRIPT.ts [arguments]");
  process.exit(2);
}
await ensureInstalled();
const { main } = await importTypeScript(script);
process.exitCode = (await main(rest)) ?? 0;
