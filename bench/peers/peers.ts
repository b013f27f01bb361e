import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../test/support/environment.js";
import { openBenchPage } from "../support/chromium.js";
import { type Contest, compete, type Entry } from "./compete.js";
import { contestants } from "./contestants.js";
import { thisMachine } from "./machine.js";
import { installPeers, pageFiles, pageScripts, peerVersions } from "./packages.js";
import { markdown, plot, type Report } from "./report.js";

const usage = `npm run bench:peers -- [options]
  --sizes 512,2048   rows n, comma-separated
  --width 256        d
  --heads 4          h
  --slots 128        Linformer's k
  --only TEXT        those whose name contains one of these, comma-separated
  --rounds 9         interleaved rounds
  --seed 1
  --limit 60         seconds that one run may take
  --budget 60        seconds that the rounds of one entry may take together
  --adapter KIND     swiftshader or hardware
  --out FILE         writes FILE.json, FILE.md and FILE.svg
  --docs             writes the table into docs/bench.md, the rest to bench/results/peers.*
  --quick            tiny sizes, lfc and the baselines only: no packages are installed
`;

interface Options extends Omit<Contest, "progress"> {
  readonly quick: boolean;
  readonly docs: boolean;
  readonly only: readonly string[];
  readonly adapter: "swiftshader" | "hardware";
  readonly out: string | undefined;
}

function options(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sizes: { type: "string" },
      width: { type: "string" },
      heads: { type: "string" },
      slots: { type: "string" },
      only: { type: "string", default: "" },
      rounds: { type: "string" },
      seed: { type: "string", default: "1" },
      limit: { type: "string", default: "60" },
      budget: { type: "string", default: "60" },
      adapter: { type: "string", default: "swiftshader" },
      out: { type: "string" },
      docs: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
    },
  });
  const { quick, adapter, docs } = values;
  const out = docs ? join(root, "bench/results/peers") : values.out;
  const whole = (name: string, text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a whole number above 0`);
    return value;
  };
  if (adapter !== "swiftshader" && adapter !== "hardware") throw new Error("--adapter takes swiftshader or hardware");
  const d = whole("width", values.width ?? (quick ? "16" : "256"));
  const heads = whole("heads", values.heads ?? (quick ? "2" : "4"));
  const k = whole("slots", values.slots ?? (quick ? "8" : "128"));
  const sizes = (values.sizes ?? (quick ? "24" : "512,2048")).split(",").map((s) => whole("sizes", s));
  if (d % heads !== 0) throw new Error("--heads has to divide --width");
  if ([d / heads, k, ...sizes].some((s) => s % 4 !== 0))
    throw new Error(
      "rows, slots and the width of a head have to be multiples of 4: the tuned baseline takes no others",
    );
  return {
    quick,
    docs,
    adapter,
    out: out?.replace(/\.json$/, ""),
    only: values.only.split(",").filter((o) => o !== ""),
    sizes,
    layer: { d, heads, k },
    seed: whole("seed", values.seed),
    rounds: whole("rounds", values.rounds ?? (quick ? "3" : "9")),
    limit: 1000 * whole("limit", values.limit),
    budget: 1000 * whole("budget", values.budget),
  };
}

/** Progress on a terminal's last line, or a line each where there is none. */
function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}

/** The table between its marks in the documentation. */
async function writeDocs(table: string): Promise<void> {
  const path = join(root, "docs/bench.md");
  const text = await readFile(path, "utf8");
  await writeFile(
    path,
    text.replace(/(<!-- peers -->\n).*(<!-- end -->)/s, (_, from, to) => `${from}\n${table}\n${to}`),
  );
}

/** @returns the exit status: 1 when lfc fails, or at tiny sizes a baseline; peers may fail as they like */
export async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(usage);
    return 0;
  }
  let wanted: Options;
  try {
    wanted = options(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
    return 2;
  }
  const { quick, docs, only, adapter, out } = wanted;
  const all = contestants.filter(
    (c) => (c.own || !quick) && (only.length === 0 || only.some((text) => c.name.includes(text))),
  );
  const peers = all.some((c) => !c.own);
  if (peers) await installPeers();
  const page = await openBenchPage({
    adapter,
    ...(peers ? { scripts: await pageScripts(), files: pageFiles() } : {}),
  });
  try {
    const machine = thisMachine(page, peers ? peerVersions() : {});
    const { layer, seed, rounds, limit } = wanted;
    const save = async (entries: readonly Entry[]): Promise<void> => {
      if (out === undefined) return;
      const report: Report = { machine, layer, seed, rounds, limit, entries };
      await mkdir(dirname(out), { recursive: true });
      await writeFile(`${out}.json`, `${JSON.stringify(report, null, 1)}\n`);
      if (docs) await writeDocs(markdown(report));
      else await writeFile(`${out}.md`, markdown(report));
      await writeFile(`${out}.svg`, plot(report));
    };
    const entries = await compete(all, page, { ...wanted, progress, save });
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    process.stdout.write(markdown({ machine, layer, seed, rounds, limit, entries }));
    // at large sizes a baseline may run out of memory like any peer
    return entries.some((e) => e.failure !== undefined && (quick || e.peer.startsWith("lfc "))) ? 1 : 0;
  } finally {
    await page.close();
  }
}
