/** Points of one kind, joined by a line or not. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  /** Under the title: the machine, how it was measured. */
  readonly subtitle: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  readonly style: "lines" | "points";
  /** The line of equal x and y. */
  readonly diagonal?: boolean;
  /** How a tick of the horizontal axis reads: sizes are powers of two, times of ten. */
  readonly base?: 2 | 10;
}

const [width, height] = [760, 480];
const frame = { left: 76, right: 190, top: 66, bottom: 58 } as const;
/** Told apart by people who do not see all colours (Okabe and Ito), the palest left out. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"] as const;

/** A plot with logarithmic axes as one SVG file that needs nothing else. */
export function plotSvg(plot: Plot): string {
  const drawn = plot.series.map((s) => ({ ...s, points: s.points.filter(([x, y]) => x > 0 && y > 0) }));
  const all = drawn.flatMap((s) => s.points);
  const both = plot.diagonal === true ? all.flat() : undefined;
  const xs = axis(both ?? all.map(([x]) => x), plot.base ?? 10);
  const ys = axis(both ?? all.map(([, y]) => y), 10);
  const [right, bottom] = [width - frame.right, height - frame.bottom];
  const x = (value: number): number => frame.left + xs.place(value) * (right - frame.left);
  const y = (value: number): number => bottom - ys.place(value) * (bottom - frame.top);
  const parts: string[] = [
    text(frame.left, 26, plot.title, 'font-size="16" font-weight="bold"'),
    text(frame.left, 46, plot.subtitle, 'fill="#555"'),
  ];
  for (const tick of xs.ticks) {
    parts.push(line(x(tick), frame.top, x(tick), bottom, "#e4e4e4"));
    parts.push(text(x(tick), bottom + 18, label(tick), 'text-anchor="middle"'));
  }
  for (const tick of ys.ticks) {
    parts.push(line(frame.left, y(tick), right, y(tick), "#e4e4e4"));
    parts.push(text(frame.left - 8, y(tick) + 4, label(tick), 'text-anchor="end"'));
  }
  if (plot.diagonal === true) {
    const [from, to] = [xs.ticks[0] ?? 1, xs.ticks.at(-1) ?? 1];
    parts.push(line(x(from), y(from), x(to), y(to), "#999", 'stroke-dasharray="5 4"'));
  }
  parts.push(`<path d="M${frame.left} ${frame.top}V${bottom}H${right}" fill="none" stroke="#333"/>`);
  parts.push(text((frame.left + right) / 2, height - 16, plot.x, 'text-anchor="middle"'));
  const middle = (frame.top + bottom) / 2;
  parts.push(text(20, middle, plot.y, `text-anchor="middle" transform="rotate(-90 20 ${middle})"`));
  drawn.forEach((s, i) => {
    const colour = colours[i % colours.length] ?? "#000";
    const places = s.points.map(([px, py]) => [round(x(px)), round(y(py))] as const);
    if (plot.style === "lines" && places.length > 1) {
      const path = places.map(([px, py], n) => `${n === 0 ? "M" : "L"}${px} ${py}`).join("");
      parts.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    }
    const dot = plot.style === "lines" ? 'r="3.5"' : 'r="3" fill-opacity="0.7"';
    parts.push(
      `<g fill="${colour}">${places.map(([px, py]) => `<circle cx="${px}" cy="${py}" ${dot}/>`).join("")}</g>`,
    );
    const row = frame.top + 10 + 20 * i;
    parts.push(`<circle cx="${right + 18}" cy="${row}" r="5" fill="${colour}"/>`);
    parts.push(text(right + 30, row + 4, s.name));
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<title>${escaped(plot.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

interface Axis {
  readonly ticks: readonly number[];
  /** 0 at the first tick, 1 at the last. */
  place(value: number): number;
}

/** Ticks at powers of the base round all values, with 2 and 5 times these where there are few, at most about ten. */
function axis(values: readonly number[], base: 2 | 10): Axis {
  const [lo, hi] = values.length === 0 ? [1, base] : [Math.min(...values), Math.max(...values)];
  const steps = base === 2 ? [1] : hi / lo < 150 ? [1, 2, 5] : [1];
  const candidates: number[] = [];
  const [from, to] = [Math.floor(log(lo, base)) - 1, Math.ceil(log(hi, base)) + 1];
  for (let power = from; power <= to; power++) for (const step of steps) candidates.push(step * base ** power);
  const first = candidates.findLastIndex((c) => c <= lo * (1 + 1e-9));
  const last = candidates.findIndex((c) => c >= hi * (1 - 1e-9));
  const inside = candidates.slice(Math.max(0, first), Math.max(last, first + 1) + 1);
  const every = Math.ceil(inside.length / 11);
  const ticks = inside.filter((_, i) => i % every === 0 || i === inside.length - 1);
  const [start, end] = [Math.log(inside[0] ?? 1), Math.log(inside.at(-1) ?? base)];
  return { ticks, place: (value) => (Math.log(value) - start) / (end - start) };
}

const log = (x: number, base: number): number => Math.log(x) / Math.log(base);

/** A number as short as it can be read: 1, 0.05, 20k. */
function label(x: number): string {
  if (x >= 1e4 && x % 1024 === 0) return x >= 2 ** 20 ? `${x / 2 ** 20}M` : `${x / 1024}k`;
  if (x >= 1e4 || x < 1e-3) return x.toExponential(0).replace("e+", "e");
  return String(Number(x.toPrecision(6)));
}

const round = (x: number): number => Math.round(10 * x) / 10;

const line = (x1: number, y1: number, x2: number, y2: number, colour: string, more = ""): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}"${more === "" ? "" : ` ${more}`}/>`;

const text = (x: number, y: number, words: string, more = ""): string =>
  `<text x="${round(x)}" y="${round(y)}"${more === "" ? "" : ` ${more}`}>${escaped(words)}</text>`;

const escaped = (s: string): string => s.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
