// `npm run demo`: installs and builds when needed, then shows what the command line does. Each line below is one command.
import { join } from "node:path";
import { build } from "./build.mjs";
import { root, run } from "./shared.mjs";

const commands = [
  "compile examples/linformer.lf -o .cache/demo",
  "run examples/linformer.lf --input tokens=text:README.md",
];

await build();
for (const command of commands) {
  console.log(`\n$ lfc ${command}`);
  const code = await run(process.execPath, [join(root, "dist", "cli.js"), ...command.split(" ")]);
  if (code !== 0) {
    process.exitCode = code;
    break;
  }
}
