// `npm run acceptance`: the table of promised points, one test each (test/acceptance).
import { ensureInstalled } from "./shared.mjs";
import { runVitest } from "./test.mjs";

await ensureInstalled();
const tests = await runVitest(["test/acceptance", "--passWithNoTests", ...process.argv.slice(2)]);
const word = (status) => (status === "passed" || status === "failed" ? status : "todo");
const rows = tests.map((t) => [t.file.replace(/^test\/acceptance\//, ""), t.name, word(t.status)]);
const widths = ["file", "test", "state"].map((title, i) => Math.max(title.length, ...rows.map((r) => r[i].length)));
const line = (cells) =>
  cells
    .map((c, i) => c.padEnd(widths[i]))
    .join("  ")
    .trimEnd();
console.log();
console.log(line(["file", "test", "state"]));
console.log(widths.map((w) => "-".repeat(w)).join("  "));
for (const row of rows) console.log(line(row));
console.log();
const total = (state) => rows.filter((r) => r[2] === state).length;
console.log(`${total("passed")} passed, ${total("todo")} todo, ${total("failed")} failed`);
process.exitCode = total("failed") === 0 ? 0 : 1;
