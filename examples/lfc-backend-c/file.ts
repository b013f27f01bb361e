import { type Dim, type Kernel, type Program, printDim, type Resource, type Step } from "lfc/backend";
import { cType, mangle, printStmts } from "./expressions.js";
import { prelude } from "./prelude.js";

/** The tensors of `lfc_run`, in its order: inputs, parameters, outputs. */
export const tensorsOf = (program: Program): readonly Resource[] =>
  (["input", "param", "output"] as const).flatMap((kind) => program.resources.filter((r) => r.kind === kind));

/** The names of the run-time sizes, in the order of `lfc_run`. */
export const sizesOf = (program: Program): readonly string[] =>
  program.symbols.flatMap((s) => (s.op === "symbol" ? [s.name] : []));

/** A whole program: a function for each kernel, and `lfc_run`, which calls them in order. */
export function printFile(program: Program): string {
  const out: string[] = [];
  const line = (text: string): void => void out.push(text);
  const tensors = tensorsOf(program);
  const sizes = sizesOf(program);
  line(`/* ${comment(program.name)}, compiled by lfc.`);
  line("");
  line("   int lfc_run(const int32_t *sizes, void *const *tensors): 0, or 1 where memory runs out.");
  sizes.forEach((name, i) => {
    line(`   sizes[${i}]: ${name}`);
  });
  tensors.forEach(({ kind, name, dtype, shape }, i) => {
    line(`   tensors[${i}]: ${kind} ${comment(name)}, ${dtype}[${comment(shape.map(printDim).join(", "))}]`);
  });
  line("   Rows follow each other; a bool is a word, 0 or 1. */");
  line(prelude);
  program.kernels.forEach((kernel, i) => {
    printKernel(kernel, i, line);
  });

  const numbers = new Map(program.kernels.map((k, i) => [k.name, i] as const));
  const temps = program.resources.filter((r) => r.kind === "temp");
  line("int lfc_run(const int32_t *sizes, void *const *tensors) {");
  sizes.forEach((name, i) => {
    line(`  const double s_${mangle(name)} = sizes[${i}];`);
  });
  tensors.forEach((r, i) => {
    line(`  ${cType(r.dtype)} *const r_${mangle(r.id)} = tensors[${i}];`);
  });
  for (const r of temps)
    line(`  ${cType(r.dtype)} *const r_${mangle(r.id)} = malloc(4 * (size_t)(${size(r.length)}) + 4);`);
  const all = temps.map((r) => `!r_${mangle(r.id)}`);
  line(`  const int failed = ${all.length === 0 ? "0" : all.join(" || ")};`);
  line("  if (!failed) {");
  // parameters never change, so a larger program would keep what `prepare` makes
  printSteps([...program.prepare, ...program.steps], "    ");
  line("  }");
  for (const r of temps) line(`  free(r_${mangle(r.id)});`);
  line("  return failed;");
  line("}");
  return `${out.join("\n")}\n`;

  function printSteps(steps: readonly Step[], indent: string): void {
    for (const step of steps) {
      if (step.step === "choose") {
        line(`${indent}if (${size(step.dim)} < ${step.below}) {`);
        printSteps(step.then, `${indent}  `);
        line(`${indent}} else {`);
        printSteps(step.else, `${indent}  `);
        line(`${indent}}`);
        continue;
      }
      const kernel = program.kernels[numbers.get(step.kernel) ?? -1];
      if (kernel === undefined) throw new Error(`the program has no kernel ${step.kernel}`);
      const windows = kernel.buffers.flatMap((b) => {
        if (b.space !== "global") return [];
        const bound = step.bind[b.id];
        if (bound === undefined) throw new Error(`nothing is bound to ${b.id} of ${step.kernel}`);
        return [`r_${mangle(bound.resource)} + (int64_t)(${size(bound.offset)})`];
      });
      const dims = step.dims.length === 0 ? "0" : step.dims.map((d) => `(int32_t)(${size(d)})`).join(", ");
      line(`${indent}{ /* ${comment(step.label)} */`);
      line(`${indent}  const int32_t d[] = { ${dims} };`);
      line(`${indent}  ${functionName(kernel, numbers.get(step.kernel) ?? 0)}(${["d", ...windows].join(", ")});`);
      line(`${indent}}`);
    }
  }
}

const comment = (text: string): string => text.replace(/\*\/|[\r\n]/g, " ");

const functionName = (kernel: Kernel, number: number): string => `k${number}_${mangle(kernel.name)}`;

function printKernel(kernel: Kernel, number: number, line: (text: string) => void): void {
  const globals = kernel.buffers.flatMap((b) =>
    b.space === "global" ? [`${b.access === "read" ? "const " : ""}${cType(b.type.dtype)} *b_${mangle(b.id)}`] : [],
  );
  line(`static void ${functionName(kernel, number)}(${["const int32_t *d", ...globals].join(", ")}) {`);
  line("  (void)d;");
  for (const b of kernel.buffers)
    if (b.space === "register" || b.space === "scratch")
      line(`  ${cType(b.type.dtype)} b_${mangle(b.id)}[${b.length}];`);
  printStmts(kernel.body, "  ", line);
  line("}");
  line("");
}

/** A size as C, in doubles: exact for what fits into memory, and thirds that are whole together come out whole. */
function size(d: Dim): string {
  switch (d.op) {
    case "const":
      return `${d.value}.0`;
    case "symbol":
      return `s_${mangle(d.name)}`;
    case "floordiv":
      return `floor(${size(d.num)} / ${size(d.den)})`;
    case "ceildiv":
      return `ceil(${size(d.num)} / ${size(d.den)})`;
    case "mod":
      return `fmod(${size(d.num)}, ${size(d.den)})`;
    case "poly": {
      const terms = d.terms.map(([num, den, powers]) => {
        const factors = powers.flatMap(([dim, e]) =>
          Array<string>(Math.abs(e)).fill(`${e > 0 ? "*" : "/"} ${size(dim)}`),
        );
        return [`${num}.0`, ...factors, ...(den === 1 ? [] : [`/ ${den}.0`])].join(" ");
      });
      return `rint(${terms.join(" + ")})`;
    }
  }
}
