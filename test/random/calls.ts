import { type CallableText, type Formal, given, last } from "./callables.js";
import { letText } from "./lets.js";
import {
  type Body,
  binding,
  freshIndex,
  freshName,
  type Index,
  inside,
  pickAxes,
  steps,
  type Tensor,
  tensorOf,
  visible,
} from "./scope.js";
import { fixedValue, type Size, same, sameAxes, substituteSize, volume } from "./sizes.js";
import { statement } from "./statements.js";
import { type Ex, ex, type Interval } from "./text.js";

/** Sizes for the generics of a callee, such that it stays small and its signature is met. */
function bindGenerics(b: Body, callee: CallableText): ReadonlyMap<string, Size> | undefined {
  const axes = visible(b)
    .filter((t) => t.dtype === "f32")
    .flatMap((t) => t.axes);
  for (let tries = 0; tries < 8; tries++) {
    const bindings = new Map<string, Size>();
    for (const g of callee.generics) {
      const isDim = callee.formals.some((f) => f.kind === "dim" && f.name === g.text);
      const fits = (isDim ? b.sizes : axes.length > 0 && b.r.chance(0.8) ? axes : b.sizes).filter(
        (s) => s.most <= g.most && !s.text.includes("["),
      );
      if (fits.length === 0) return undefined;
      bindings.set(g.text, b.r.pick(fits));
    }
    if (callee.accepts?.(bindings) === false) continue;
    return bindings;
  }
  return undefined;
}

const axesOf = (f: Extract<Formal, { kind: "tensor" }>, bindings: ReadonlyMap<string, Size>): readonly Size[] =>
  f.axes.map((a) => substituteSize(a, bindings));

/** An argument: a value of the type, or the part of one that an index in scope leaves. */
function argument(
  b: Body,
  f: Extract<Formal, { kind: "tensor" }>,
  axes: readonly Size[],
  own: readonly Index[],
): string {
  const { r } = b;
  const partial = visible(b).filter(
    (t) =>
      t.dtype === f.dtype &&
      t.axes.length > axes.length &&
      sameAxes(t.axes.slice(t.axes.length - axes.length), axes) &&
      t.axes.slice(0, t.axes.length - axes.length).every((a) => own.some((i) => same(i.size, a))),
  );
  const columns = visible(b).flatMap((t) =>
    t.dtype === f.dtype && t.axes.length === axes.length + 1 && axes.length > 0
      ? t.axes.flatMap((a, place) => {
          const index = own.find((i) => same(i.size, a));
          return place > 0 &&
            index !== undefined &&
            sameAxes(
              t.axes.filter((_, k) => k !== place),
              axes,
            )
            ? [{ t, place, index }]
            : [];
        })
      : [],
  );
  const lead = own.filter(() => r.chance(0.5));
  let text: string;
  let range: Interval;
  if (columns.length > 0 && r.chance(0.5)) {
    const { t, place, index } = r.pick(columns);
    index.bare = true;
    text = `${t.name}[${t.axes
      .slice(0, place + 1)
      .map((_, k) => (k === place ? index.name : ":"))
      .join(", ")}]`;
    range = t.range;
  } else if (partial.length > 0 && r.chance(0.8)) {
    const t = r.pick(partial);
    const subs = t.axes.slice(0, t.axes.length - axes.length).map((a) => {
      const index = r.pick(own.filter((i) => same(i.size, a)));
      index.bare = true;
      return index.name;
    });
    text = `${t.name}[${subs.join(", ")}]`;
    range = t.range;
  } else if (
    lead.length > 0 &&
    volume([...lead.map((i) => i.size), ...axes]) <= b.p.options.elements &&
    r.chance(0.6)
  ) {
    const t = tensorOf(b, f.dtype, [...lead.map((i) => i.size), ...axes], 0.3);
    for (const i of lead) i.bare = true;
    text = `${t.name}[${lead.map((i) => i.name).join(", ")}]`;
    range = t.range;
  } else {
    const t = tensorOf(b, f.dtype, axes, 0.2);
    text = t.name;
    range = t.range;
  }
  if (f.dtype === "f32" && (range[0] < given[0] || range[1] > given[1]))
    return r.chance(0.5) ? `tanh(${text})` : `max(-8.0, min(8.0, ${text}))`;
  if (f.dtype === "i32" && (range[0] < 0 || range[1] > 7)) return `max(0, min(7, ${text}))`;
  return text;
}

/** `let y[h] = f(x[h], w)`: a call under indices, or a plain one. */
export function callStatement(b: Body): boolean {
  const { r } = b;
  const callees = b.p.callables.filter((c) => b.kind !== "fn" || c.kind === "fn");
  if (callees.length === 0) return false;
  const callee = r.pick(callees);
  const bindings = bindGenerics(b, callee);
  if (bindings === undefined) return false;
  const own: Index[] = [];
  const wanted = pickAxes(b, r.pick([0, 1, 1, 2]));
  const depth = b.indices.length;
  for (const axis of wanted) {
    const all = [...own.map((i) => i.size), axis];
    if (b.times * volume(all) * callee.work > b.p.options.work * 2) break;
    if (
      callee.results.some(
        (t) => volume([...all, ...t.axes.map((a) => substituteSize(a, bindings))]) > b.p.options.elements,
      )
    )
      break;
    const index = freshIndex(b, axis);
    own.push(index);
    b.indices.push(index);
  }
  if (b.times * callee.work > b.p.options.work * 2) return false;
  b.root.work = Math.max(b.root.work, b.times * volume(own.map((i) => i.size)) * callee.work);
  const args = callee.formals.map((f) =>
    f.kind === "dim" ? (bindings.get(f.name) as Size).text : argument(b, f, axesOf(f, bindings), own),
  );
  b.indices.length = depth;
  const name =
    callee.kind === "block" && b.nested === 0 && bindings.size === 0 && r.chance(0.4)
      ? instance(b, callee)
      : callee.name;
  if (callee.results.length > 1) {
    const left = own.length === 0 ? "" : `[${own.map((i) => binding(b, i)).join(", ")}]`;
    const made: Tensor[] = callee.results.map((t) => ({
      name: freshName(b.p, "v"),
      dtype: t.dtype,
      axes: [...own.map((i) => i.size), ...t.axes.map((a) => substituteSize(a, bindings))],
      range: t.range,
    }));
    b.lines.push(`let ${made.map((t) => t.name + left).join(", ")} = ${name}(${args.join(", ")})`);
    b.tensors.push(...made);
    return true;
  }
  const [result] = callee.results;
  if (result === undefined) return false;
  const axes = result.axes.map((a) => substituteSize(a, bindings));
  let text = `${name}(${args.join(", ")})`;
  let range = result.range;
  if (result.dtype === "f32" && r.chance(0.2)) {
    text = `0.5 * ${text}`;
    range = [range[0] / 2, range[1] / 2];
  }
  letText(b, own, result.dtype, [...own.map((i) => i.size), ...axes], text, range);
  return true;
}

/** A call inside of an expression: a scalar, or an element of what is returned. */
export function callIn(b: Body): Ex | undefined {
  const callees = b.p.callables.filter(
    (c) =>
      c.results.length === 1 &&
      c.results[0]?.dtype === "f32" &&
      c.work * steps(b) <= b.p.options.work &&
      (b.kind !== "fn" || c.kind === "fn"),
  );
  if (callees.length === 0) return undefined;
  const callee = b.r.pick(callees);
  const bindings = bindGenerics(b, callee);
  const [result] = callee.results;
  if (bindings === undefined || result === undefined) return undefined;
  const axes = result.axes.map((a) => substituteSize(a, bindings));
  if (axes.some((a) => !b.indices.some((i) => same(i.size, a)))) return undefined;
  const args = callee.formals.map((f) =>
    f.kind === "dim"
      ? (bindings.get(f.name) as Size).text
      : argument(
          b,
          f,
          axesOf(f, bindings),
          b.indices.filter((i) => i.kept),
        ),
  );
  b.root.work = Math.max(b.root.work, steps(b) * callee.work);
  const subs = axes.map((a) => {
    const index = b.r.pick(b.indices.filter((i) => same(i.size, a)));
    index.bare = true;
    return index.name;
  });
  return ex(
    `${callee.name}(${args.join(", ")})${subs.length > 0 ? `[${subs.join(", ")}]` : ""}`,
    "postfix",
    result.range,
  );
}

/** A named instance of a block: its weights are shared by its calls. */
function instance(b: Body, callee: CallableText): string {
  const name = freshName(b.p, "b");
  b.root.params.push(`param ${name}: ${callee.name}`);
  return name;
}

/** `repeat [l in] COUNT (z = x, …) { … }`. */
export function repeatStatement(b: Body): boolean {
  const { r } = b;
  if (b.nested > 1) return false;
  const fixed = b.sizes.filter((s) => s.fixed && /^\w+$/.test(s.text) && s.most <= 4);
  const named = fixed.length > 0 && r.chance(0.5) ? r.pick(fixed) : undefined;
  const count = named === undefined ? r.int(1, 3) : (fixedValue(named) ?? 1);
  const countText = named === undefined ? String(count) : named.text;
  const under = b.indices.length === 0 && r.chance(0.4) ? pickAxes(b, 1) : [];
  if (b.times * count * volume(under) * 50 > b.p.options.work) return false;
  const depth = b.indices.length;
  const own = under.map((axis) => {
    const index = freshIndex(b, axis);
    b.indices.push(index);
    return index;
  });
  const states = Array.from({ length: r.pick([1, 1, 1, 2]) }, () => pickAxes(b, r.int(0, 2)));
  const inner = inside(b, count);
  const counter = r.chance(0.5) ? freshIndex(inner, under[0] ?? (b.sizes[0] as Size)).name : undefined;
  if (counter !== undefined) inner.counters.push({ name: counter, count });
  const heads = states.map((axes) => {
    const name = freshName(b.p, "z");
    const formal = { kind: "tensor", name, dtype: "f32", axes } as const;
    const init = argument(b, formal, axes, own);
    inner.tensors.push({ name, dtype: "f32", axes, range: given });
    return `${name} = ${init}`;
  });
  const statements = r.int(0, 2);
  for (let i = 0; i < statements; i++) statement(inner);
  const results = states.map((axes) => layerCall(inner, axes, counter) ?? last(inner, axes, "f32").name);
  b.indices.length = depth;
  const body =
    inner.lines.length === 0 && results.length === 1 && r.chance(0.7)
      ? `{ ${results[0]} }`
      : block([...inner.lines, `return ${results.join(", ")}`]);
  const text = `repeat ${counter === undefined ? "" : `${counter} in `}${countText} (${heads.join(", ")}) ${body}`;
  const left = own.length === 0 ? "" : `[${own.map((i) => binding(b, i)).join(", ")}]`;
  const made: Tensor[] = states.map((axes) => ({
    name: freshName(b.p, "v"),
    dtype: "f32",
    axes: [...under, ...axes],
    range: given,
  }));
  b.lines.push(`let ${made.map((t) => t.name + left).join(", ")} = ${text}`);
  b.tensors.push(...made);
  return true;
}

const block = (lines: readonly string[]): string => `{\n${lines.map((l) => l.replace(/^/gm, "  ")).join("\n")}\n}`;

/** The next state by a block of the program, anonymous: each step has its own weights. */
function layerCall(b: Body, axes: readonly Size[], counter: string | undefined): string | undefined {
  const { r } = b;
  if (!r.chance(0.6)) return undefined;
  const layers = b.p.callables.filter(
    (c) =>
      c.layer &&
      (b.kind !== "fn" || c.kind === "fn") &&
      c.generics.length === 0 &&
      c.results[0] !== undefined &&
      sameAxes(c.results[0].axes, axes) &&
      c.results[0].range[0] >= given[0] &&
      c.results[0].range[1] <= given[1] &&
      c.work * b.times <= b.p.options.work * 2,
  );
  if (layers.length === 0) return undefined;
  const callee = r.pick(layers);
  const args = callee.formals.map((f) => (f.kind === "dim" ? "1" : argument(b, f, f.axes, [])));
  const call = `${callee.name}(${args.join(", ")})`;
  if (counter !== undefined && r.chance(0.4)) {
    const other = tensorOf(b, "f32", axes, 0.1);
    return `if ${counter} < ${r.int(1, 2)} then ${call} else tanh(${other.name})`;
  }
  return call;
}

/** `param layers: Block[l: D]` with a repeat over them, some steps decided by the counter. */
export function instanceList(b: Body): boolean {
  const { r } = b;
  if (b.kind === "fn" || b.nested > 0 || b.indices.length > 0) return false;
  const layers = b.p.callables.filter(
    (c) => c.kind === "block" && c.layer && c.generics.length === 0 && c.results.length === 1,
  );
  const depths = b.sizes.filter((s) => s.fixed && /^\w+$/.test(s.text) && s.most <= 4 && fixedValue(s) !== undefined);
  if (layers.length === 0) return false;
  const callee = r.pick(layers);
  const result = callee.results[0];
  if (result === undefined || result.range[0] < given[0] || result.range[1] > given[1]) return false;
  const depth = depths.length > 0 && r.chance(0.7) ? r.pick(depths) : undefined;
  const count = depth === undefined ? 2 : (fixedValue(depth) ?? 1);
  const text = depth?.text ?? "2";
  if (callee.work * count > b.p.options.work * 2) return false;
  const list = freshName(b.p, "b");
  b.root.params.push(`param ${list}: ${callee.name}[l: ${text}]`);
  const z = freshName(b.p, "z");
  const formal = callee.formals[0] as Extract<Formal, { kind: "tensor" }>;
  const init = argument(b, formal, formal.axes, []);
  const rest = callee.formals.slice(1).map((f) => (f.kind === "dim" ? "1" : argument(b, f, f.axes, [])));
  const counter = freshIndex(b, b.sizes[0] as Size).name;
  const reverse = r.chance(0.2) ? `${text} - 1 - ${counter}` : counter;
  const call = `${list}[${reverse}](${[z, ...rest].join(", ")})`;
  const other = `tanh(${z})`;
  const body = r.pick([
    call,
    call,
    count > 1 ? `if ${counter} < ${count - 1} then ${call} else ${z}` : call,
    `if ${counter} % 2 == 0 then ${call} else ${other}`,
    `if ${counter} == 0 or ${counter} > 1 then ${call} else ${other}`,
    `if not ${counter} >= 1 then ${call} else ${callee.kind === "block" ? `${callee.name}(${[z, ...rest].join(", ")})` : other}`,
  ]);
  const name = freshName(b.p, "v");
  b.lines.push(`let ${name} = repeat ${counter} in ${text} (${z} = ${init}) { ${body} }`);
  b.tensors.push({ name, dtype: "f32", axes: result.axes, range: given });
  return true;
}
