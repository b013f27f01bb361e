import type { Target } from "../../src/cost/target.js";
import { constDim, dimRange } from "../../src/ir/dim.js";
import { fitting, impossible } from "../schedule/attentionSpace.js";
import { type AttentionForm, withProjections } from "./attentionForm.js";

/**
 * The ways of computing an attention. `unfused`: a kernel for each product and for the softmax. `fused`: scores, softmax
 * and weighted sum in one, each row of scores whole; `streaming`: the same with keys in blocks; `folded`: the same where
 * the values hold the output weights, so that heads are summed with the keys. `fuseQ`: the query is computed there too;
 * `fuseO`: the output projection too.
 */
export const strategyNames = ["unfused", "fused", "streaming", "folded", "fuseQ", "fuseO", "fuseQ+fuseO"] as const;
export type StrategyName = (typeof strategyNames)[number];

export interface Strategy {
  readonly name: StrategyName;
  /** What its region covers; nothing where there is no region. */
  readonly form?: AttentionForm;
  /** Why it can't be had. */
  readonly refused?: string;
}

/** Every strategy for an attention, legal or with what stands against it. */
export function strategiesOf(
  form: AttentionForm,
  target: Target,
  mostArguments: (form: AttentionForm) => number,
): readonly Strategy[] {
  const folds = form.heads.length > 0;
  return strategyNames.flatMap((name): readonly Strategy[] => {
    if (name === "unfused") {
      const bytes = scoreBytes(form);
      if (bytes <= target.maxBinding) return [{ name }];
      return [{ name, refused: `its scores take ${bytes} bytes, a binding at most ${target.maxBinding}` }];
    }
    if (name === "folded" ? !folds : folds && (name === "fused" || name === "streaming")) return [];
    const q = name.startsWith("fuseQ");
    const o = name.endsWith("fuseO");
    if (q && form.projectQuery === undefined) return [{ name, refused: "no query is computed for it alone" }];
    if (o && form.projectOut === undefined) return [{ name, refused: "no output projection reads it alone" }];
    const own: AttentionForm = { ...withProjections(form, q, o), ...(name === "streaming" && { streaming: true }) };
    const refused = against(own, name, target, mostArguments(own));
    return [refused === undefined ? { name, form: own } : { name, refused }];
  });
}

/** Memory of the scores at the greatest sizes. */
const scoreBytes = (form: AttentionForm): number =>
  4 * [...form.batch, form.row, form.key].reduce((n, ix) => n * dimRange(form.extents[ix] ?? constDim(1)).hi, 1);

function against(form: AttentionForm, name: StrategyName, target: Target, args: number): string | undefined {
  const why = impossible(form);
  if (why !== undefined) return why;
  if (args + 1 > target.maxBuffers) return `it reads ${args} tensors, a kernel binds ${target.maxBuffers}`;
  if (!fitting(form, target)) return "no tile of its rows fits the machine's memory";
  if (name === "fused" && !fitting(form, target, true)) return "a whole row of scores does not fit";
  return undefined;
}
