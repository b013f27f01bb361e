import { callStatement, instanceList, repeatStatement } from "./calls.js";
import { element } from "./elements.js";
import { attention, blocks, gatherRows, localDim, pool, prefix, ragged } from "./idioms.js";
import { letOver, letText } from "./lets.js";
import { type Real, real, tame } from "./reals.js";
import { contraction, softmaxOver, withBound } from "./reductions.js";
import { affords, type Body, freshIndex, type Index, pickAxes, pickSize, tensorOf, visible } from "./scope.js";
import { combine, leastOf, numberSize, type Size, same, sameAxes, volume } from "./sizes.js";
import { at, bracket, ex, hull, interval, plus, times } from "./text.js";
import { bool, whole } from "./wholes.js";

/** Adds one statement, or a few that belong together, to a body. */
export function statement(b: Body): void {
  const kinds = [
    [elementwise, 8],
    [wholeTensor, 2],
    [product, 5],
    [softmax, 4],
    [choice, 1],
    [join, 2],
    [slice, 2],
    [blocks, 2],
    [pool, 2],
    [prefix, 2],
    [ragged, 1.5],
    [callStatement, b.p.callables.length > 0 ? 5 : 0],
    [repeatStatement, 2],
    [instanceList, b.p.callables.some((c) => c.kind === "block") ? 3 : 0],
    [localDim, 0.5],
    [attention, 1.5],
    [gatherRows, 1],
  ] as const;
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  let at = b.r.next() * total;
  for (const [make, weight] of kinds) {
    at -= weight;
    if (at > 0) continue;
    if (!make(b)) elementwise(b);
    return;
  }
}

const realType = (b: Body): Real => (b.p.options.half && b.r.chance(0.4) ? "f16" : "f32");

function elementwise(b: Body): boolean {
  const { r } = b;
  const axes = pickAxes(b, r.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 5]));
  const kind = r.int(0, 9);
  if (kind < 7) {
    const dtype = realType(b);
    letOver(b, axes, dtype, (own) => tame(b, real(b, dtype, r.int(1, 3), own)));
  } else if (kind < 9) {
    letOver(b, axes, "i32", () => {
      const e = whole(b, 2);
      return e.constant ? ex(`i32(${e.text})`, "postfix", interval(e)) : e;
    });
  } else letOver(b, axes, "bool", (own) => bool(b, 2, own));
  return true;
}

/** Operators and functions on whole tensors (E2). */
function wholeTensor(b: Body): boolean {
  const { r } = b;
  const floats = visible(b).filter((t) => t.dtype === "f32" && t.axes.length > 0);
  if (floats.length === 0) return false;
  const a = r.pick(floats);
  const c = tensorOf(b, "f32", a.axes, 0.2);
  const scalars = visible(b).filter((t) => t.dtype === "f32" && t.axes.length === 0);
  const [x, y] = [ex(a.name, "postfix", a.range), ex(c.name, "postfix", c.range)];
  const s = scalars.length > 0 && r.chance(0.5) ? r.pick(scalars) : undefined;
  const scale = s === undefined ? ex("0.5", "postfix", [0.5, 0.5]) : ex(s.name, "postfix", s.range);
  const value = r.pick([
    () => plus(x, y),
    () => times(scale, bracket(plus(x, y))),
    () => times(x, y),
    () => ex(`tanh(${x.text}) - ${y.text}`, "sum", [-1 - y.hi, 1 - y.lo]),
    () => ex(`max(${x.text}, ${scale.text})`, "postfix", hull(interval(x), interval(scale))),
    () => ex(`if ${condition(b, a.axes)} then ${x.text} else ${y.text}`, "if", hull(interval(x), interval(y))),
    () =>
      ex(
        `${x.text} / ${at(scale.lo > 0.1 || scale.hi < -0.1 ? scale : ex(`(1 + abs(${scale.text}))`, "postfix", [1, 100]), "unary")}`,
        "product",
        [Math.min(-100, x.lo * 10), Math.max(100, x.hi * 10)],
      ),
  ])();
  const tamed = tame(b, value);
  letText(b, [], "f32", a.axes, tamed.text, interval(tamed));
  return true;
}

/** A bool tensor of these axes, or one bool. */
function condition(b: Body, axes: readonly Size[]): string {
  const found = visible(b).filter((t) => t.dtype === "bool" && (t.axes.length === 0 || sameAxes(t.axes, axes)));
  return found.length > 0 ? b.r.pick(found).name : b.r.pick(["true", "1 < 2"]);
}

/** A contraction of up to five factors. */
function product(b: Body): boolean {
  const axes = pickAxes(b, b.r.pick([0, 1, 2, 2, 3, 3, 4]));
  const dtype = realType(b);
  letOver(b, axes, dtype, (own) => {
    const e = contraction(b, dtype, own);
    return tame(b, b.r.chance(0.3) ? plus(real(b, dtype, 1, own), e) : e);
  });
  return true;
}

function softmax(b: Body): boolean {
  const axes = pickAxes(b, b.r.int(1, 3));
  if (axes.length === 0) return false;
  letOver(b, axes, "f32", (own) => {
    const index = b.r.pick(own);
    if (!affords(b, index.size.most)) return real(b, "f32", 1, own);
    const e = softmaxOver(b, index, 2);
    if (!index.bare) index.annotate = true;
    return e;
  });
  return true;
}

function choice(b: Body): boolean {
  const floats = visible(b).filter((t) => t.dtype === "f32" && t.axes.length > 0);
  if (floats.length === 0) return false;
  const t = b.r.pick(floats);
  const place = b.r.int(0, t.axes.length - 1);
  const axis = t.axes[place] as Size;
  const rest = t.axes.filter((_, i) => i !== place);
  if (!affords(b, volume(t.axes))) return false;
  letOver(b, rest, "i32", (own) => {
    const { value, binders } = withBound(b, [axis], true, ([bound]) =>
      element(b, t, [...own, ...(bound === undefined ? [] : [bound.index])]),
    );
    return ex(`${b.r.pick(["argmax", "argmin"])}[${binders}] ${value.text}`, "product", [0, axis.most - 1], {
      open: true,
    });
  });
  return true;
}

/** `concat` of two or three parts along one axis, with what the parts share before it. */
function join(b: Body): boolean {
  const { r } = b;
  const dtype = r.pick(["f32", "f32", "f32", "bool", "i32"] as const);
  const shared = pickAxes(b, r.int(0, 2));
  const parts = Array.from({ length: r.int(2, 3) }, () => pickSize(b));
  const total = parts.slice(1).reduce<Size | undefined>((sum, s) => sum && combine(sum, "+", s), parts[0]);
  if (
    total === undefined ||
    volume([...shared, total]) > b.p.options.elements ||
    !affords(b, volume([...shared, total]))
  )
    return false;
  const place = r.int(0, shared.length);
  const depth = b.indices.length;
  const indices = shared.map((axis) => {
    const index = freshIndex(b, axis);
    b.indices.push(index);
    return index;
  });
  const along = freshIndex(b, total);
  const tensors = parts.map((part) =>
    tensorOf(b, dtype, [...(r.chance(0.7) ? r.shuffle(shared).slice(0, 1) : []), part], 0.3),
  );
  const texts = tensors.map((t, n) => {
    const own: Index = { ...along, size: parts[n] as Size, bare: false, annotate: false };
    b.indices.push(own);
    const before = indices.map((i) => ({ ...i }));
    const e = element(b, t, [own, ...indices]);
    b.indices.pop();
    if (own.bare && !own.annotate) return e.text;
    for (const [i, was] of before.entries()) Object.assign(indices[i] as Index, was);
    // the index has to be a bare subscript of each part
    const subs = t.axes.map((axis, i) => {
      if (i === t.axes.length - 1) return along.name;
      const alike = indices.find((x) => same(x.size, axis));
      if (alike === undefined) return "0";
      alike.bare = true;
      return alike.name;
    });
    return `${t.name}[${subs.join(", ")}]`;
  });
  b.indices.length = depth;
  along.bare = true;
  const order = [...indices];
  order.splice(place, 0, along);
  const range = hull(...tensors.map((t) => t.range));
  letText(
    b,
    order,
    dtype,
    order.map((i) => i.size),
    `concat[${along.name}](${texts.join(", ")})`,
    range,
  );
  return true;
}

/** `t[1..N, :]`. */
function slice(b: Body): boolean {
  const { r } = b;
  const tensors = visible(b).filter((t) => t.axes.length > 0 && !t.axes.some((a) => a.generic || a.text.includes("[")));
  if (tensors.length === 0) return false;
  const t = r.pick(tensors);
  const place = r.int(0, t.axes.length - 1);
  const axis = t.axes[place] as Size;
  const cuts: { from: string; to: string; length: Size }[] = [];
  for (const s of [...b.sizes, numberSize(1), numberSize(2)]) {
    if (s.generic) continue;
    const rest = combine(axis, "-", s);
    if (rest === undefined && !same(axis, s)) continue;
    cuts.push({ from: "0", to: s.text, length: s });
    if (rest !== undefined) {
      cuts.push({ from: s.text, to: axis.text, length: rest });
      if (leastOf(rest) > 1) {
        const more = combine(rest, "-", numberSize(1));
        if (more !== undefined) cuts.push({ from: `${s.text}`, to: `${axis.text} - 1`, length: more });
      }
    }
  }
  if (cuts.length === 0) return false;
  const cut = r.pick(cuts);
  const subs = t.axes.map((_, i) => (i === place ? `${cut.from}..${cut.to}` : ":"));
  while (subs.at(-1) === ":" && r.chance(0.5)) subs.pop();
  letText(
    b,
    [],
    t.dtype,
    t.axes.map((a, i) => (i === place ? cut.length : a)),
    `${t.name}[${subs.join(", ")}]`,
    t.range,
  );
  return true;
}
