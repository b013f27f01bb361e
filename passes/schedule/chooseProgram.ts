import { type Dim, dimKey } from "../../src/ir/dim.js";
import { dispatchesOf } from "../../src/ir/kernel/verify.js";
import type { Bound, Program, Resource, Step } from "../../src/ir/program/program.js";
import { dedupe } from "../kernel/dedupe.js";
import type { PassContext } from "../pass.js";

type Dispatch = Extract<Step, { step: "dispatch" }>;

/**
 * Two programs of one meaning as one that decides when it runs: the steps of `then` where the size is below a value, those
 * of `otherwise` elsewhere. Equal kernels are there once, and so is what both prepare when the weights are loaded;
 * temporaries of the two are apart, and since only one of them runs, `planBuffers` gives them the same bytes.
 */
export function chooseProgram(dim: Dim, below: number, then: Program, otherwise: Program, cx: PassContext): Program {
  const other = renamed(otherwise, then);
  const known = new Set(then.resources.map((r) => r.id));
  const both: Program = {
    ...then,
    resources: [...then.resources, ...other.resources.filter((r) => !known.has(r.id))],
    kernels: [...then.kernels, ...other.kernels],
    prepare: [...then.prepare, ...other.prepare],
    // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
    steps: [{ step: "choose", dim, below, then: then.steps, else: other.steps }],
  };
  return preparedOnce(dedupe.run(both, cx));
}

/** A program whose kernels and temporaries have names that another one does not have. */
function renamed(program: Program, beside: Program): Program {
  const kernels = namesApart(
    program.kernels.map((k) => k.name),
    beside.kernels.map((k) => k.name),
  );
  const temps = namesApart(
    program.resources.filter((r) => r.kind === "temp").map((r) => r.id),
    beside.resources.map((r) => r.id),
  );
  const moved = mapDispatches((d) => ({
    ...rebound(d, (id) => temps.get(id) ?? id),
    kernel: kernels.get(d.kernel) ?? d.kernel,
  }));
  return {
    ...program,
    resources: program.resources.map((r) => ({ ...r, id: temps.get(r.id) ?? r.id })),
    kernels: program.kernels.map((k) => ({ ...k, name: kernels.get(k.name) ?? k.name })),
    prepare: moved(program.prepare),
    steps: moved(program.steps),
  };
}

function namesApart(names: readonly string[], taken: readonly string[]): ReadonlyMap<string, string> {
  const used = new Set([...names, ...taken]);
  const others = new Set(taken);
  const result = new Map<string, string>();
  for (const name of names) {
    if (!others.has(name)) continue;
    let n = 2;
    while (used.has(`${name}_${n}`)) n++;
    used.add(`${name}_${n}`);
    result.set(name, `${name}_${n}`);
  }
  return result;
}

const mapDispatches =
  (f: (d: Dispatch) => Dispatch) =>
  (steps: readonly Step[]): readonly Step[] =>
    steps.map((s) =>
      s.step === "dispatch"
        ? f(s)
        : // biome-ignore lint/suspicious/noThenProperty: the arms of a choice are named then and else in the program.
          { ...s, then: mapDispatches(f)(s.then), else: mapDispatches(f)(s.else) },
    );

const rebound = (d: Dispatch, to: (id: string) => string): Dispatch => ({
  ...d,
  bind: Object.fromEntries(
    Object.entries(d.bind).map(([id, b]): [string, Bound] => [id, { ...b, resource: to(b.resource) }]),
  ),
});

/** What `prepare` makes twice is made once: two temporaries are one where all that writes them is the same. */
function preparedOnce(program: Program): Program {
  const steps = dispatchesOf(program.prepare);
  const kernels = new Map(program.kernels.map((k) => [k.name, k]));
  const temps = new Map(program.resources.filter((r) => r.kind === "temp").map((r) => [r.id, r]));
  const writes = (d: Dispatch): readonly string[] =>
    Object.entries(d.bind).flatMap(([id, b]) =>
      kernels.get(d.kernel)?.buffers.some((x) => x.id === id && x.space === "global" && x.access !== "read")
        ? [b.resource]
        : [],
    );
  // a number for all that has been written to a temporary so far
  const numbers = new Map<string, number>();
  const held = new Map<string, number>();
  const holds = (id: string): string | number => (temps.has(id) ? (held.get(id) ?? "nothing") : id);
  for (const d of steps) {
    const written = writes(d);
    const binds = Object.entries(d.bind).map(([id, b]) => {
      const what = written.includes(b.resource) ? "written" : holds(b.resource);
      return `${id}=${what}[${dimKey(b.offset)},${dimKey(b.length)}]`;
    });
    const text = `${d.kernel}(${[...d.grid, ...d.dims].map(dimKey).join()};${binds.sort().join()})`;
    for (const id of new Set(written)) {
      const all = `${holds(id)};${text}`;
      if (!numbers.has(all)) numbers.set(all, numbers.size);
      held.set(id, numbers.get(all) ?? 0);
    }
  }
  const first = new Map<string, string>();
  const same = new Map<string, string>();
  for (const [id, number] of held) {
    const r = temps.get(id) as Resource; // `prepare` writes nothing else
    const key = `${r.dtype}[${dimKey(r.length)}] ${number}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, id);
    else same.set(id, known);
  }
  if (same.size === 0) return program;
  const moved = mapDispatches((d) => rebound(d, (id) => same.get(id) ?? id));
  return {
    ...program,
    resources: program.resources.filter((r) => !same.has(r.id)),
    prepare: moved(steps.filter((d) => !writes(d).every((id) => same.has(id)))),
    steps: moved(program.steps),
  };
}
