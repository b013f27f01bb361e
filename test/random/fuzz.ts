import { openDevice } from "../../src/runtime/device.node.js";
import { type Generated, generateProgram } from "./generate.js";
import { type Finding, type Outcome, type RunOptions, runProgram } from "./run.js";
import { shrink } from "./shrink.js";

/** What `npm run fuzz` does: many programs, each failure with its seed and the smallest program that shows it. */
export interface FuzzOptions {
  readonly programs: number;
  readonly seed: number;
  /** Only machines whose name contains this. */
  readonly machine?: string;
  /** Programs that one failure may be shrunk with. */
  readonly tries: number;
  write(text: string): void;
  /** What is held of each program; `runProgram` on every machine by default. */
  readonly property?: Property;
}

type Property = (program: Generated) => Promise<Outcome>;

/** The program of a seed; one in eight with f16 and u32 values, one in sixteen with large sizes. */
export const programOf = (seed: number): Generated =>
  generateProgram(seed, { half: seed % 8 === 7, large: seed % 16 === 3 });

/** How many programs showed something that must not be. */
export async function fuzz(options: FuzzOptions): Promise<number> {
  const { programs, seed, write } = options;
  const { property, close } = await propertyOf(options);
  const totals = { done: 0, kernels: 0, elements: 0, undecided: 0, failed: 0 };
  const kinds = new Map<string, number>();
  const start = performance.now();
  let shown = start;
  // a program that hangs in a driver's compiler is named
  let current = { seed, since: start };
  const watch = setInterval(() => {
    const seconds = Math.round((performance.now() - current.since) / 1000);
    if (seconds >= 60) write(`seed ${current.seed}: still running after ${seconds} s\n`);
  }, 60_000);
  for (let i = 0; i < programs; i++) {
    const program = programOf(seed + i);
    current = { seed: seed + i, since: performance.now() };
    const outcome = await property(program);
    totals.done++;
    totals.kernels += outcome.kernels;
    totals.elements += outcome.elements;
    totals.undecided += outcome.undecided;
    if (outcome.finding !== undefined) {
      totals.failed++;
      const times = (kinds.get(outcome.finding.kind) ?? 0) + 1;
      kinds.set(outcome.finding.kind, times);
      // a fault that shows often is shrunk a few times only
      if (times <= 3) await report(program, outcome.finding, property, options);
      else write(`seed ${program.seed}: ${outcome.finding.kind}\n`);
    }
    if (performance.now() - shown > 5000 || i === programs - 1) {
      shown = performance.now();
      const seconds = Math.round((shown - start) / 1000);
      const open = totals.elements === 0 ? 0 : (100 * totals.undecided) / totals.elements;
      write(
        `${totals.done} of ${programs} programs, ${totals.kernels} kernels, ${open.toFixed(3)} % undecided, ${totals.failed} failed, ${seconds} s\n`,
      );
    }
  }
  for (const [kind, times] of kinds) write(`${times} × ${kind}\n`);
  clearInterval(watch);
  close();
  return totals.failed;
}

/** The property, and what ends the device it runs on. */
async function propertyOf({ property, machine, write }: FuzzOptions): Promise<{
  readonly property: Property;
  readonly close: () => void;
}> {
  if (property !== undefined) return { property, close: () => {} };
  const { device, close } = await gpu(write);
  const run: RunOptions = {
    ...(device === undefined ? {} : { device }),
    ...(machine === undefined ? {} : { only: (name) => name.includes(machine) }),
  };
  return { property: (program) => runProgram(program, run), close };
}

async function report(program: Generated, finding: Finding, property: Property, options: FuzzOptions): Promise<void> {
  const { write, tries } = options;
  write(`\nseed ${program.seed}: ${finding.kind}\n${finding.message.slice(0, 2000)}\n`);
  const small = await shrink(program, {
    fails: async (candidate) => (await property(candidate)).finding?.kind === finding.kind,
    tries,
  });
  const again = (await property(small)).finding;
  write(`shrunk to:\n${small.text}\n`);
  write(`dims ${JSON.stringify(small.dims)}, sizes ${JSON.stringify(small.sizes)}, values of seed ${small.seed}\n`);
  write(`${again?.message.slice(0, 4000) ?? ""}\n\n`);
}

async function gpu(
  write: (text: string) => void,
): Promise<{ readonly device: GPUDevice | undefined; readonly close: () => void }> {
  for (const kind of process.env.VK_ICD_FILENAMES === undefined
    ? (["hardware", "swiftshader"] as const)
    : (["swiftshader"] as const)) {
    const opened = await openDevice(kind);
    if (opened.ok) {
      write(`WGSL on ${opened.value.adapter.name}\n`);
      return { device: opened.value.device, close: () => opened.value.close() };
    }
  }
  write("no WebGPU device: WGSL is left out\n");
  return { device: undefined, close: () => {} };
}
