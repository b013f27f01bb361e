import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeAdapter } from "../../src/runtime/device.node.js";
import { readTar, swiftshaderEnvironment } from "../../src/runtime/swiftshader.js";
import { root } from "../support/environment.js";

const linux = process.platform === "linux" && process.arch === "x64";
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lfc-device-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** device.node.ts as one file, in the repository (where its packages are) or elsewhere. */
async function bundled(into: string): Promise<string> {
  const outfile = join(into, "device.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["src/runtime/device.node.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  return outfile;
}

/** Opens a device in a process of its own and gives what it printed, when it has ended well. */
async function openIn(
  module: string,
  kind: string,
  env: Readonly<Record<string, string>>,
  body = `
    const opened = await openDevice(kind);
    console.log(opened.ok ? "opened " + opened.value.adapter.name : opened.error.fault);
    if (opened.ok) opened.value.close();`,
): Promise<string> {
  const script = `
    import { openDevice } from ${JSON.stringify(pathToFileURL(module).href)};
    const kind = ${JSON.stringify(kind)};
    ${body}`;
  const { VK_ICD_FILENAMES: _, LD_LIBRARY_PATH: __, ...clean } = process.env;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", "--input-type=module", "-e", script],
    {
      cwd: folder,
      env: { ...clean, ...env },
      timeout: 30_000,
    },
  );
  return (stdout + stderr).trim();
}

test.runIf(linux)("SwiftShader asks for a start with its variables, then opens, and the process ends", async () => {
  await mkdir(join(root, ".cache"), { recursive: true });
  const inRepository = await mkdtemp(join(root, ".cache", "device-"));
  try {
    const module = await bundled(inRepository);
    expect(await openIn(module, "swiftshader", {})).toBe("restart");
    const env = await swiftshaderEnvironment(root);
    expect(await openIn(module, "swiftshader", env ?? {})).toBe("opened google swiftshader");
    // Dawn goes on calling into its root object after a device is closed: it must not be collected.
    const closing = `
      for (let i = 0; i < 10; i++) {
        const opened = await openDevice(kind);
        const { device } = opened.value;
        const buffer = device.createBuffer({ size: 64, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
        const mapped = buffer.mapAsync(GPUMapMode.READ).then(() => "mapped", () => "refused");
        opened.value.close();
        gc();
        await device.lost;
        gc();
        await mapped;
      }
      console.log("closed");`;
    expect(await openIn(module, "swiftshader", env ?? {}, closing)).toBe("closed");
    // With SwiftShader's driver named, no GPU is visible.
    expect(await openIn(module, "hardware", env ?? {})).toBe("no-adapter");
  } finally {
    await rm(inRepository, { recursive: true, force: true });
  }
});

test("a missing package is a fault with a name, not a crash", async () => {
  const module = await bundled(folder);
  expect(await openIn(module, "swiftshader", {})).toBe("no-package");
  expect(await openIn(module, "hardware", {})).toBe("no-package");
});

test("software adapters are told from GPUs", () => {
  const info = (fields: Partial<GPUAdapterInfo>) =>
    ({
      vendor: "",
      architecture: "",
      device: "",
      description: "",
      isFallbackAdapter: false,
      ...fields,
    }) as GPUAdapterInfo;
  expect(describeAdapter(info({ vendor: "google", architecture: "swiftshader" }))).toEqual({
    name: "google swiftshader",
    software: true,
  });
  expect(describeAdapter(info({ description: "llvmpipe (LLVM 15.0.7, 256 bits)" })).software).toBe(true);
  expect(describeAdapter(info({ vendor: "nvidia", description: "NVIDIA H100" }))).toEqual({
    name: "NVIDIA H100",
    software: false,
  });
  expect(describeAdapter(info({ vendor: "x", isFallbackAdapter: true })).software).toBe(true);
});

test.runIf(linux)("the driver is unpacked once and whole, by any number of starts at a time", async () => {
  const project = join(folder, "project");
  await mkdir(join(project, "node_modules", "@sparticuz"), { recursive: true });
  await symlink(join(root, "node_modules/@sparticuz/chromium"), join(project, "node_modules/@sparticuz/chromium"));
  const cache = join(folder, "cache");
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = cache;
  try {
    const made = await Promise.all(Array.from({ length: 4 }, () => swiftshaderEnvironment(project)));
    expect(new Set(made.map((env) => env?.VK_ICD_FILENAMES)).size).toBe(1);
    const icd = made[0]?.VK_ICD_FILENAMES ?? "";
    expect(icd.startsWith(cache)).toBe(true);
    expect(JSON.parse(await readFile(icd, "utf8"))).toHaveProperty("ICD.library_path", "./libvk_swiftshader.so");
    // Nothing half done is left beside it.
    expect(await readdir(join(icd, "../.."))).toEqual(["swiftshader"]);
    expect(made[0]?.LD_LIBRARY_PATH?.split(":")[0]).toBe(join(icd, ".."));
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  }
});

test.runIf(linux)("a start that is killed in the middle leaves nothing that a later one takes for whole", async () => {
  const project = join(folder, "project");
  const module = join(await mkdtemp(join(folder, "kill-")), "swiftshader.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["src/runtime/swiftshader.ts"],
    outfile: module,
    bundle: true,
    platform: "node",
    format: "esm",
  });
  const script = `import { swiftshaderEnvironment } from ${JSON.stringify(pathToFileURL(module).href)};
    console.log((await swiftshaderEnvironment(${JSON.stringify(project)})).VK_ICD_FILENAMES);`;
  for (const after of [30, 60, 90, 120]) {
    const cache = join(folder, `killed-${after}`);
    const env = { ...process.env, XDG_CACHE_HOME: cache };
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { env, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await new Promise((resolve) => setTimeout(resolve, after));
    child.kill("SIGKILL");
    await ended;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
    const files = await readdir(join(stdout.trim(), ".."));
    expect(files.sort()).toEqual([
      "libEGL.so",
      "libGLESv2.so",
      "libvk_swiftshader.so",
      "libvulkan.so.1",
      "vk_swiftshader_icd.json",
    ]);
  }
});

test("the tar reader gives regular files with their mode", () => {
  const header = (name: string, size: number, kind: string): Uint8Array => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write("0000755\0", 100);
    block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
    block.write(kind, 156);
    return block;
  };
  const data = Buffer.alloc(1024);
  data.write("x".repeat(600));
  const archive = Buffer.concat([
    header("lib/", 0, "5"),
    header("lib/a.so", 600, "0"),
    data,
    header("b", 0, "0"),
    Buffer.alloc(1024),
  ]);
  const entries = readTar(archive);
  expect(entries.map((e) => [e.path, e.mode, e.data.length])).toEqual([
    ["lib/a.so", 0o755, 600],
    ["b", 0o755, 0],
  ]);
});
