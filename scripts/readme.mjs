// `node scripts/readme.mjs`: writes the real output of the README's commands into it, between the fences that follow them.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./shared.mjs";

const lfc = (args) => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, "dist", "cli.js"), ...args.split(" ")], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return `${stdout}${stderr}`.trimEnd();
};

const path = join(root, "README.md");
let text = readFileSync(path, "utf8");

/** Replaces what a fence holds, from the line `first` to the fence's end. */
function fill(first, output) {
  const start = text.indexOf(first);
  if (start === -1) throw new Error(`README.md has no line ${first}`);
  const end = text.indexOf("\n```", start);
  text = `${text.slice(0, start)}${first}\n${output}${text.slice(end)}`;
}

const demo = execFileSync(process.execPath, [join(root, "scripts", "demo.mjs")], {
  cwd: root,
  encoding: "utf8",
}).trim();
const [firstDemoLine = ""] = demo.split("\n");
fill(firstDemoLine, demo.split("\n").slice(1).join("\n"));
for (const [, args = ""] of text.matchAll(/^\$ lfc ((?:compare|check|explain) .*)$/gm))
  fill(`$ lfc ${args}`, lfc(args));
writeFileSync(path, text);
