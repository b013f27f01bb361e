#!/usr/bin/env node
import { version } from "./version.js";

// The version is answered before anything else is loaded.
const [first] = process.argv.slice(2);
if (first === "--version" || first === "-V") {
  process.stdout.write(`${version}\n`);
} else {
  const { main } = await import("./program.js");
  process.exitCode = await main(process.argv.slice(2), process.argv[1]);
}
