import {
  type Attention,
  type AttentionWeights,
  dims,
  load,
  requiredFeatures,
  requiredLimits,
} from "./generated/Attention.js";
import { attention } from "./plain.js";

const element = <T extends HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
};

const say = (id: string, text: string, mood = ""): void => {
  const target = element(id);
  target.textContent = text;
  target.className = mood;
};

/** The same numbers on every visit (mulberry32), near a normal distribution: the sum of a few uniform ones. */
function random(length: number, deviation: number, seed: number): Float32Array {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return Float32Array.from(
    { length },
    () => deviation * (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3),
  );
}

const { Model, Head, Proj, MaxSeq, Seq } = dims;

const weights = {
  wq: random(Model * Head, 1 / Math.sqrt(Model), 1),
  wk: random(Model * Head, 1 / Math.sqrt(Model), 2),
  wv: random(Model * Head, 1 / Math.sqrt(Model), 3),
  e: random(Proj * MaxSeq, 1 / Math.sqrt(Proj), 4),
} satisfies AttentionWeights;

/** Slow waves with some noise, so that there is something to see. */
function sequence(rows: number): Float32Array {
  const noise = random(rows * Model, 0.15, 5);
  return noise.map((v, i) => v + Math.sin(((i % Model) * 0.37 + 1) * (Math.floor(i / Model) / rows) * 6));
}

async function open(): Promise<{ readonly model: Attention; readonly adapter: string }> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("This browser offers no WebGPU adapter.");
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  const { vendor, architecture, description } = adapter.info;
  const name = description || [vendor, architecture].filter((word) => word !== "").join(" ") || "unnamed";
  return { model: await load(device, weights), adapter: name };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const milliseconds = (time: number): string => (time < 10 ? `${time.toFixed(2)} ms` : `${time.toFixed(0)} ms`);

async function run(model: Attention, rows: number): Promise<void> {
  const x = { shape: [rows, Model] as const, data: sequence(rows) };
  await model.warmup({ Seq: rows });
  const times: number[] = [];
  let result = await model.run({ x });
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    result = await model.run({ x });
    times.push(performance.now() - start);
  }
  const time = median(times);
  const { data, shape } = result.attended;

  const start = performance.now();
  const expected = attention(x.data, weights, { rows, most: MaxSeq, model: Model, head: Head, slots: Proj });
  const plainTime = performance.now() - start;
  let difference = 0;
  let greatest = 0;
  for (const [i, value] of expected.entries()) {
    difference = Math.max(difference, Math.abs((data[i] ?? Number.NaN) - value));
    greatest = Math.max(greatest, Math.abs(value));
  }
  // single precision over sums of a few thousand terms
  const agrees = difference <= 1e-4 * greatest;

  const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
  const deviation = Math.sqrt(data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length);
  say("time", milliseconds(time));
  say("rate", "median of 9, upload and read back included");
  say("result", `f32[${shape.join(", ")}]`);
  say("summary", `mean ${mean.toPrecision(3)}, deviation ${deviation.toPrecision(3)}`);
  say("check", agrees ? "agrees" : "differs", agrees ? "good" : "bad");
  say(
    "speed",
    `largest difference ${difference.toExponential(1)} of ${greatest.toPrecision(3)}; JavaScript took ${milliseconds(plainTime)}`,
  );
  draw(data, rows);
}

/** Blue for less than nothing, orange for more. */
function draw(values: Float32Array, rows: number): void {
  const canvas = element<HTMLCanvasElement>("picture");
  canvas.width = rows;
  canvas.height = Head;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const most = values.reduce((a, v) => Math.max(a, Math.abs(v)), 1e-9);
  const image = context.createImageData(rows, Head);
  for (let n = 0; n < rows; n++) {
    for (let c = 0; c < Head; c++) {
      const v = (values[n * Head + c] ?? 0) / most;
      const strength = Math.sqrt(Math.abs(v));
      const [r, g, b] = v < 0 ? [11, 107, 160] : [224, 122, 40];
      image.data.set([r, g, b, Math.round(255 * strength)], (c * rows + n) * 4);
    }
  }
  context.putImageData(image, 0, 0);
}

const select = element<HTMLSelectElement>("rows");
for (let rows: number = Seq.min; rows <= Seq.max; rows *= 2)
  select.add(new Option(String(rows), String(rows), false, rows === 1024));
const button = element<HTMLButtonElement>("run");

try {
  const { model, adapter } = await open();
  say("adapter", adapter);
  const again = async (): Promise<void> => {
    button.disabled = true;
    say("status", "Running …");
    try {
      await run(model, Number(select.value));
      say("status", "Done");
    } catch (error) {
      say("status", error instanceof Error ? error.message : String(error));
    }
    button.disabled = false;
  };
  element<HTMLFormElement>("controls").addEventListener("submit", (event) => {
    event.preventDefault();
    void again();
  });
  select.addEventListener("change", () => void again());
  await again();
} catch (error) {
  say("status", error instanceof Error ? error.message : String(error));
}
