import { dimKey } from "../../src/ir/dim.js";
import { keyMaker } from "../../src/ir/graph/key.js";
import type { Op, ValueId } from "../../src/ir/graph/ops.js";
import { mapOperands } from "../../src/ir/graph/visit.js";
import type { Lowered, Step, Temp } from "../../src/ir/program/program.js";
import { invariant } from "../../src/util/invariant.js";
import { shortHash } from "../../src/util/shortHash.js";
import type { PassContext, Remark } from "../pass.js";
import { type BuildContext, coveredBy, type Match, resultOf, type Schedule } from "./interface.js";
import { pinOf, remarksOf, type Selection, select } from "./select.js";
import { allUses } from "./uses.js";

/**
 * Kernels for matches. Layers of a model are alike: what was chosen and built for one match serves every other of the
 * same form, with its own resources and its own words.
 */
export interface Lowering {
  of(m: Match, cx: BuildContext): { readonly lowered: Lowered; readonly remarks: readonly Remark[] };
}

interface Known {
  readonly selection: Selection;
  readonly lowered: Lowered;
  readonly form: Form;
  readonly label: string;
  readonly root: ValueId;
}

export function lowering(pass: PassContext, schedules: readonly Schedule[]): Lowering {
  const known = new Map<string, Known>();
  const keys = keyMaker();
  /** The forms of each label: another form of one label has a number behind it, so that a plan can name it. */
  const forms = new Map<string, string[]>();
  const subjectOf = (label: string, form: string): string => {
    const ofLabel = forms.get(label) ?? [];
    if (!ofLabel.includes(form)) forms.set(label, [...ofLabel, form]);
    const at = (forms.get(label) ?? []).indexOf(form);
    return at === 0 ? label : `${label}~${at + 1}`;
  };
  return {
    of(m, cx) {
      const label = cx.label(m);
      const form = formOf(m, cx, keys.op);
      const subject = subjectOf(label, form.key);
      const pin = pinOf(pass, subject);
      const key = `${form.key}|${pin === undefined ? "" : JSON.stringify(pin)}`;
      const before = known.get(key);
      if (before !== undefined) {
        return {
          lowered: moved(before, { form, label, root: m.root }),
          remarks: remarksOf(m, cx, before.selection, label, subject, form.nameless),
        };
      }
      const selection = select(m, cx, schedules, pin, label, pass.others);
      const lowered = selection.schedule.build(m, selection.params, cx);
      known.set(key, { selection, lowered, form, label, root: m.root });
      return { lowered, remarks: remarksOf(m, cx, selection, label, subject, form.nameless) };
    },
  };
}

/** What a match's kernels depend on, and the resources that they bind, in an order that equal forms share. */
interface Form {
  readonly key: string;
  /** Stands for the same without names: kernels of one such form differ in names only. */
  readonly nameless: string;
  readonly resources: readonly string[];
}

function formOf(m: Match, cx: BuildContext, opKey: (op: Op) => string): Form {
  const numbers = new Map<ValueId, number>();
  const resources: string[] = [];
  const names: string[] = [cx.name(m)];
  const texts: string[] = [cx.scalarReads(m) ? "scalars" : ""];
  const own = new Set(coveredBy(m));
  const result = resultOf(m);
  const number = (v: ValueId): number => {
    const known = numbers.get(v);
    if (known !== undefined) return known;
    const n = numbers.size;
    numbers.set(v, n);
    const inside = own.has(v) || cx.inlined(v);
    if (!inside || v === result) {
      const { resource, dtype, shape, hint } = cx.stored(v);
      resources.push(resource);
      names.push(hint);
      texts.push(`${n}= ${dtype}[${shape.map(dimKey).join(",")}]`);
    }
    if (inside) {
      const node = cx.node(v);
      // The operands first: their numbers are in the key.
      for (const use of allUses(node)) number(use.value);
      const { type, ...op } = node;
      const first = cx.inlined(v) && cx.firstReader(v) === m ? "!" : "";
      const named = mapOperands(op as Op, number);
      texts.push(`${n}${first}=${opKey(named)}:${type.dtype}[${type.shape.map(dimKey).join(",")}]`);
      if (node.op === "concat") texts.push(node.args.map(number).join());
    }
    return n;
  };
  const order = [m.root, ...m.epilogue].map(number);
  const row = m.row?.values.map((r) => `${number(r.value)}@${r.at.join()}`);
  texts.push(order.join(), m.row === undefined ? "" : `row ${m.row.axis} ${row?.join(" ")}`);
  const nameless = texts.join("\n");
  return { key: `${names.join()}\n${nameless}`, nameless: shortHash(nameless), resources };
}

/** The kernels of one match as those of another of the same form. */
function moved(from: Known, to: { readonly form: Form; readonly label: string; readonly root: ValueId }): Lowered {
  invariant(from.form.resources.length === to.form.resources.length, () => "equal forms bind as many resources");
  const resources = new Map(from.form.resources.map((r, i) => [r, to.form.resources[i] ?? r]));
  const temps = from.lowered.temps.map((t): Temp => {
    const [own, other] = [`temp.${from.root}.`, `temp.${to.root}.`];
    invariant(t.id.startsWith(own), () => `the memory ${t.id} of a match is called after its root`);
    const id = other + t.id.slice(own.length);
    resources.set(t.id, id);
    return { ...t, id };
  });
  const step = (s: Step): Step => {
    if (s.step === "choose") {
      // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
      return { ...s, then: s.then.map(step), else: s.else.map(step) };
    }
    const bind = Object.fromEntries(
      Object.entries(s.bind).map(([id, b]) => [id, { ...b, resource: resources.get(b.resource) ?? b.resource }]),
    );
    const label = s.label.startsWith(from.label) ? to.label + s.label.slice(from.label.length) : s.label;
    return { ...s, bind, label };
  };
  return { kernels: from.lowered.kernels, temps, steps: from.lowered.steps.map(step) };
}
