import { constDim, type Dim, divDim, subDim } from "../../src/ir/dim.js";
import type { DType } from "../../src/ir/dtype.js";
import { element } from "./elements.js";
import { real, tame } from "./reals.js";
import {
  type Body,
  freshIndex,
  freshName,
  type Program,
  pickAxes,
  type Root,
  type Tensor,
  typeText,
  visible,
} from "./scope.js";
import { combine, genericSize, leastOf, numberSize, type Size } from "./sizes.js";
import { statement } from "./statements.js";
import { ex, type Interval } from "./text.js";

/** A fn or block that the program declares, as its callers see it. */
export interface CallableText {
  readonly name: string;
  readonly kind: "fn" | "block";
  readonly text: string;
  readonly generics: readonly Size[];
  readonly formals: readonly Formal[];
  readonly results: readonly {
    readonly name: string;
    readonly dtype: DType;
    readonly axes: readonly Size[];
    readonly range: Interval;
  }[];
  /** Steps of its largest statement. */
  readonly work: number;
  /** The result has the type of the first argument, so that it can be repeated. */
  readonly layer: boolean;
  /** Whether sizes for the generics will do. */
  readonly accepts?: (bindings: ReadonlyMap<string, Size>) => boolean;
}

export type Formal =
  | { readonly kind: "tensor"; readonly name: string; readonly dtype: DType; readonly axes: readonly Size[] }
  | { readonly kind: "dim"; readonly name: string };

/** What a callee may assume of the numbers that it is given. */
export const given: Interval = [-8, 8];

export const newRoot = (): Root => ({ params: [], inputs: [], made: [], work: 0 });

export function newBody(p: Program, kind: Body["kind"], sizes: readonly Size[], root: Root, tensors: Tensor[]): Body {
  return { p, r: p.r, kind, sizes, tensors, lines: [], indices: [], counters: [], root, times: 1, nested: 0 };
}

const indent = (text: string): string => text.replace(/^/gm, "  ");

export const bodyText = (lines: readonly string[]): string => `{\n${indent(lines.join("\n"))}\n}`;

/** A function or block with a body of random statements. */
export function randomCallable(p: Program, kind: "fn" | "block"): CallableText {
  const { r } = p;
  const name = freshName(p, kind === "fn" ? "fn" : "B");
  const names = r.shuffle(["N", "D", "K", "C"]);
  const generics = Array.from({ length: kind === "fn" ? r.int(1, 2) : r.int(0, 1) }, () =>
    genericSize(names.pop() ?? "G"),
  );
  const small = p.sizes.filter((s) => s.most <= 17);
  const own = small.length > 0 ? small : [numberSize(3)];
  const sizes = kind === "fn" ? [...generics, ...(r.chance(0.3) ? own.slice(0, 1) : [])] : [...own, ...generics];
  const layer = kind === "block" || r.chance(0.4);
  const formals: Formal[] = [];
  const root = newRoot();
  const b = newBody(p, kind, sizes, root, []);
  const first = axesFor(b, [...generics].slice(0, 2));
  formals.push({ kind: "tensor", name: freshName(p, "a"), dtype: "f32", axes: first });
  for (const generic of generics)
    if (!first.includes(generic))
      formals.push({ kind: "tensor", name: freshName(p, "a"), dtype: "f32", axes: [generic] });
  const more = r.int(0, 2);
  for (let i = 0; i < more; i++) {
    const dtype = r.pick(["f32", "f32", "bool", "i32"] as const);
    formals.push({ kind: "tensor", name: freshName(p, "a"), dtype, axes: pickAxes(b, r.int(0, 2)) });
  }
  const byDim = kind === "fn" && generics.length > 0 && r.chance(0.2) ? genericSize(names.pop() ?? "M") : undefined;
  if (byDim !== undefined) {
    formals.push({ kind: "dim", name: byDim.text });
    (b.sizes as Size[]).push(byDim);
  }
  for (const f of formals)
    if (f.kind === "tensor")
      b.tensors.push({
        name: f.name,
        dtype: f.dtype,
        axes: f.axes,
        range: f.dtype === "f32" ? given : f.dtype === "bool" ? [0, 1] : [0, 7],
      });
  const statements = r.int(1, 3);
  for (let i = 0; i < statements; i++) statement(b);
  if (layer) last(b, first, r.pick(["f32"] as const));
  const results = resultsOf(b, layer);
  const shown = results.map((t, i) => ({
    name: `${r.pick(["out", "y", "res"])}${i}`,
    dtype: t.dtype,
    axes: t.axes,
    range: t.range,
  }));
  const types =
    shown.length === 1 && r.chance(0.8)
      ? typeText(shown[0]?.dtype as DType, shown[0]?.axes ?? [])
      : `(${shown.map((s) => `${s.name}: ${typeText(s.dtype, s.axes)}`).join(", ")})`;
  const lines = [...root.params, ...b.lines, `return ${results.map((t) => t.name).join(", ")}`];
  const all = [...generics, ...(byDim === undefined ? [] : [byDim])];
  const head = `${kind} ${name}${generics.length > 0 ? `<${generics.map((g) => g.text).join(", ")}>` : ""}`;
  return {
    name,
    kind,
    text: `${head}(${formals.map(formalText).join(", ")}) -> ${types} ${bodyText(lines)}`,
    generics: all,
    formals,
    results: shown,
    work: root.work,
    layer: layer && results.length === 1,
  };
}

export const formalText = (f: Formal): string => `${f.name}: ${f.kind === "dim" ? "dim" : typeText(f.dtype, f.axes)}`;

function axesFor(b: Body, wanted: readonly Size[]): readonly Size[] {
  const axes = [...wanted];
  if (axes.length === 0 || b.r.chance(0.3)) axes.push(...pickAxes(b, b.r.int(1, 2)));
  return b.r.shuffle(axes.slice(0, 3));
}

/** A value of this type that depends on what was computed before. */
export function last(b: Body, axes: readonly Size[], dtype: "f32"): Tensor {
  const indices = axes.map((a) => {
    const index = freshIndex(b, a);
    b.indices.push(index);
    return index;
  });
  const recent = visible(b)
    .filter((t) => t.dtype === dtype)
    .slice(-2);
  const e = recent.length > 0 ? element(b, b.r.pick(recent), indices) : real(b, dtype, 1, indices);
  const second = real(b, dtype, 1, indices);
  const bounded = tame(
    b,
    ex(`${e.text} + ${second.level === "if" ? `(${second.text})` : second.text}`, "sum", [
      e.lo + second.lo,
      e.hi + second.hi,
    ]),
    8,
  );
  b.indices.length -= axes.length;
  const name = freshName(b.p, "v");
  const left = indices.map((i) => (i.annotate || !i.bare ? `${i.name}: ${i.size.text}` : i.name)).join(", ");
  b.lines.push(`let ${name}${left === "" ? "" : `[${left}]`} = ${bounded.text}`);
  const tensor: Tensor = { name, dtype, axes, range: [bounded.lo, bounded.hi] };
  b.tensors.push(tensor);
  return tensor;
}

function resultsOf(b: Body, layer: boolean): readonly Tensor[] {
  const lets = b.tensors.filter((t) => /^v\d+$/.test(t.name) && !raggedAxes(t));
  const newest = b.tensors.at(-1) as Tensor;
  if (layer || lets.length === 0) {
    if (/^v\d+$/.test(newest.name)) return [newest];
    return [last(b, newest.axes, "f32")];
  }
  const second = lets.length > 1 && b.r.chance(0.3) ? lets.at(-2) : undefined;
  const first = lets.at(-1) as Tensor;
  return second === undefined ? [first] : [first, second];
}

const raggedAxes = (t: Tensor): boolean => t.axes.some((a) => a.text.includes("["));

/** Functions that people write, with what they need of their sizes. */
export function libraryCallable(p: Program): CallableText {
  const { r } = p;
  const N = genericSize("N");
  const D = genericSize("D");
  const K = genericSize("K");
  const name = freshName(p, "fn");
  const x: Formal = { kind: "tensor", name: "x", dtype: "f32", axes: [N, D] };
  /** `N / K` where the caller's sizes decide whether it is whole. */
  const quotient = (of: Size, by: string, dim: Dim): Size => {
    const exact = divDim(of.dim, dim);
    return exact === undefined ? of : { ...of, text: `${of.text} / ${by}`, dim: exact };
  };
  const divides = (bindings: ReadonlyMap<string, Size>, by: string): boolean => {
    const [n, d] = [bindings.get("N"), bindings.get(by)];
    return n !== undefined && d !== undefined && combine(n, "/", d) !== undefined;
  };
  const one = (
    text: string,
    formals: readonly Formal[],
    dtype: DType,
    axes: readonly Size[],
    range: Interval,
    work: number,
    more: Partial<CallableText> = {},
  ): CallableText => {
    const used = [N, D, K].filter((g) =>
      formals.some((f) => (f.kind === "dim" ? f.name === g.text : f.axes.includes(g))),
    );
    const declared = used.filter((g) => !formals.some((f) => f.kind === "dim" && f.name === g.text));
    return {
      name,
      kind: "fn",
      text: `fn ${name}<${declared.map((g) => g.text).join(", ")}>(${formals.map(formalText).join(", ")}) -> ${typeText(dtype, axes)} ${text}`,
      generics: used,
      formals,
      results: [{ name: "", dtype, axes, range }],
      work,
      layer: false,
      ...more,
    };
  };
  const vector: Formal = { kind: "tensor", name: "x", dtype: "f32", axes: [D] };
  const gain: Formal = { kind: "tensor", name: "g", dtype: "f32", axes: [D] };
  const keep: Formal = { kind: "tensor", name: "keep", dtype: "bool", axes: [N] };
  const count: Formal = { kind: "dim", name: "K" };
  switch (r.int(0, 12)) {
    case 0:
      return one(
        "{\n  let mu = mean[d] x[d]\n  let var = mean[d] (x[d] - mu) ^ 2\n  let y[d] = (x[d] - mu) * rsqrt(var + 1e-2) * g[d]\n  return y\n}",
        [vector, gain],
        "f32",
        [D],
        [-160, 160],
        12,
        { layer: false },
      );
    case 1:
      return one(
        "{\n  let top = max[d] x[d]\n  return top + log(sum[d] exp(x[d] - top))\n}",
        [vector],
        "f32",
        [],
        [-12, 12],
        12,
      );
    case 2:
      return one(
        "{\n  dim R = N / K\n  let y[j: K, c] = mean[r: R where keep[j * R + r]] x[j * R + r, c]\n  return y\n}",
        [x, keep, count],
        "f32",
        [K, D],
        [-8, 8],
        144,
        { accepts: (bindings) => divides(bindings, "K") },
      );
    case 3:
      return one(
        "{\n  dim R = N / K\n  let y[j: K] = max[r: R where keep[j * R + r]] x[j * R + r]\n  let z[j] = max(-20.0, y[j])\n  return z\n}",
        [{ kind: "tensor", name: "x", dtype: "f32", axes: [N] }, keep, count],
        "f32",
        [K],
        [-20, 8],
        144,
        { accepts: (bindings) => divides(bindings, "K") },
      );
    case 4: {
      const y: Formal = { kind: "tensor", name: "s", dtype: "f32", axes: [K, D] };
      return one(
        "{\n  let p[n, k] = softmax[k] (sum[d] x[n, d] * s[k, d]) / sqrt(D)\n  let y[n, d] = x[n, d] + sum[k] p[n, k] * s[k, d]\n  return y\n}",
        [x, y],
        "f32",
        [N, D],
        [-16, 16],
        1728,
      );
    }
    case 5: {
      const e: Formal = { kind: "tensor", name: "e", dtype: "f32", axes: [K, N] };
      const w: Formal = { kind: "tensor", name: "w", dtype: "f32", axes: [D] };
      return one(
        `{\n  let keys[k, c] = sum[m] e[k, m] * x[m, c] * w[c]\n  let p[n, k] = softmax[k] (sum[c] x[n, c] * keys[k, c]) / sqrt(D)\n  let o[n, c: D] = sum[k, m${r.chance(0.5) ? " <= n" : ""}] p[n, k] * e[k, m] * x[m, c]\n  return o\n}`,
        [x, e, w],
        "f32",
        [N, D],
        [-5000, 5000],
        2000,
      );
    }
    case 6:
      return one(
        "{\n  let y[n: N, d] = if n > 0 then x[n - 1, d] else 0\n  let z[n: N, d] = y[n, d] + (if n + 1 < N then x[n + 1, d] else -0.5)\n  return z\n}",
        [x],
        "f32",
        [N, D],
        [-17, 17],
        144,
        { layer: false },
      );
    case 7:
      return one(
        "{ x + y }",
        [{ kind: "tensor", name: "x, y", dtype: "f32", axes: [N, D] }],
        "f32",
        [N, D],
        [-16, 16],
        144,
        {
          formals: [
            { kind: "tensor", name: "x", dtype: "f32", axes: [N, D] },
            { kind: "tensor", name: "y", dtype: "f32", axes: [N, D] },
          ],
        },
      );
    case 8: {
      // one row less: N - 1 has to be a size at the call
      const less: Size = { ...N, text: "N - 1", dim: subDim(N.dim, constDim(1)) };
      return one(
        "{\n  let y[n: N - 1, d] = x[n + 1, d] - x[n, d]\n  return y\n}",
        [x],
        "f32",
        [less, D],
        [-16, 16],
        144,
        { accepts: (bindings) => leastOf(bindings.get("N") ?? N) > 1 },
      );
    }
    case 9:
      return one(
        "{\n  let y[j: N / K, d] = sum[r: K] w[r] * x[j * K + r, d]\n  return y\n}",
        [{ kind: "tensor", name: "w", dtype: "f32", axes: [K] }, x],
        "f32",
        [quotient(N, "K", K.dim), D],
        [-768, 768],
        144,
        { accepts: (bindings) => divides(bindings, "K") },
      );
    case 10: {
      const half = quotient(N, "2", constDim(2));
      return one(
        `{\n  let a[i: N / 2] = f32(i) * 0.3\n  let lo[i: N / 2, d] = x[i, d] * cos(a[i]) - x[i + N / 2, d] * sin(a[i])\n  let y[j: ${r.pick(["N / 2", half.text])}, d] = lo[j, d] + x[2 * j, d] + x[2 * j + 1, d]\n  return y\n}`,
        [x],
        "f32",
        [half, D],
        [-40, 40],
        144,
        { accepts: (bindings) => combine(bindings.get("N") ?? N, "/", numberSize(2)) !== undefined },
      );
    }
    case 11:
      // two results, one of them a choice
      return one(
        "{\n  let best = argmax[d] x[d]\n  let y[d] = x[d] - x[best]\n  return y, best\n}",
        [vector],
        "f32",
        [D],
        [-16, 0],
        12,
        {
          text: `fn ${name}<D>(x: f32[D]) -> (y: f32[D], best: i32) {\n  let best = argmax[d] x[d]\n  let y[d] = x[d] - x[best]\n  return y, best\n}`,
          results: [
            { name: "y", dtype: "f32", axes: [D], range: [-16, 0] },
            { name: "best", dtype: "i32", axes: [], range: [0, 11] },
          ],
        },
      );
    default:
      return one(
        "{\n  let y[n, i] = concat[i](x[n, i], w[i])\n  return y\n}",
        [x, { kind: "tensor", name: "w", dtype: "f32", axes: [K] }],
        "f32",
        [N, combine(D, "+", K) as Size],
        [-8, 8],
        300,
      );
  }
}
