import type { Benchmark } from "./bench.js";
import { plotSvg, type Series } from "./plot.js";

/** Time against the swept size, a line for each contestant; without a sweep, one point each. */
export function sweepPlot({ model, sweep, points }: Benchmark, machine: string): string {
  const lines = new Map<string, [number, number][]>();
  points.forEach((point, i) => {
    for (const c of point.contestants) {
      const name = `${c.name}, ${c.backend}`;
      const line = lines.get(name) ?? [];
      lines.set(name, line);
      line.push([sweep === null ? i + 1 : (point.sizes[sweep] ?? i + 1), 1e3 * c.warm.min]);
    }
  });
  const series = [...lines].map(([name, at]): Series => ({ name, points: at }));
  return plotSvg({
    title: model,
    subtitle: `${machine}; least of ${points[0]?.contestants[0]?.warm.count ?? 0} runs`,
    x: sweep ?? "",
    y: "ms a run",
    series,
    style: "lines",
    base: 2,
  });
}
