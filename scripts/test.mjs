// `npm test`: installs what is missing, then types, lint and every test. Arguments go to vitest: npm test -- test/wgsl
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { ensureInstalled, root, runTool } from "./shared.mjs";

/** Milliseconds that all tests together may take. */
const limit = 45 * 60_000;
const report = join(root, ".cache", "test-report.json");

/** What vitest wrote, or nothing when it did not get that far. */
function readReport() {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return undefined;
  }
}

/** Runs vitest and gives the numbers of its report. */
export async function runVitest(args) {
  mkdirSync(join(root, ".cache"), { recursive: true });
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const code = await runTool("vitest/vitest.mjs", ["run", ...reporters, ...args], { limit });
  const files = readReport()?.testResults ?? [];
  const tests = files.flatMap((f) =>
    f.assertionResults.map((t) => ({ file: relative(root, f.name), name: t.fullName, status: t.status })),
  );
  // A file that fails before its first test has no results of its own.
  const broken = files.filter((f) => f.status === "failed" && f.assertionResults.every((t) => t.status !== "failed"));
  for (const f of broken) tests.push({ file: relative(root, f.name), name: "(loading the file)", status: "failed" });
  const failed = tests.filter((t) => t.status === "failed").length;
  if (code !== 0 && failed === 0) tests.push({ file: "", name: `vitest ended with ${code}`, status: "failed" });
  return tests;
}

async function main() {
  await ensureInstalled();
  const [types, lint] = await Promise.all([
    runTool("typescript/bin/tsc", ["--noEmit", "-p", "tsconfig.json"]),
    runTool("@biomejs/biome/bin/biome", ["check", "."]),
  ]);
  const tests = await runVitest(process.argv.slice(2));
  const count = (status) => tests.filter((t) => t.status === status).length;
  const checks = [
    ["typecheck", types],
    ["lint", lint],
  ];
  for (const [name, code] of checks) if (code !== 0) console.log(`FAILED: ${name}`);
  for (const t of tests) if (t.status === "failed") console.log(`FAILED: ${t.file} ${t.name}`);
  const broken = checks.filter(([, code]) => code !== 0).length;
  const failed = count("failed") + broken;
  const open = tests.length - count("passed") - count("failed");
  if (open > 0) console.log(`${open} not run (todo)`);
  console.log(`${count("passed") + checks.length - broken} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (process.argv[1] === join(root, "scripts", "test.mjs")) await main();
