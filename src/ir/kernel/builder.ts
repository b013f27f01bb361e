import { invariant } from "../../util/invariant.js";
import { constDim, constValue, type Dim, dimKey } from "../dim.js";
import { asExpr, type Ex, int, load, slot, typeOf, variable } from "./expr.js";
import type { Bind, BufId, KBuffer, KExpr, Kernel, KStmt, KType } from "./ops.js";
import { ifStmt } from "./visit.js";

export * from "./expr.js";
export { sameExpr } from "./linear.js";

/** The builder of one kernel's body. */
export interface KB {
  /** Declares a buffer; its id must be new. */
  buffer(x: KBuffer): void;
  /** Declares a private, shared or scratch buffer and gives its id, made from `hint`. */
  memory(space: "register" | "shared" | "scratch", hint: string, type: KType, length: number): BufId;
  /** Names a value; a literal, a variable or a size is its own name. */
  let(v: KExpr, hint?: string): KExpr;
  /** Element `at` of a declared buffer. */
  load(from: BufId, at: Ex): KExpr;
  /** A loop of no iteration is nothing, a loop of one literal iteration is its body. */
  for(from: Ex, to: Ex, step: number, bind: "serial" | "unroll", body: (v: KExpr) => void, hint?: string): void;
  if(c: KExpr, then: () => void, otherwise?: () => void): void;
  store(to: BufId, at: Ex, v: Ex): void;
  barrier(): void;
  pin(): void;
  /** The size as an expression: a literal, or a slot of the dispatch's `dims` (the same slot for an equal size). */
  dim(d: Dim): KExpr;
  /** A name that nothing else in the kernel has. */
  fresh(hint: string): string;
}

export interface KernelBuilder extends KB {
  /** Opens a grid loop round everything that follows; axes in any order, before `local` and before any statement. */
  grid(axis: 0 | 1 | 2, count: Dim | number, hint?: string): KExpr;
  /** The body counts on subgroups of this many invocations, neighbours in the order x, y, z. */
  subgroup(size: number): void;
  /** Opens a loop over the invocations of a workgroup. */
  local(axis: 0 | 1 | 2, count: number, hint?: string): KExpr;
  finish(): Kernel;
  /** For the dispatch step: workgroups an axis, and the value of each slot. */
  gridSize(): readonly [Dim, Dim, Dim];
  dims(): readonly Dim[];
}

/** An identifier out of any text. */
const identifier = (hint: string): string => {
  const clean = hint.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^_+|_+$/g, "");
  return /^[A-Za-z]/.test(clean) ? clean : `v${clean}`;
};

const asDim = (d: Dim | number): Dim => (typeof d === "number" ? constDim(d) : d);

/** Begins a kernel. Names come from hints and are the same for the same sequence of calls. */
export function kernelBuilder(name: string): KernelBuilder {
  const buffers: KBuffer[] = [];
  const byId = new Map<BufId, KBuffer>();
  const names = new Map<string, number>();
  const slots: Dim[] = [];
  const slotOf = new Map<string, number>();
  const shell: { readonly variable: string; readonly to: KExpr; readonly bind: Bind }[] = [];
  const groups: [Dim, Dim, Dim] = [constDim(1), constDim(1), constDim(1)];
  const local: [number, number, number] = [1, 1, 1];
  const top: KStmt[] = [];
  let subgroup: number | undefined;
  let here = top;

  const fresh = (hint: string): string => {
    const base = identifier(hint);
    const used = names.get(base);
    names.set(base, (used ?? 0) + 1);
    if (used === undefined) return base;
    const numbered = `${base}_${used}`;
    return names.has(numbered) ? fresh(hint) : fresh(numbered);
  };
  const inside = (body: () => void): readonly KStmt[] => {
    const outer = here;
    const inner: KStmt[] = [];
    here = inner;
    body();
    here = outer;
    return inner;
  };
  const declare = (x: KBuffer): void => {
    invariant(!byId.has(x.id), () => `buffer ${x.id} is declared twice in ${name}`);
    byId.set(x.id, x);
    buffers.push(x);
  };
  const buffer = (id: BufId): KBuffer => {
    const found = byId.get(id);
    invariant(found, () => `no buffer ${id} in ${name}`);
    return found;
  };
  const dim = (d: Dim): KExpr => {
    const value = constValue(d);
    if (value !== undefined) return int(value);
    const key = dimKey(d);
    let index = slotOf.get(key);
    if (index === undefined) {
      index = slots.length;
      slotOf.set(key, index);
      slots.push(d);
    }
    return slot(index);
  };
  const open = (axis: 0 | 1 | 2, count: Dim, to: "grid" | "local", hint: string): KExpr => {
    invariant(top.length === 0, () => `${name}: ${to} loops stand outside all statements`);
    invariant(
      to === "local" || shell.every((l) => l.bind.to === "grid"),
      () => `${name}: grid loops stand outside local ones`,
    );
    if (constValue(count) === 1) return int(0);
    const v = fresh(hint);
    shell.push({ variable: v, to: dim(count), bind: { to, axis } });
    return variable(v);
  };

  return {
    fresh,
    dim,
    buffer(x) {
      names.set(x.id, (names.get(x.id) ?? 0) + 1);
      declare(x);
    },
    memory(space, hint, type, length) {
      const id = fresh(hint);
      declare({ space, id, type, length });
      return id;
    },
    let(v, hint = "v") {
      if (v.k === "lit" || v.k === "var" || v.k === "dim") return v;
      const id = fresh(hint);
      here.push({ s: "let", var: id, value: v });
      return variable(id, typeOf(v));
    },
    load: (from, at) => load(from, buffer(from).type, at),
    for(from, to, step, bind, body, hint = "i") {
      const [lo, hi] = [asExpr(from), asExpr(to)];
      invariant(Number.isInteger(step) && step > 0, () => `${name}: a loop steps forward`);
      if (lo.k === "lit" && hi.k === "lit") {
        if (lo.value >= hi.value) return;
        if (lo.value + step >= hi.value) {
          body(lo);
          return;
        }
      }
      const v = fresh(hint);
      const inner = inside(() => body(variable(v)));
      if (inner.length > 0) here.push({ s: "for", var: v, from: lo, to: hi, step, bind: { to: bind }, body: inner });
    },
    if(c, then, otherwise) {
      if (c.k === "lit") {
        if (c.value !== 0) then();
        else otherwise?.();
        return;
      }
      const yes = inside(then);
      const no = otherwise ? inside(otherwise) : [];
      if (yes.length > 0 || no.length > 0) here.push(ifStmt(c, yes, no));
    },
    store(to, at, v) {
      const type = buffer(to).type;
      const value = asExpr(v, type);
      const got = typeOf(value);
      invariant(
        got.dtype === type.dtype && got.width === type.width,
        () => `${name}: ${got.dtype}x${got.width} stored into ${to}, which holds ${type.dtype}x${type.width}`,
      );
      here.push({ s: "store", buffer: to, at: asExpr(at), value });
    },
    barrier: () => void here.push({ s: "barrier" }),
    pin: () => void here.push({ s: "pin" }),
    grid(axis, count, hint = "group") {
      const d = asDim(count);
      groups[axis] = d;
      return open(axis, d, "grid", hint);
    },
    local(axis, count, hint = "thread") {
      local[axis] = count;
      return open(axis, constDim(count), "local", hint);
    },
    subgroup(size) {
      subgroup = size;
    },
    gridSize: () => groups,
    dims: () => slots,
    finish() {
      invariant(here === top, () => `${name}: finish inside a loop`);
      let body: readonly KStmt[] = top;
      for (const l of [...shell].reverse()) {
        body = [{ s: "for", var: l.variable, from: int(0), to: l.to, step: 1, bind: l.bind, body }];
      }
      return { name, buffers, dims: slots.length, local, ...(subgroup !== undefined && { subgroup }), body };
    },
  };
}
