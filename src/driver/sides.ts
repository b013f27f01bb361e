import { middleOrders, type OrderChoice, orderChoice } from "../../passes/graph/orderPlans.js";
import { sideSubject } from "../../passes/graph/orderProblem.js";
import { reassociate } from "../../passes/graph/reassociate.js";
import { type Instrument, runPass, runPasses } from "../../passes/manager.js";
import { chooseProgram } from "../../passes/schedule/chooseProgram.js";
import { schedulePass } from "../../passes/schedule/schedule.js";
import type { OrderBranch, Pass, PassContext, Remark } from "../backend/backend.js";
import type { Decision, Plan } from "../cost/plan.js";
import { type Polynomial, printPolynomial } from "../cost/polynomial.js";
import { noLoc } from "../diagnostics/span.js";
import type { Graph } from "../ir/graph/ops.js";
import type { Program } from "../ir/program/program.js";
import { withSources } from "./withSources.js";

/** A graph after its passes, and the program that was scheduled from it. */
export interface Scheduled {
  /** Of a program with a choice, that of its second side. */
  readonly graph: Graph;
  readonly program: Program;
}

/**
 * The graph passes and the schedule. Where the best order of products changes over the range of a run-time size, what
 * follows is done twice, once for each side of the value where the costs cross, and the program chooses when it runs.
 */
export function scheduled(
  source: Graph,
  passes: readonly Pass<Graph>[],
  cx: PassContext,
  instruments: readonly Instrument[],
): Scheduled {
  const [before, rest] = cutBefore(passes);
  const grown = runPasses(source, before, cx, instruments);
  const one = (branch?: OrderBranch): Scheduled & { readonly remarks: readonly Remark[] } => {
    const remarks: Remark[] = [];
    const plan = branch && cx.plan && planOfSide(cx.plan, branch);
    const own: PassContext = {
      ...cx,
      ...(branch && { branch }),
      ...(plan && { plan }),
      remark: (r) => remarks.push(r),
    };
    const graph = runPasses(grown, rest, own, instruments);
    const program = withSources(runPass(graph, schedulePass, own, instruments), remarks);
    return { graph, program, remarks };
  };
  const choice = orderChoice(grown, cx);
  if (choice === undefined) {
    const only = one();
    only.remarks.forEach(cx.remark);
    return only;
  }
  const [low, high] = [one(choice.sides[0]), one(choice.sides[1])];
  cx.remark(choiceRemark(choice));
  for (const remark of bothSides(low.remarks, high.remarks, choice.sides)) cx.remark(remark);
  return { graph: high.graph, program: chooseProgram(choice.dim, choice.below, low.program, high.program, cx) };
}

/** The graph passes for a backend that runs graphs: one order for all sizes. */
export function optimised(
  source: Graph,
  passes: readonly Pass<Graph>[],
  cx: PassContext,
  instruments: readonly Instrument[],
): Graph {
  const [before, rest] = cutBefore(passes);
  const grown = runPasses(source, before, cx, instruments);
  const common = middleOrders(grown, cx);
  const branch: OrderBranch = { when: "", own: {}, common, sizes: new Map() };
  return runPasses(grown, rest, Object.keys(common).length === 0 ? cx : { ...cx, branch }, instruments);
}

function cutBefore(passes: readonly Pass<Graph>[]): readonly [readonly Pass<Graph>[], readonly Pass<Graph>[]] {
  const at = passes.findIndex((p) => p.name === reassociate.name);
  return [passes.slice(0, at), passes.slice(at)];
}

/** So many products are named. */
const mostNamed = 3;

function choiceRemark({ dim, below, sides, gain, work }: OrderChoice): Remark {
  const say = ({ when, own }: OrderBranch, flops: Polynomial | undefined): string => {
    const orders = Object.entries(own).map(([subject, order]) => `${subject} ${order}`);
    const rest = orders.length - mostNamed;
    const cost = flops === undefined ? "" : ` (${printPolynomial(flops, dim.name)} flop)`;
    return `${when}${cost}: ${orders.slice(0, mostNamed).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  };
  const worth =
    gain === undefined ? "by the plan" : `one order for all sizes would take up to ${gain.toFixed(2)}× the time`;
  return {
    pass: "chooseOrders",
    loc: noLoc,
    message: `${say(sides[0], work?.[0])}; ${say(sides[1], work?.[1])}; ${worth}`,
    data: { dim: dim.name, below, ...(gain !== undefined && { gain }) },
  };
}

/** What a plan says of one side alone under `keys (contract), Seq < 1024`, as if there were no other. */
function planOfSide(plan: Plan, { when }: OrderBranch): Plan {
  const own = <T>(table: Readonly<Record<string, T>>): Readonly<Record<string, T>> => ({
    ...table,
    ...Object.fromEntries(
      Object.entries(table).flatMap(([key, choice]) =>
        key.endsWith(`, ${when}`) ? [[key.slice(0, -when.length - 2), choice] as const] : [],
      ),
    ),
  });
  return { ...plan, strategies: own(plan.strategies), tiles: own(plan.tiles) };
}

/** The remarks of both sides: what they say alike once, what they decide differently under the name of each. */
function bothSides(
  low: readonly Remark[],
  high: readonly Remark[],
  [below, above]: OrderChoice["sides"],
): readonly Remark[] {
  const keyOf = ({ kind, subject }: Decision): string => `${kind} ${subject}`;
  const takenIn = (remarks: readonly Remark[]): ReadonlyMap<string, string> =>
    new Map(
      remarks.flatMap(({ decision: d }) => (d ? [[keyOf(d), JSON.stringify([d.chosen.name, d.chosen.params])]] : [])),
    );
  const [inLow, inHigh] = [takenIn(low), takenIn(high)];
  const named = (remarks: readonly Remark[], { when }: OrderBranch): readonly Remark[] =>
    remarks.map((r) => {
      if (r.decision === undefined) return r;
      const [a, b] = [inLow.get(keyOf(r.decision)), inHigh.get(keyOf(r.decision))];
      if (a === undefined || b === undefined || a === b) return r;
      return { ...r, decision: { ...r.decision, subject: sideSubject(r.decision.subject, when) } };
    });
  const said = new Set(high.map((r) => `${r.pass} ${r.message}`));
  const own = named(low, below).filter((r) =>
    r.decision ? inHigh.get(keyOf(r.decision)) === undefined : !said.has(`${r.pass} ${r.message}`),
  );
  return [...own, ...named(high, above)];
}
