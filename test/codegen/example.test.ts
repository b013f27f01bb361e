import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { build } from "vite";
import { afterAll, expect, test } from "vitest";
import { openPage } from "../support/browser.js";
import { lfc } from "../support/cli.js";
import { root } from "../support/model.js";
import { serveFolder } from "../support/serve.js";
import { testFolder } from "./support.js";

/** examples/browser as its README says, with this tree's lfc: compile, check the types, build with Vite, open. */
const folder = testFolder();
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

test("the browser example compiles, builds and agrees with JavaScript in Chromium", async () => {
  cpSync(join(root, "examples", "browser"), folder, {
    recursive: true,
    filter: (path) => !/node_modules|generated|dist$/.test(path.slice(root.length)),
  });
  const compiled = await lfc("compile", join(folder, "attention.lf"), "-o", join(folder, "generated"));
  expect(compiled).toMatchObject({ code: 0 });

  const config = ts.readConfigFile(join(folder, "tsconfig.json"), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config.config, ts.sys, folder);
  const program = ts.createProgram(fileNames, options);
  const wrong = fileNames.flatMap((name) => program.getSemanticDiagnostics(program.getSourceFile(name)));
  expect(fileNames.length).toBeGreaterThan(1);
  expect(wrong.map((d) => ts.flattenDiagnosticMessageText(d.messageText, "\n"))).toEqual([]);

  await build({ root: folder, base: "./", logLevel: "warn", build: { outDir: "dist", target: "es2022" } });
  const served = await serveFolder(join(folder, "dist"));
  closing.push(served.close);
  const { browser, close } = await openPage();
  closing.unshift(close);
  const page = await browser.newPage({ viewport: { width: 1000, height: 820 } });
  const faults: string[] = [];
  page.on("console", (m) => {
    if (m.type() === "error") faults.push(m.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(served.url);
  const text = (id: string): Promise<string | null> => page.textContent(`#${id}`);
  const done = () => page.waitForFunction(() => document.getElementById("status")?.textContent === "Done");
  await done();
  expect(await text("adapter")).toMatch(/\w/);
  expect(await text("time")).toMatch(/^[\d.]+ ms$/);
  expect(await text("result")).toBe("f32[1024, 64]");
  expect(await text("summary")).toMatch(/^mean -?[\d.e-]+, deviation [\d.]+$/);
  expect(await text("check")).toBe("agrees");
  expect(await text("speed")).toMatch(/JavaScript took/);
  mkdirSync(join(root, ".cache"), { recursive: true });
  await page.screenshot({ path: join(root, ".cache", "example-browser.png") });

  await page.selectOption("#rows", "256");
  await page.waitForFunction(() => document.getElementById("result")?.textContent === "f32[256, 64]");
  await done();
  expect(await text("check")).toBe("agrees");
  expect(faults).toEqual([]);
}, 180_000);

test("its dependencies are those of the repository, to the digit", () => {
  const read = (path: string) =>
    JSON.parse(readFileSync(join(root, path), "utf8")) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
  const { lfc: own, ...versions } = read("examples/browser/package.json").devDependencies;
  expect(own).toBe("file:../..");
  const ours = read("package.json").devDependencies;
  for (const [name, version] of Object.entries(versions)) expect(ours[name], name).toBe(version);
});
