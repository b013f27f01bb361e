import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import { explanations } from "../../diagnostics/explanations/all.js";
import { type Explanation, exampleName } from "../../diagnostics/explanations/explanation.js";
import { renderDiagnostics } from "../../diagnostics/frame.js";
import { nearest } from "../../diagnostics/suggest.js";
import { graphOf } from "../../driver/compile.js";
import { color, exit, paint, print } from "../terminal.js";

/** Prints the long form of a message, or one line for each code. An unknown code is a usage error. */
export async function explainCommand(code: string | undefined): Promise<number> {
  if (code === undefined) {
    print(explanations.map((e) => `${paint.bold(e.code)}  ${e.title}`).join("\n"));
    return exit.ok;
  }
  const wanted = completed(code);
  const found = explanations.find((e) => e.code === wanted);
  if (found !== undefined) {
    print(page(found));
    return exit.ok;
  }
  const near = nearest(
    wanted,
    explanations.map((e) => e.code),
  );
  const advice = near === undefined ? "lfc explain lists all codes" : `did you mean ${near}?`;
  process.stderr.write(`error: no message has the code ${code}; ${advice}\n`);
  return exit.usage;
}

/** `lf203` and `0203` are LF0203. */
function completed(code: string): string {
  const digits = /^(?:lf)?(\d{1,4})$/i.exec(code)?.[1];
  return digits === undefined ? code.toUpperCase() : `LF${digits.padStart(4, "0")}`;
}

function page(e: Explanation): string {
  const parts = [`${paint.bold(e.code)}: ${paint.bold(e.title)}`, indented(wrapped(e.text, 78))];
  if (e.arises !== undefined) parts.push(indented(wrapped(e.arises, 78)));
  if (e.wrong !== undefined)
    parts.push("Wrong:", indented(e.wrong), indented(renderDiagnostics(refusal(e.wrong), { color: color })));
  if (e.right !== undefined) parts.push("Right:", indented(e.right));
  return parts.join("\n\n");
}

/** What is said of an example, up to the graph of its model. */
export function refusal(text: string): readonly Diagnostic[] {
  const graph = graphOf({ path: exampleName, text });
  return graph.ok ? [] : graph.error;
}

const indented = (text: string): string => text.trimEnd().replace(/^(?=.)/gm, "  ");

/** Words in lines of at most `width` characters. */
function wrapped(text: string, width: number): string {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current].join("\n");
}
