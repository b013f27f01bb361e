import type { Remark } from "../backend/backend.js";
import { type Loc, position } from "../diagnostics/span.js";
import type { Program, Step } from "../ir/program/program.js";

/**
 * Gives each dispatch the lines that its value is written in, for comments in the printed code. The schedule remarks
 * upon each value, by the label that its dispatches carry; values of one label share their lines.
 */
export function withSources(program: Program, remarks: readonly Remark[]): Program {
  const lines = new Map<string, Lines>();
  for (const { pass, message, loc } of remarks) {
    if (pass !== "schedule") continue;
    const label = message.slice(0, Math.max(0, message.lastIndexOf(": ")));
    const known = lines.get(label) ?? new Map();
    collect(loc, known);
    lines.set(label, known);
  }
  const sourceOf = (label: string): string | undefined => {
    // steps of one value may say after a comma which part they are
    const found = lines.get(label) ?? lines.get(label.split(",")[0] ?? "");
    return found === undefined || found.size === 0 ? undefined : show(found);
  };
  const visit = (steps: readonly Step[]): readonly Step[] =>
    steps.map((step) => {
      // biome-ignore lint/suspicious/noThenProperty: an arm of a choice; nothing awaits a step.
      if (step.step === "choose") return { ...step, then: visit(step.then), else: visit(step.else) };
      const source = sourceOf(step.label);
      return source === undefined ? step : { ...step, source };
    });
  return { ...program, prepare: visit(program.prepare), steps: visit(program.steps) };
}

/** The lines that a place of an IR comes from: `linformer.lf:28`; nothing for what has none. */
export function sourceLines(loc: Loc): string {
  const lines: Lines = new Map();
  collect(loc, lines);
  return show(lines);
}

/** Line numbers by the name of the file. */
type Lines = Map<string, Set<number>>;

function collect(loc: Loc, into: Lines): void {
  switch (loc.kind) {
    case "source": {
      const { file, start } = loc.span;
      const name = file.path.slice(Math.max(file.path.lastIndexOf("/"), file.path.lastIndexOf("\\")) + 1);
      const known = into.get(name) ?? new Set();
      into.set(name, known.add(position(file, start).line));
      return;
    }
    case "call":
      collect(loc.callee, into);
      return;
    case "fused":
      for (const part of loc.from) collect(part, into);
      return;
    case "none":
      return;
  }
}

const show = (lines: Lines): string =>
  [...lines].map(([name, numbers]) => `${name}:${[...numbers].sort((a, b) => a - b).join(",")}`).join(", ");
