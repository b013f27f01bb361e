import type { SourceFile } from "../src/diagnostics/span.js";
import {
  divisionUlps,
  expUlps,
  f16Precision,
  f32Precision,
  logUlps,
  multipliedExponent,
  rootUlps,
  sigmoidalUlps,
} from "../src/ir/graph/reference/errors.js";
import { invariant } from "../src/util/invariant.js";
import type { Callable } from "./lf.ast.js";
import { parseFile } from "./parse.js";

/** Parts of REFERENCE.md that tell of what is not grammar: the errors of scalar functions, the standard library. */

/** Padded, as the formatter of the repository wants tables. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.map((_, i) => i) ?? [];
  const widths = columns.map((column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`);
  const rule = `| ${widths.map((n) => "-".repeat(n)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

/** `2^-21`, or the number where it is no power of two. */
function power(x: number): string {
  const exponent = Math.log2(x);
  return Number.isInteger(exponent) ? `2^${exponent}` : x.toExponential();
}

/** Each function with the error of one use, from the numbers that the tolerance of the tests is made of. */
export function scalarTable(): string {
  const both = (of: (p: typeof f32Precision) => number): string => {
    const [single, half] = [of(f32Precision), of(f16Precision)];
    return `${power(single)} (\`f16\`: ${power(half)})`;
  };
  const expPart = `${expUlps(0)} + ${expUlps(1) - expUlps(0)}·\\|x\\| ULP`;
  return markdownTable([
    ["function", "value", "error of one use"],
    ["`+ - *`", "", "1 ULP; none between whole numbers"],
    ["`/`", "", `${divisionUlps} ULP`],
    ["`abs(x)` `min(x, y, …)` `max(x, y, …)` `relu(x)`", "relu: max(x, 0)", "none"],
    ["`sqrt(x)` `rsqrt(x)`", "√x, 1/√x for x > 0", `${rootUlps} ULP`],
    ["`exp(x)`", "", expPart],
    ["`log(x)`", "x > 0", `${both((p) => p.log)} for x in 0.5 … 2, else ${logUlps} ULP`],
    [
      "`x ^ y` `pow(x, y)`",
      "x > 0, or y a whole constant",
      `that of exp2(y · log2(x)); of products for whole y up to ${multipliedExponent}`,
    ],
    ["`sin(x)` `cos(x)`", "", `${both((p) => p.trigonometric)}, and \\|x\\| ULP of 1`],
    [
      "`tanh(x)` `erf(x)` `sigmoid(x)`",
      "sigmoid: 1 / (1 + exp(-x))",
      `${both((p) => p.sigmoidal)} or ${sigmoidalUlps} ULP, the greater`,
    ],
    ["`gelu(x)`", "x · (1 + erf(x / √2)) / 2", "as tanh"],
    ["`gelu_tanh(x)`", "x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) / 2", "as tanh"],
    ["`silu(x)`", "x · sigmoid(x)", "as tanh"],
    ["`softmax[i]`", "exp(x) / Σ exp(x) over the selected", both((p) => p.softmax)],
    ["`sum[i]` `mean[i]`", "of K products, in any order", "2K · 2^-24 · Σ\\|a · b\\|"],
  ]);
}

/** A section for each file of the library: what it says of itself, and each declaration with its `///`. */
export function libraryList(files: readonly SourceFile[]): string {
  return files.map(fileSection).join("\n\n");
}

function fileSection(file: SourceFile): string {
  const { ast, comments } = parseFile(file);
  invariant(ast !== undefined, () => `${file.path} is in error`);
  const about = comments.find((c) => !c.doc)?.text.replace(/^\/\/ */, "") ?? "";
  const items = ast.callables
    .filter((c) => !c.name.text.startsWith("_"))
    .map((c) => `- \`${signature(c)}\`  \n  ${c.doc.replace(/\s+/g, " ").trim()}`);
  return [`### ${file.path}`, about, items.join("\n")].join("\n\n");
}

/** The text up to the body, on one line. */
function signature(c: Callable): string {
  const { file, start } = c.span;
  return file.text
    .slice(start, c.body.span.start)
    .replace(/\s+/g, " ")
    .replace(/\( /g, "(")
    .replace(/,? \)/g, ")")
    .trim();
}
