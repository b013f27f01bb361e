import type { Target } from "../../cost/target.js";
import { unreachable } from "../../util/invariant.js";
import { dimRange, type Range } from "../dim.js";
import { byteSize, isFloat } from "../dtype.js";
import { isLogic, isPredicate } from "./arith.js";
import { type Bounds, createBounds, unknownWorld, type World } from "./bounds.js";
import { operands, typeOf } from "./expr.js";
import { sameExpr } from "./linear.js";
import type { BufId, KBuffer, KExpr, Kernel, KStmt, KType, VarId } from "./ops.js";
import { printExpr, printType } from "./print.js";
import { expressionsOf, globalLengths, walkExpr, walkExprs, walkStmts } from "./visit.js";

/**
 * The rules of the kernel IR (`ops.ts`) as checks; the numbers are the same.
 *
 *  0. A variable is bound once, before its uses and round them; a buffer is declared once; no two share a name.
 *  1. Grid loops, inside them local loops, inside them the rest; each counts from 0 by 1, an axis has one loop, and a
 *     local loop has the count that `local` says.
 *  2. Loads and stores use the buffer's own type; what is read-only is not stored to, what is write-only is not loaded.
 *  3. Operands of one function have one type and width; lanes exist; conditions are bools.
 *  4. After `unroll` a register buffer is indexed by literals within its length.
 *  5. After `unroll` no loop is bound to `unroll`.
 *  6. A size slot that is read exists.
 *  7. Shared buffers fit the target (after `planShared`), and between a store to shared memory and an access to another
 *     of its elements stands a barrier.
 *  8. A CPU has no shared memory, barriers, subgroups or invocations; scratch memory fits.
 *  9. Indices and loop bounds are i32, buffers shorter than 2^31; barriers and subgroup operations are in uniform control flow.
 * 10. After `guardBounds` every access to global, shared or scratch memory is proved in range.
 *
 * `after` names the passes that have run; a rule that a pass establishes is checked once that pass is among them.
 * `worlds` gives the sizes of each dispatch of the kernel, without which run-time sizes are any sizes.
 * The result is what is wrong, in words; empty when nothing is.
 */
export function verifyKernel(
  kernel: Kernel,
  target: Target,
  after: readonly string[],
  worlds: readonly World[] = [unknownWorld(kernel.dims)],
): readonly string[] {
  const checks = [names, nest, elements, vectors, sizes, machine, arithmetic];
  if (after.includes("unroll")) checks.push(registers, unrolled);
  if (after.includes("planShared")) checks.push(sharedFits);
  const problems = checks.flatMap((check) => check(kernel, target));
  if (problems.length === 0) problems.push(...barriers(kernel, worlds));
  if (after.includes("guardBounds") && problems.length === 0) problems.push(...edges(kernel, worlds));
  return problems.map((p) => `kernel ${kernel.name}: ${p}`);
}

const sameType = (a: KType, b: KType): boolean => a.dtype === b.dtype && a.width === b.width;
const bufferOf = (k: Kernel, id: BufId): KBuffer | undefined => k.buffers.find((b) => b.id === id);

/** Rule 0. */
function names(k: Kernel): string[] {
  const problems: string[] = [];
  const declared = new Set<BufId>();
  for (const b of k.buffers) {
    if (declared.has(b.id)) problems.push(`rule 0: buffer ${b.id} is declared twice`);
    declared.add(b.id);
  }
  const ever = new Set<VarId>();
  const visible = new Map<VarId, KType>();
  const bind = (v: VarId, type: KType): void => {
    if (ever.has(v)) problems.push(`rule 0: variable ${v} is bound twice`);
    if (declared.has(v)) problems.push(`rule 0: ${v} names a variable and a buffer`);
    ever.add(v);
    visible.set(v, type);
  };
  const check = (e: KExpr): void =>
    walkExpr(e, (x) => {
      if (x.k === "load" && !declared.has(x.buffer)) problems.push(`rule 0: no buffer ${x.buffer}`);
      if (x.k !== "var") return;
      const type = visible.get(x.var);
      if (!type) problems.push(`rule 0: variable ${x.var} is used where it is not bound`);
      else if (!sameType(type, x.type))
        problems.push(`rule 0: ${x.var} is ${printType(type)}, used as ${printType(x.type)}`);
    });
  const visit = (body: readonly KStmt[]): void => {
    const here: VarId[] = [];
    for (const s of body) {
      for (const e of expressionsOf(s)) check(e);
      if (s.s === "let") {
        bind(s.var, typeOf(s.value));
        here.push(s.var);
      } else if (s.s === "for") {
        bind(s.var, { dtype: "i32", width: 1 });
        visit(s.body);
        visible.delete(s.var);
      } else if (s.s === "if") {
        visit(s.then);
        visit(s.else);
      } else if (s.s === "store" && !declared.has(s.buffer)) problems.push(`rule 0: no buffer ${s.buffer}`);
    }
    for (const v of here) visible.delete(v);
  };
  visit(k.body);
  return problems;
}

/** Rule 1. */
function nest(k: Kernel): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  let body = k.body;
  let depth: "grid" | "local" = "grid";
  for (;;) {
    const only: KStmt | undefined = body.length === 1 ? body[0] : undefined;
    if (only?.s !== "for" || (only.bind.to !== "grid" && only.bind.to !== "local")) break;
    const { to, axis } = only.bind;
    if (to === "grid" && depth === "local") problems.push(`rule 1: grid loop ${only.var} inside a local one`);
    depth = to;
    if (seen.has(`${to}${axis}`)) problems.push(`rule 1: two ${to} loops of axis ${axis}`);
    seen.add(`${to}${axis}`);
    if (only.from.k !== "lit" || only.from.value !== 0 || only.step !== 1) {
      problems.push(`rule 1: ${to} loop ${only.var} does not count from 0 by 1`);
    }
    if (to === "local" && (only.to.k !== "lit" || only.to.value !== k.local[axis])) {
      problems.push(`rule 1: local loop ${only.var} has not the ${k.local[axis]} iterations of axis ${axis}`);
    }
    body = only.body;
  }
  k.local.forEach((n, axis) => {
    if (n !== 1 && !seen.has(`local${axis}`))
      problems.push(`rule 1: no loop over the ${n} invocations of axis ${axis}`);
  });
  walkStmts(body, (s) => {
    if (s.s === "for" && (s.bind.to === "grid" || s.bind.to === "local")) {
      problems.push(`rule 1: ${s.bind.to} loop ${s.var} is not part of the outer nest`);
    }
  });
  return problems;
}

/** Rule 2. */
function elements(k: Kernel): string[] {
  const problems: string[] = [];
  walkExprs(k.body, (e) => {
    if (e.k !== "load") return;
    const b = bufferOf(k, e.buffer);
    if (b && !sameType(b.type, e.type)) {
      problems.push(`rule 2: ${printType(e.type)} loaded from ${b.id}, which holds ${printType(b.type)}`);
    }
    if (b?.space === "global" && b.access === "write") problems.push(`rule 2: ${b.id} is write-only and loaded`);
  });
  walkStmts(k.body, (s) => {
    if (s.s !== "store") return;
    const b = bufferOf(k, s.buffer);
    const type = typeOf(s.value);
    if (b && !sameType(b.type, type)) {
      problems.push(`rule 2: ${printType(type)} stored into ${b.id}, which holds ${printType(b.type)}`);
    }
    if (b?.space === "global" && b.access === "read") problems.push(`rule 2: ${b.id} is read-only and stored to`);
  });
  return problems;
}

/** Rule 3. */
function vectors(k: Kernel): string[] {
  const problems: string[] = [];
  const bad = (e: KExpr, why: string): void => {
    problems.push(`rule 3: ${printExpr(e)}: ${why}`);
  };
  walkExprs(k.body, (e) => {
    const xs = operands(e);
    const types = xs.map(typeOf);
    const [a, b, c] = types;
    const type = typeOf(e);
    if (![1, 2, 4].includes(type.width)) bad(e, `width ${type.width}`);
    if (e.k === "lane" && a && (e.lane >= a.width || !sameType(type, { ...a, width: 1 }))) bad(e, "no such lane");
    if (
      e.k === "pack" &&
      (e.lanes.length !== type.width || types.some((t) => t.width !== 1 || t.dtype !== type.dtype))
    ) {
      bad(e, "lanes do not make the vector");
    }
    if (e.k === "fold" && a && !sameType(type, { ...a, width: 1 })) bad(e, "a fold is one lane of its operand's type");
    if (e.k === "subgroup" && a && !sameType(type, a)) bad(e, "a subgroup operation keeps the type");
    if (e.k !== "op" || !a) return;
    switch (e.op) {
      case "splat":
        if (a.width !== 1 || a.dtype !== type.dtype) bad(e, "not one scalar of that type");
        return;
      case "select":
        if (a.dtype !== "bool" || a.width !== type.width || !b || !c || !sameType(b, type) || !sameType(c, type)) {
          bad(e, "condition and arms do not fit");
        }
        return;
      case "convert":
      case "bitcast":
        if (a.width !== type.width) bad(e, "another width");
        if (
          e.op === "bitcast" &&
          (a.dtype === "f16" || type.dtype === "f16" || a.dtype === "bool" || type.dtype === "bool")
        ) {
          bad(e, "only 32-bit values have these bits");
        }
        return;
      case "fma":
        if (types.length !== 3 || types.some((t) => !sameType(t, type)) || !isFloat(type.dtype))
          bad(e, "not three floats");
        return;
      case "madd4": {
        const [x, ...rest] = types;
        const fits = rest.length === 5 && rest.every((t) => sameType(t, type)) && isFloat(type.dtype);
        if (!fits || !x || !sameType(x, { dtype: type.dtype, width: 4 }))
          bad(e, "not four lanes, four columns and a sum");
        return;
      }
      default: {
        if (types.some((t) => !sameType(t, a))) bad(e, "operands of different types");
        if (isLogic(e.op) && a.dtype !== "bool") bad(e, "not bools");
        const result = isPredicate(e.op) ? "bool" : a.dtype;
        if (type.dtype !== result || type.width !== a.width) bad(e, `the result is ${result}`);
      }
    }
  });
  walkStmts(k.body, (s) => {
    if (s.s === "if" && !sameType(typeOf(s.cond), { dtype: "bool", width: 1 })) bad(s.cond, "not a condition");
  });
  return problems;
}

/** Every access of a kernel: buffer and index. */
function accesses(body: readonly KStmt[], visit: (buffer: BufId, at: KExpr, write: boolean) => void): void {
  walkExprs(body, (e) => {
    if (e.k === "load") visit(e.buffer, e.at, false);
  });
  walkStmts(body, (s) => {
    if (s.s === "store") visit(s.buffer, s.at, true);
  });
}

/** Rule 4. */
function registers(k: Kernel): string[] {
  const problems: string[] = [];
  accesses(k.body, (id, at) => {
    const b = bufferOf(k, id);
    if (b?.space !== "register") return;
    if (at.k !== "lit") problems.push(`rule 4: register ${id}[${printExpr(at)}] is not indexed by a literal`);
    else if (at.value < 0 || at.value >= b.length) problems.push(`rule 4: register ${id} has no element ${at.value}`);
  });
  return problems;
}

/** Rule 5. */
function unrolled(k: Kernel): string[] {
  const problems: string[] = [];
  walkStmts(k.body, (s) => {
    if (s.s === "for" && s.bind.to === "unroll") problems.push(`rule 5: loop ${s.var} is still to be unrolled`);
  });
  return problems;
}

/** Rule 6. */
function sizes(k: Kernel): string[] {
  const problems: string[] = [];
  walkExprs(k.body, (e) => {
    if (e.k === "dim" && (e.slot < 0 || e.slot >= k.dims)) problems.push(`rule 6: size slot ${e.slot} of ${k.dims}`);
  });
  return problems;
}

interface SharedAccess {
  readonly id: BufId;
  readonly at: KExpr;
  readonly range: Range;
}

/**
 * Rule 7, the barriers: no access to shared memory after a store, and no store after a load, to what may be another
 * invocation's element without a barrier between. The same index is one's own element; apart are indices whose ranges
 * are. Straight through, loop bodies twice, the arms of a condition one after the other.
 */
function barriers(k: Kernel, worlds: readonly World[]): string[] {
  if (k.local[0] * k.local[1] * k.local[2] === 1) return [];
  const problems = new Set<string>();
  const shared = new Set(k.buffers.filter((b) => b.space === "shared").map((b) => b.id));
  const bounds = createBounds(worlds);
  let written: SharedAccess[] = [];
  let read: SharedAccess[] = [];
  const conflict = (list: readonly SharedAccess[], a: SharedAccess): SharedAccess | undefined =>
    list.find((x) => x.id === a.id && !sameExpr(x.at, a.at) && x.range.lo <= a.range.hi && a.range.lo <= x.range.hi);
  const loads = (e: KExpr): void =>
    walkExpr(e, (x) => {
      if (x.k !== "load" || !shared.has(x.buffer)) return;
      const access = { id: x.buffer, at: x.at, range: bounds.range(x.at) };
      const other = conflict(written, access);
      if (other) {
        problems.add(
          `rule 7: ${printExpr(x)} is read after ${x.buffer}[${printExpr(other.at)}] was written, without a barrier`,
        );
      }
      read.push(access);
    });
  const visit = (body: readonly KStmt[]): void => {
    for (const s of body) {
      for (const e of expressionsOf(s)) loads(e);
      switch (s.s) {
        case "barrier":
          written = [];
          read = [];
          break;
        case "store": {
          if (!shared.has(s.buffer)) break;
          const access = { id: s.buffer, at: s.at, range: bounds.range(s.at) };
          const other = conflict(read, access);
          if (other) {
            const [now, then] = [printExpr(s.at), printExpr(other.at)];
            problems.add(
              `rule 7: ${s.buffer}[${now}] is written after ${s.buffer}[${then}] was read, without a barrier`,
            );
          }
          written.push(access);
          break;
        }
        case "let":
          bounds.let(s.var, s.value);
          break;
        case "for":
          bounds.loop(s);
          visit(s.body);
          if (s.bind.to === "serial" || s.bind.to === "unroll") visit(s.body);
          break;
        case "if":
          bounds.assuming(s.cond, true, () => visit(s.then));
          bounds.assuming(s.cond, false, () => visit(s.else));
          break;
        case "pin":
          break;
        default:
          unreachable(s);
      }
    }
  };
  visit(k.body);
  return [...problems];
}

/** Bytes of a kernel's shared memory. */
export const sharedBytes = (k: Kernel): number =>
  k.buffers.reduce((n, b) => (b.space === "shared" ? n + b.length * b.type.width * byteSize(b.type.dtype) : n), 0);

/** Rule 7, the size. */
function sharedFits(k: Kernel, target: Target): string[] {
  const bytes = sharedBytes(k);
  return bytes > target.sharedBytes ? [`rule 7: ${bytes} bytes of shared memory, ${target.sharedBytes} there are`] : [];
}

/** Rule 8. */
function machine(k: Kernel, target: Target): string[] {
  const problems: string[] = [];
  const scratch = k.buffers.reduce(
    (n, b) => (b.space === "scratch" ? n + b.length * b.type.width * byteSize(b.type.dtype) : n),
    0,
  );
  if (scratch > target.privateBytes)
    problems.push(`rule 8: ${scratch} bytes of scratch memory, ${target.privateBytes} there are`);
  if (target.execution === "simt") {
    const invocations = k.local[0] * k.local[1] * k.local[2];
    if (invocations > target.maxInvocations)
      problems.push(`rule 8: ${invocations} invocations, at most ${target.maxInvocations}`);
    return problems;
  }
  if (k.buffers.some((b) => b.space === "shared")) problems.push("rule 8: shared memory on a cpu");
  if (k.local.some((n) => n !== 1)) problems.push(`rule 8: local ${k.local.join("x")} on a cpu`);
  walkStmts(k.body, (s) => {
    if (s.s === "barrier") problems.push("rule 8: a barrier on a cpu");
  });
  walkExprs(k.body, (e) => {
    if (e.k === "subgroup") problems.push("rule 8: a subgroup operation on a cpu");
  });
  return problems;
}

/** Rule 9. */
function arithmetic(k: Kernel): string[] {
  const problems: string[] = [];
  const index: KType = { dtype: "i32", width: 1 };
  accesses(k.body, (id, at) => {
    if (!sameType(typeOf(at), index)) problems.push(`rule 9: ${id}[${printExpr(at)}] is not indexed by an i32`);
  });
  for (const b of k.buffers) {
    const length = b.space === "global" ? dimRange(b.length).hi * b.type.width : b.length;
    if (length >= 2 ** 31) problems.push(`rule 9: ${b.id} may have ${length} elements, indices are below 2^31`);
  }
  if (k.local[0] * k.local[1] * k.local[2] === 1) return problems;
  const varying = new Set<VarId>();
  const uniform = (e: KExpr): boolean => {
    let result = true;
    walkExpr(e, (x) => {
      if (x.k === "var" && varying.has(x.var)) result = false;
      if (x.k === "subgroup") result = false;
      const b = x.k === "load" ? bufferOf(k, x.buffer) : undefined;
      if (b && (b.space !== "global" || b.access !== "read")) result = false;
    });
    return result;
  };
  const visit = (body: readonly KStmt[], steady: boolean): void => {
    for (const s of body) {
      if (!steady) {
        if (s.s === "barrier") problems.push("rule 9: a barrier in control flow that differs between invocations");
        for (const e of expressionsOf(s)) {
          walkExpr(e, (x) => {
            if (x.k === "subgroup")
              problems.push(`rule 9: ${printExpr(x)} in control flow that differs between invocations`);
          });
        }
      }
      if (s.s === "let" && !uniform(s.value)) varying.add(s.var);
      if (s.s === "if") {
        const same = steady && uniform(s.cond);
        visit(s.then, same);
        visit(s.else, same);
      }
      if (s.s === "for") {
        const same = uniform(s.from) && uniform(s.to);
        if (s.bind.to === "local" || !same) varying.add(s.var);
        visit(s.body, steady && same);
      }
    }
  };
  visit(k.body, true);
  return problems;
}

/** Rule 10. */
function edges(k: Kernel, worlds: readonly World[]): string[] {
  const problems: string[] = [];
  const bounds: Bounds = createBounds(worlds, globalLengths(k));
  const check = (id: BufId, at: KExpr): void => {
    const b = bufferOf(k, id);
    if (!b) return;
    const inside =
      bounds.atLeastZero(at) &&
      (b.space === "global" ? bounds.below(at, b.length) : bounds.below(at, { op: "const", value: b.length }));
    if (!inside) problems.push(`rule 10: ${id}[${printExpr(at)}] is not proved in range`);
  };
  const visit = (body: readonly KStmt[]): void => {
    for (const s of body) {
      for (const e of expressionsOf(s)) {
        walkExpr(e, (x) => {
          if (x.k === "load") check(x.buffer, x.at);
        });
      }
      if (s.s === "store") check(s.buffer, s.at);
      if (s.s === "let") bounds.let(s.var, s.value);
      if (s.s === "for") {
        bounds.loop(s);
        visit(s.body);
      }
      if (s.s === "if") {
        bounds.assuming(s.cond, true, () => visit(s.then));
        bounds.assuming(s.cond, false, () => visit(s.else));
      }
    }
  };
  visit(k.body);
  return problems;
}
