import { pickTensor } from "./elements.js";
import { letOver, letText } from "./lets.js";
import { real, tame } from "./reals.js";
import {
  affords,
  type Body,
  factorings,
  freshIndex,
  freshName,
  type Index,
  pickAxes,
  pickSize,
  type Tensor,
  tensorOf,
  visible,
} from "./scope.js";
import { derive, numberSize, type Size, volume } from "./sizes.js";
import { ex, type Interval, plus } from "./text.js";

/** Splits an axis in blocks, works on them, and may put them together again. */
export function blocks(b: Body): boolean {
  const { r } = b;
  const found = visible(b)
    .filter((t) => t.axes.length > 0 && t.axes.length < 3)
    .flatMap((t) => t.axes.flatMap((axis, place) => factorings(b, axis).map(([n, w]) => ({ t, place, n, w }))));
  if (found.length === 0) return false;
  const { t, place, n, w } = r.pick(found);
  const outer = freshIndex(b, n);
  const inner = freshIndex({ ...b, indices: [...b.indices, outer] }, w);
  outer.annotate = true;
  inner.annotate = true;
  const others: Index[] = [];
  const subs = t.axes.map((axis, i) => {
    if (i === place) return `${outer.name} * ${/^\w+$/.test(w.text) ? w.text : `(${w.text})`} + ${inner.name}`;
    const index = freshIndex({ ...b, indices: [...b.indices, outer, inner, ...others] }, axis);
    index.bare = true;
    others.push(index);
    return index.name;
  });
  const order = r.shuffle([outer, inner, ...others]);
  if (!affords(b, volume(order.map((i) => i.size)))) return false;
  const split = letText(
    b,
    order,
    t.dtype,
    order.map((i) => i.size),
    `${t.name}[${subs.join(", ")}]`,
    t.range,
  );
  if (r.chance(0.6)) {
    const whole = t.axes[place] as Size;
    const index = freshIndex({ ...b, indices: [...b.indices, ...others] }, whole);
    index.annotate = true;
    const wText = /^\w+$/.test(w.text) ? w.text : `(${w.text})`;
    const back = order.map((i) =>
      i === outer ? `${index.name} / ${wText}` : i === inner ? `${index.name} % ${wText}` : i.name,
    );
    const axes = t.axes.map((_, i) => (i === place ? index : (others[i < place ? i : i - 1] as Index)));
    letText(
      b,
      axes,
      t.dtype,
      axes.map((i) => i.size),
      `${split.name}[${back.join(", ")}]`,
      t.range,
    );
  }
  return true;
}

/** Pools and convolutions over blocks: `mean[r: R] x[j * R + r, c]`. */
export function pool(b: Body): boolean {
  const { r } = b;
  const found = visible(b)
    .filter((t) => t.dtype === "f32" && t.axes.length > 0 && t.axes.length < 3)
    .flatMap((t) => t.axes.flatMap((axis, place) => factorings(b, axis).map(([n, w]) => ({ t, place, n, w }))));
  if (found.length === 0) return false;
  const { t, place, n, w } = r.pick(found);
  const keep = tensorOf(b, "bool", [t.axes[place] as Size], 0.1);
  const weights = r.chance(0.5) ? tensorOf(b, "f32", [w], 0.3) : undefined;
  const rest = t.axes.filter((_, i) => i !== place);
  if (!affords(b, volume([n, w, ...rest]))) return false;
  letOver(b, [n, ...rest], "f32", (own) => {
    const [j, ...others] = own as [Index, ...Index[]];
    j.annotate = true;
    const inner = freshIndex(b, w);
    const wText = /^\w+$/.test(w.text) ? w.text : `(${w.text})`;
    const sub = `${j.name} * ${wText} + ${inner.name}`;
    let next = 0;
    const subs = t.axes.map((_, i) => {
      if (i === place) return sub;
      const index = others[next++] as Index;
      index.bare = true;
      return index.name;
    });
    const where = r.chance(0.5) ? ` where ${keep.name}[${sub}]` : "";
    const op = r.pick(["mean", "sum", "max"] as const);
    const factor = weights !== undefined && op === "sum" ? `${weights.name}[${inner.name}] * ` : "";
    const text = `${op}[${inner.name}: ${w.text}${where}] ${factor}${t.name}[${subs.join(", ")}]`;
    const most = Math.max(Math.abs(t.range[0]), Math.abs(t.range[1])) * (op === "sum" ? w.most * 6 : 1);
    const e = ex(text, "product", [-most, most], { open: true });
    return tame(b, op === "max" ? ex(`max(-9.0, ${text})`, "postfix", [-9, Math.max(-9, most)]) : e);
  });
  return true;
}

/** Prefix and window sums over a matrix and a sequence: `sum[m <= n] e[k, m] * x[m, c]`. */
export function prefix(b: Body): boolean {
  const { r } = b;
  const t = pickTensor(b, ["f32"]);
  if (t === undefined || t.axes.length === 0 || t.axes.length > 2) return false;
  const axis = t.axes[0] as Size;
  const slots = r.chance(0.6) ? pickSize(b) : undefined;
  const out = [axis, ...(slots === undefined ? [] : [slots]), ...t.axes.slice(1)];
  if (volume(out) > b.p.options.elements || !affords(b, volume(out) * axis.most)) return false;
  const e = slots === undefined ? undefined : tensorOf(b, "f32", [slots, axis], 0.3);
  letOver(b, out, "f32", (own) => {
    const n = own[0] as Index;
    const m = freshIndex(b, axis);
    const w = r.int(1, 3);
    const keep = r.chance(0.3) ? tensorOf(b, "bool", [axis], 0.1) : undefined;
    const form = r.pick([
      `${m.name} <= ${n.name}`,
      `${m.name} <= ${n.name}`,
      `${n.name} - ${w} < ${m.name} <= ${n.name}`,
      `${m.name} < ${n.name}`,
    ]);
    const rest = own.slice(slots === undefined ? 1 : 2);
    for (const i of own.slice(1)) i.bare = true;
    n.bare = true;
    const factors = [
      ...(e === undefined ? [] : [`${e.name}[${(own[1] as Index).name}, ${m.name}]`]),
      `${t.name}[${[m, ...rest].map((i) => i.name).join(", ")}]`,
    ];
    if (r.chance(0.2)) factors.push(factors[0] as string);
    const most = 6 ** (factors.length - 1) * axis.most * Math.max(Math.abs(t.range[0]), Math.abs(t.range[1])) ** 2;
    return tame(
      b,
      ex(
        `sum[${form}${keep === undefined ? "" : ` where ${keep.name}[${m.name}]`}] ${factors.join(" * ")}`,
        "product",
        [-most, most],
        { open: true },
      ),
    );
  });
  return true;
}

/** Scores, a masked softmax and values, with or without projected keys. */
export function attention(b: Body): boolean {
  const { r } = b;
  const [seq, head] = [pickSize(b), pickSize(b)];
  const slots = r.chance(0.6) ? pickSize(b) : undefined;
  const heads = r.chance(0.5) ? pickSize(b) : undefined;
  const keyAxis = slots ?? seq;
  const lead = heads === undefined ? [] : [heads];
  if (
    volume([...lead, seq, keyAxis, head]) > b.p.options.work / b.times ||
    volume([...lead, seq, keyAxis]) > b.p.options.elements ||
    volume([...lead, seq, seq]) > b.p.options.elements
  )
    return false;
  const x = tensorOf(b, "f32", [seq, head], 0.3);
  const w = tensorOf(b, "f32", [...lead, head, head], 0.5);
  const e = slots === undefined ? undefined : tensorOf(b, "f32", [slots, seq], 0.3);
  const keep = r.chance(0.5) ? tensorOf(b, "bool", [seq], 0.2) : undefined;
  const h = heads === undefined ? "" : "h, ";
  // `h`, `n`, … stand for indices that nothing in scope has
  const names = new Map<string, string>();
  const scope: Body = { ...b, indices: [...b.indices] };
  for (const [letter, size] of [
    ["h", heads ?? seq],
    ["n", seq],
    ["m", seq],
    ["k", keyAxis],
    ["c", head],
    ["d", head],
  ] as const) {
    const index = freshIndex(scope, size);
    scope.indices.push(index);
    names.set(letter, index.name);
  }
  const say = (text: string): string => text.replace(/\b[hnmkcd]\b/g, (letter) => names.get(letter) ?? letter);
  const add = (left: string, axes: readonly Size[], text: string, range: Interval): Tensor => {
    const name = freshName(b.p, "v");
    b.lines.push(`let ${name}[${say(left)}] = ${say(text)}`);
    const tensor: Tensor = { name, dtype: "f32", axes, range };
    b.tensors.push(tensor);
    return tensor;
  };
  const masked = keep !== undefined && e !== undefined ? ` where ${keep.name}[m]` : "";
  const flat = 8 ** 3 * seq.most * head.most;
  const keys =
    e === undefined
      ? add(`${h}m, c`, [...lead, seq, head], `sum[d] ${x.name}[m, d] * ${w.name}[${h}d, c]`, [-flat, flat])
      : add(
          `${h}k, c`,
          [...lead, slots as Size, head],
          `sum[m${masked}, d] ${e.name}[k, m] * ${x.name}[m, d] * ${w.name}[${h}d, c]`,
          [-flat, flat],
        );
  const k = e === undefined ? "m" : "k";
  const causal = e === undefined && r.chance(0.5);
  const where = keep !== undefined && e === undefined ? ` where ${keep.name}[m]` : "";
  const binder = causal ? r.pick(["m <= n", "n - 2 < m <= n", "m < n"]) : k;
  const scores = `(sum[c] ${x.name}[n, c] * ${keys.name}[${h}${k}, c])`;
  const p = add(
    `${h}n, ${k}`,
    [...lead, seq, keyAxis],
    `softmax[${binder}${where}] ${r.pick([`${scores} / sqrt(${head.text})`, `tanh${scores}`, scores])}`,
    [0, 1],
  );
  const out = r.chance(0.5);
  const values = out ? keys.name : tensorOf(b, "f32", [...lead, keyAxis, head], 0.3).name;
  const o = add(
    `${h}n, c`,
    [...lead, seq, head],
    `sum[${k}] ${p.name}[${h}n, ${k}] * tanh(${values}[${h}${k}, c])`,
    [-1, 1],
  );
  if (heads !== undefined && r.chance(0.6)) {
    const wo = tensorOf(b, "f32", [heads, head, head], 0.5);
    const most = heads.most * head.most * 6;
    add("n, d", [seq, head], `${x.name}[n, d] + sum[h, c] ${o.name}[h, n, c] * ${wo.name}[h, c, d]`, [
      x.range[0] - most,
      x.range[1] + most,
    ]);
  }
  return true;
}

/** `dim R = N / 2`, and something over it. */
export function localDim(b: Body): boolean {
  const { r } = b;
  const known = b.sizes.filter((s) => !s.generic);
  const size = known.length > 0 ? derive(r, known) : undefined;
  if (size === undefined || size.most > 40 || /\(/.test(size.text)) return false;
  const name = freshName(b.p, "L");
  b.lines.push(`dim ${name} = ${size.text}`);
  const axes = [size, ...pickAxes(b, r.int(0, 1))].slice(0, size.most > 20 ? 1 : 2);
  letOver(b, axes, "f32", (own) => tame(b, real(b, "f32", 2, own)));
  // the name is known from here on only: types at the head of the callable say the size in full
  const line = b.lines.pop() ?? "";
  b.lines.push(line.replace(`: ${size.text}`, `: ${name}`));
  return true;
}

/** Rows of a table chosen by numbers of an input, or by an argmax. */
export function gatherRows(b: Body): boolean {
  const { r } = b;
  const seq = pickSize(b);
  const rows = r.pick(b.sizes);
  const width = pickSize(b);
  if (
    volume([seq, width]) > b.p.options.elements ||
    volume([rows, width]) > b.p.options.elements ||
    !affords(b, volume([seq, width]))
  )
    return false;
  const tokens = tensorOf(b, "i32", [seq], 0.1);
  const table = tensorOf(b, "f32", [rows, width], 0.4);
  letOver(b, [seq, width], "f32", (own) => {
    const [n, d] = own as [Index, Index];
    n.bare = true;
    d.bare = true;
    const shift = r.chance(0.3) ? r.pick([" - 1", " + 1", " % 3", " * 2"]) : "";
    const e = ex(`${table.name}[${tokens.name}[${n.name}]${shift}, ${d.name}]`, "postfix", table.range);
    return r.chance(0.5) ? e : tame(b, plus(e, real(b, "f32", 1, own)));
  });
  return true;
}

/** Sizes that differ by head: `dim T[h: Heads] = […]`, `f32[h: Heads, T[h], D]` (D5). */
export function ragged(b: Body): boolean {
  const { r } = b;
  if (b.kind === "fn" || b.p.tables.length === 0 || b.times > 1 || b.indices.length > 0) return false;
  // its letters are fixed
  if (b.counters.some((c) => /^[hnkmc]$/.test(c.name))) return false;
  const table = r.pick(b.p.tables);
  const width = pickSize(b);
  const seq = pickSize(b);
  const most = Math.max(...table.entries);
  if (
    !width.fixed ||
    volume([table.over, width]) * most * seq.most > b.p.options.work ||
    volume([table.over, width, seq]) > b.p.options.elements ||
    volume([table.over, seq]) * most > b.p.options.elements
  )
    return false;
  const name = freshName(b.p, "w");
  const entry = `${table.name}[h]`;
  b.root.params.push(`param ${name}: f32[h: ${table.over.text}, ${entry}, ${width.text}]`);
  b.root.work = Math.max(b.root.work, volume([table.over, width]) * most * seq.most);
  const x = tensorOf(b, "f32", [seq, width], 0.3);
  const v = (): string => freshName(b.p, "v");
  const p = v();
  const score = r.chance(0.5)
    ? `(sum[c] ${x.name}[n, c] * ${name}[h, k, c]) / sqrt(${width.text})`
    : `tanh(sum[c] ${x.name}[n, c] * ${name}[h, k, c])`;
  const note = r.chance(0.5) ? `k: ${entry}` : "k";
  const shape = r.int(0, 3);
  if (shape === 0) {
    // scores and a softmax over the slots of each head
    b.lines.push(`let ${p}[h, n, ${note}] = softmax[k] ${score}`);
    const o = v();
    b.lines.push(`let ${o}[h, n, c] = sum[k] ${p}[h, n, k] * ${name}[h, k, c]`);
    b.tensors.push({ name: o, dtype: "f32", axes: [table.over, seq, width], range: [-6, 6] });
  } else if (shape === 1) {
    const o = v();
    b.lines.push(`let ${o}[n] = sum[h, k, c] ${x.name}[n, c] * ${name}[h, k, c]`);
    const bound = 36 * volume([table.over, width]) * most;
    b.tensors.push({ name: o, dtype: "f32", axes: [seq], range: [-bound, bound] });
  } else if (shape === 2) {
    const [q, o] = [v(), v()];
    b.lines.push(`let ${q}[h, k, c] = gelu(${name}[h, k, c]) * f32(k + 1)`);
    b.lines.push(`let ${o}[h, c] = ${r.pick(["max", "mean", "min"])}[k] ${q}[h, k, c]`);
    b.tensors.push({ name: o, dtype: "f32", axes: [table.over, width], range: [-6 * most, 6 * most] });
  } else {
    // the same rows of one matrix for every head
    const e = tensorOf(b, "f32", [numberSize(most), seq], 0.5);
    const [keys, o] = [v(), v()];
    b.lines.push(
      `let ${keys}[h: ${table.over.text}, k: ${entry}, c] = sum[m] ${e.name}[0..${entry}, :][k, m] * ${x.name}[m, c]`,
    );
    b.lines.push(`let ${o}[h, n] = sum[k, c] ${name}[h, k, c] * ${keys}[h, k, c] * ${x.name}[n, c]`);
    const bound = 6 ** 4 * most * width.most * seq.most;
    b.tensors.push({ name: o, dtype: "f32", axes: [table.over, seq], range: [-bound, bound] });
  }
  return true;
}
