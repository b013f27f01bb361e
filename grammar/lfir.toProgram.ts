import * as say from "../src/diagnostics/messages/lfir.js";
import { constDim } from "../src/ir/dim.js";
import type { Kernel } from "../src/ir/kernel/ops.js";
import type { Bound, Program, Resource, Step } from "../src/ir/program/program.js";
import type { BoundText, KernelText, ProgramText, ResourceText, StepText } from "./lfir.ast.js";
import {
  attempt,
  type Context,
  declareDim,
  dtypeOf,
  exprSpan,
  giveUp,
  nameOf,
  refuse,
  sizeOf,
  wholeNumber,
} from "./lfir.terms.js";
import { toKernel } from "./lfir.toKernel.js";

/** Syntax tree → program; undefined where something was refused. What the verifier can say is left to it. */
export function toProgram(cx: Context, text: ProgramText, kernelTexts: readonly KernelText[]): Program | undefined {
  const before = cx.diagnostics.length;
  for (const d of text.dims) attempt(() => declareDim(cx, d));
  const resources = text.resources.flatMap((r) => attempt(() => [resourceOf(cx, r)]) ?? []);
  const subscripts = text.subscripts.flatMap(
    (s) => attempt(() => [{ input: nameOf(cx, s.input), extent: sizeOf(cx, s.extent) }]) ?? [],
  );
  const prepare = stepsOf(cx, text.prepare);
  const steps = stepsOf(cx, text.steps);
  const kernels = kernelTexts.flatMap((k): Kernel[] => {
    const kernel = toKernel(cx, k);
    return kernel === undefined ? [] : [kernel];
  });
  return attempt(() => {
    if (cx.diagnostics.length > before) return giveUp();
    return {
      irVersion: 1,
      name: nameOf(cx, text.name),
      symbols: [...cx.symbols.values()],
      resources,
      kernels,
      ...(subscripts.length > 0 && { subscripts }),
      prepare,
      steps,
    };
  });
}

const resourceKinds: readonly string[] = ["input", "param", "output", "temp"] satisfies readonly Resource["kind"][];

function resourceOf(cx: Context, text: ResourceText): Resource {
  const { image } = text.kind;
  const kind = resourceKinds.includes(image) ? (image as Resource["kind"]) : giveUp(); // the parser takes no other
  const id = nameOf(cx, text.id);
  return {
    id,
    kind,
    name: text.name ? nameOf(cx, text.name) : id,
    dtype: dtypeOf(cx, text.type.dtype),
    shape: text.type.shape.map((e) => sizeOf(cx, e)),
    length: sizeOf(cx, text.length),
    ...(text.at && { arena: { offset: sizeOf(cx, text.at) } }),
  };
}

const stepsOf = (cx: Context, texts: readonly StepText[]): readonly Step[] =>
  texts.flatMap((t) => attempt(() => [stepOf(cx, t)]) ?? []);

function stepOf(cx: Context, text: StepText): Step {
  if (text.step === "dispatch") {
    const [x = giveUp(), y = giveUp(), z = giveUp()] = text.grid.map((e) => sizeOf(cx, e));
    return {
      step: "dispatch",
      kernel: nameOf(cx, text.kernel),
      grid: [x, y, z],
      dims: text.dims.map((e) => sizeOf(cx, e)),
      bind: Object.fromEntries(text.bind.map((b) => [b.buffer.image, boundOf(cx, b)])),
      flops: sizeOf(cx, text.flops),
      bytes: sizeOf(cx, text.bytes),
      label: nameOf(cx, text.label),
    };
  }
  const { cond } = text;
  if (cond.e !== "infix" || cond.op.image !== "<") return refuse(cx, say.misplaced(exprSpan(cx, cond), "condition"));
  return {
    step: "choose",
    dim: sizeOf(cx, cond.left),
    below: wholeNumber(cx, cond.right),
    // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
    then: stepsOf(cx, text.yes),
    else: stepsOf(cx, text.no),
  };
}

const boundOf = (cx: Context, text: BoundText): Bound => ({
  resource: nameOf(cx, text.resource),
  offset: text.offset ? sizeOf(cx, text.offset) : constDim(0),
  length: sizeOf(cx, text.length),
});
