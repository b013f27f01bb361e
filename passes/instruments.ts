import { InternalError } from "../src/util/invariant.js";
import type { Instrument } from "./manager.js";

export interface PrintOptions {
  /** `before` or `after` the passes, or `all`: before the first and after each. */
  readonly when: "before" | "after" | "all";
  /** Only this pass. */
  readonly pass?: string;
  print(ir: unknown): string;
  write(text: string): void;
}

/** Prints the IR round passes, under a line that names the pass; `NAME (unchanged)` alone where nothing moved. */
export function printInstrument({ when, pass: only, print, write }: PrintOptions): Instrument {
  let first = true;
  const wanted = (pass: string): boolean => only === undefined || only === pass;
  return {
    before(pass, ir) {
      if (!wanted(pass)) return;
      if (when === "before" || (when === "all" && first)) write(`// before ${pass}\n${print(ir)}\n`);
      first = false;
    },
    after(pass, ir, changed) {
      if (!wanted(pass) || when === "before") return;
      write(changed ? `// after ${pass}\n${print(ir)}\n` : `// ${pass} (unchanged)\n`);
    },
  };
}

export interface PassTime {
  readonly pass: string;
  readonly ms: number;
  readonly changed: boolean;
}

/** Collects how long each pass took, in order. */
export function timeInstrument(): Instrument & { readonly times: readonly PassTime[] } {
  const times: PassTime[] = [];
  return {
    times,
    after(pass, _ir, changed, ms) {
      times.push({ pass, ms, changed });
    },
  };
}

/** Milliseconds a pass, the sum last. */
export function printTimes(times: readonly PassTime[]): string {
  const rows = [
    ...times.map((t) => ({ name: t.changed ? t.pass : `${t.pass} (unchanged)`, ms: t.ms })),
    { name: "all passes", ms: times.reduce((sum, t) => sum + t.ms, 0) },
  ];
  const width = Math.max(...rows.map((r) => r.name.length));
  return rows.map((r) => `${r.name.padEnd(width)}  ${r.ms.toFixed(2).padStart(9)} ms`).join("\n");
}

/** Verifies what each pass makes; a broken invariant is a fault of that pass and shows the IR. */
export function verifyInstrument(
  verify: (ir: unknown) => readonly string[],
  print: (ir: unknown) => string,
): Instrument {
  return {
    after(pass, ir, changed) {
      if (!changed) return;
      const faults = verify(ir);
      if (faults.length > 0) throw new InternalError(`${pass} broke the IR:\n  ${faults.join("\n  ")}\n${print(ir)}`);
    },
  };
}
