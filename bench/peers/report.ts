import { plotSvg } from "../../src/bench/plot.js";
import type { Entry } from "./compete.js";
import { type Variant, variants } from "./contestants.js";
import type { Machine } from "./machine.js";

export interface Report {
  readonly machine: Machine;
  readonly layer: { readonly d: number; readonly heads: number; readonly k?: number };
  readonly seed: number;
  readonly rounds: number;
  /** Milliseconds that one run may take. */
  readonly limit: number;
  readonly entries: readonly Entry[];
}

const figures = (x: number): string => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const unique = <T>(list: readonly T[]): readonly T[] => [...new Set(list)];

function cell(entry: Entry | undefined): string {
  if (entry === undefined) return "";
  if (entry.failure !== undefined) return "FAIL";
  if (entry.min === undefined) return "over limit";
  return `${figures(entry.min)} (${figures(entry.flops / entry.min / 1e6)})`;
}

/** The tables in Markdown: times, how far ahead lfc is, what failed and what was left out. */
export function markdown({ machine, layer, entries, rounds, seed, limit }: Report): string {
  const peers = unique(entries.map((e) => e.peer));
  const sizes = unique(entries.map((e) => e.n));
  const find = (peer: string, n: number, variant: Variant): Entry | undefined =>
    entries.find((e) => e.peer === peer && e.n === n && e.variant === variant);
  const columns = sizes.flatMap((n) => variants.map((variant) => ({ n, variant })));
  const head = columns.map(({ n, variant }) => `${variant} n=${n}`);
  const rule = (count: number): string => row(["---", ...Array.from({ length: count }, () => "---:")]);
  const lines = [
    `d=${layer.d}, h=${layer.heads}, k=${layer.k ?? "none"}, f32, batch 1, x from the host and y to it, weights resident. Least ms of up to ${rounds} interleaved rounds (GFLOP/s of the variant's own order).`,
    "",
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}, load ${machine.load} before; ${machine.browser}, adapter ${machine.adapter}; Node ${machine.node}; ${Object.entries(
      machine.versions,
    )
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}; seed ${seed}; ${machine.date}.`,
    "",
    row(["", ...head, "dispatches std / lin / linr", "spread", "error"]),
    rule(columns.length + 3),
  ];
  for (const peer of peers) {
    const own = entries.filter((e) => e.peer === peer);
    const counts = variants.map((v) => own.find((e) => e.variant === v && e.dispatches)?.dispatches ?? "-");
    const most = (values: readonly (number | undefined)[]): number => Math.max(...values.map((v) => v ?? 0));
    lines.push(
      row([
        peer,
        ...columns.map(({ n, variant }) => cell(find(peer, n, variant))),
        counts.some((c) => c !== "-") ? counts.join(" / ") : "",
        `${(100 * most(own.map((e) => e.spread))).toFixed(0)} %`,
        most(own.filter((e) => e.failure === undefined).map((e) => e.error)).toExponential(0),
      ]),
    );
  }
  lines.push("", ...lead(peers, sizes, find), ...remarks(entries, limit));
  return `${lines.join("\n")}\n`;
}

/** How many times as long each takes as lfc, on the same graph and at its best. */
function lead(
  peers: readonly string[],
  sizes: readonly number[],
  find: (peer: string, n: number, variant: Variant) => Entry | undefined,
): readonly string[] {
  const time = (peer: string, n: number, variant: Variant): number | undefined => {
    const entry = find(peer, n, variant);
    return entry?.failure === undefined ? entry?.min : undefined;
  };
  const lines: string[] = [];
  for (const own of peers.filter((p) => p === "lfc wgsl" || p === "lfc wasm, 2 threads")) {
    const others = peers.filter((p) => p !== own);
    const titles = sizes.flatMap((n) => [`std n=${n}`, `lin n=${n}`, `linr n=${n}`]);
    lines.push(`Time over that of ${own} (std over std; lin and linr over its lin):`, "");
    lines.push(row(["", ...titles]), row(["---", ...titles.map(() => "---:")]));
    for (const peer of others) {
      const ratios = sizes.flatMap((n) =>
        variants.map((variant) => {
          const [a, b] = [time(peer, n, variant), time(own, n, variant === "std" ? "std" : "lin")];
          return a === undefined || b === undefined ? "" : figures(a / b);
        }),
      );
      lines.push(row([peer, ...ratios]));
    }
    lines.push("");
  }
  return lines;
}

function remarks(entries: readonly Entry[], limit: number): readonly string[] {
  const where = (e: Entry): string => `${e.peer}, ${e.variant} n=${e.n}`;
  const failed = entries.flatMap((e) => (e.failure === undefined ? [] : [`* ${where(e)}: ${oneLine(e.failure)}`]));
  const left = entries.flatMap((e) =>
    e.expected === undefined ? [] : [`* ${where(e)}: about ${figures(e.expected / 1000)} s`],
  );
  return [
    ...(failed.length > 0 ? ["Failures:", "", ...failed, ""] : []),
    ...(left.length > 0
      ? [
          `Left out, since one run takes longer than ${limit / 1000} s, or would by the rate at the size before:`,
          "",
          ...left,
          "",
        ]
      : []),
  ];
}

const oneLine = (text: string): string => {
  const short = text.replace(/\s+/g, " ").trim();
  return `\`${short.length > 300 ? `${short.slice(0, 300)}…` : short}\``;
};

/** Linformer as each runs it, over n. */
export function plot({ machine, layer, entries }: Report): string {
  const series = unique(entries.map((e) => e.peer)).map((peer) => ({
    name: peer,
    points: entries.flatMap((e): (readonly [number, number])[] =>
      e.peer === peer && e.variant === "lin" && e.min !== undefined && e.failure === undefined ? [[e.n, e.min]] : [],
    ),
  }));
  return plotSvg({
    title: `Linformer attention layer, d=${layer.d}, h=${layer.heads}, k=${layer.k ?? ""}, as each runs it`,
    subtitle: `${machine.cpu}, ${machine.adapter}, ${machine.date}`,
    x: "n",
    y: "ms",
    series: series.filter((s) => s.points.length > 0),
    style: "lines",
    base: 2,
  });
}
