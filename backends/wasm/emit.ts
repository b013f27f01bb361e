import { byteSize } from "../../src/ir/dtype.js";
import { createBounds, type World } from "../../src/ir/kernel/bounds.js";
import { operands, typeOf } from "../../src/ir/kernel/expr.js";
import { difference, sameExpr } from "../../src/ir/kernel/linear.js";
import type { BufId, KBuffer, KExpr, Kernel, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import { expressionsOf, globalLengths, walkExpr, walkExprs, walkStmts } from "../../src/ir/kernel/visit.js";
import { invariant, unreachable } from "../../src/util/invariant.js";
import { type Addresses, addresses } from "./addresses.js";
import { type Code, codeBuilder, type Label } from "./code.js";
import type { FunctionBody, ValueType } from "./encode.js";
import { loadsSpread, type Pusher, pusher, type Scope, valueType } from "./expressions.js";

/**
 * A kernel as two functions. One computes a cell of the grid: `(place…, sizes…, pointers…, scratch)`. The other is what
 * a thread calls, `k(lo, hi, sizes…, pointers…, scratch)`: it runs the cells lo … hi-1 of the grid taken as one line, of
 * which the innermost loop runs fastest. An engine replaces a function by its optimised form when it is called, not while
 * it runs, so what takes the time stands in the function that is called often.
 *
 * Sizes, pointers (bytes, in the order of the global buffers) and scratch are i32. Scratch is there only where the
 * kernel has memory of its own.
 */
export interface EmittedKernel {
  readonly cell: FunctionBody;
  readonly run: FunctionBody;
  /** Bytes of private memory that a thread must bring. */
  readonly scratch: number;
}

export interface EmitOptions {
  readonly relaxed: boolean;
  /** Index of the function of a cell. */
  readonly cellIndex: number;
}

type Loop = KStmt & { readonly s: "for" };

/** Private memory: declared scratch, and registers that are indexed by numbers that are not literal. */
function privateMemory(k: Kernel): { readonly places: ReadonlyMap<BufId, number>; readonly bytes: number } {
  const indexed = new Set<BufId>();
  walkExprs(k.body, (e) => {
    if (e.k === "load" && e.at.k !== "lit") indexed.add(e.buffer);
  });
  walkStmts(k.body, (s) => {
    if (s.s === "store" && s.at.k !== "lit") indexed.add(s.buffer);
  });
  const places = new Map<BufId, number>();
  let bytes = 0;
  for (const b of k.buffers) {
    if (b.space === "global" || (b.space === "register" && !indexed.has(b.id))) continue;
    invariant(b.space !== "shared", () => `kernel ${k.name} has shared memory, which a processor has not`);
    places.set(b.id, bytes);
    // Kept apart by whole vectors.
    bytes += Math.ceil((b.length * b.type.width * byteSize(b.type.dtype)) / 64) * 64;
  }
  return { places, bytes };
}

function shellOf(k: Kernel): { readonly grid: readonly Loop[]; readonly body: readonly KStmt[] } {
  const grid: Loop[] = [];
  let { body } = k;
  for (;;) {
    const only: KStmt | undefined = body.length === 1 ? body[0] : undefined;
    if (only?.s !== "for" || only.bind.to !== "grid") return { grid, body };
    grid.push(only);
    body = only.body;
  }
}

/** Names of scalars that are only ever taken into all lanes of a vector. */
function onlySpread(body: readonly KStmt[]): ReadonlySet<VarId> {
  const spread = new Map<VarId, number>();
  const used = new Map<VarId, number>();
  const count = (to: Map<VarId, number>, e: KExpr): void => {
    if (e.k === "var") to.set(e.var, (to.get(e.var) ?? 0) + 1);
  };
  walkExprs(body, (e) => {
    if (e.k === "op" && e.op === "splat" && e.type.width === 4) for (const x of e.args) count(spread, x);
    for (const x of operands(e)) count(used, x);
  });
  // What stands in a statement itself is the operand of nothing.
  walkStmts(body, (s) => {
    for (const e of expressionsOf(s)) count(used, e);
  });
  return new Set([...spread].filter(([name, n]) => used.get(name) === n).map(([name]) => name));
}

/** The vector whose four lanes four statements store one after the other in memory: one instruction does. */
function lanesStored(
  list: readonly KStmt[],
  register: (buffer: BufId, at: KExpr) => number | undefined,
): KExpr | undefined {
  const [first] = list;
  if (first?.s !== "store" || list.length < 4 || register(first.buffer, first.at) !== undefined) return undefined;
  const whole = first.value.k === "lane" ? first.value.of : undefined;
  if (whole === undefined || typeOf(whole).width !== 4 || typeOf(whole).dtype === "bool") return undefined;
  const all = list.every(
    (s, i) =>
      s.s === "store" &&
      s.buffer === first.buffer &&
      s.value.k === "lane" &&
      s.value.lane === i &&
      sameExpr(s.value.of, whole) &&
      difference(s.at, first.at) === i,
  );
  // What is read again after a store must be what the store left.
  const reads = new Set<BufId>();
  walkExpr(whole, (e) => {
    if (e.k === "load") reads.add(e.buffer);
  });
  return all && !reads.has(first.buffer) ? whole : undefined;
}

const i32s = (count: number): ValueType[] => Array.from({ length: count }, () => "i32");

/** @param worlds the sizes of each dispatch of the kernel: what is known about its indices */
export function emitKernel(kernel: Kernel, worlds: readonly World[], options: EmitOptions): EmittedKernel {
  const { grid, body } = shellOf(kernel);
  const globals = kernel.buffers.filter((b) => b.space === "global");
  const memory = privateMemory(kernel);
  const scratch = memory.bytes > 0 ? 1 : 0;
  const type = { params: i32s(grid.length + kernel.dims + globals.length + scratch), results: [] };
  const code = codeBuilder(type);
  const bounds = createBounds(worlds, globalLengths(kernel));
  const buffers = new Map(kernel.buffers.map((b) => [b.id, b] as const));
  const variables = new Map<VarId, number>();
  const registers = new Map<BufId, readonly number[]>();
  const spread = onlySpread(body);
  /** Those of them that are held as vectors. */
  const inLanes = new Set<VarId>();
  const slots = grid.length;
  const pointers = slots + kernel.dims;
  const scratchPointer = pointers + globals.length;
  let innermost: { readonly exit: Label; readonly variable: number } | undefined;
  let pins = 0;

  grid.forEach((l, i) => {
    bounds.loop(l);
    variables.set(l.var, i);
  });
  for (const b of kernel.buffers) {
    if (b.space !== "register" || memory.places.has(b.id)) continue;
    registers.set(
      b.id,
      Array.from({ length: b.length }, () => code.local(valueType(b.type))),
    );
  }

  const bufferOf = (id: BufId): KBuffer => {
    const b = buffers.get(id);
    invariant(b, () => `kernel ${kernel.name} has no buffer ${id}`);
    return b;
  };
  const register = (id: BufId, at: KExpr): number | undefined => {
    const locals = registers.get(id);
    if (locals === undefined) return undefined;
    const local = at.k === "lit" ? locals[at.value] : undefined;
    invariant(local !== undefined, () => `kernel ${kernel.name}: register ${id} is indexed by what is no literal`);
    return local;
  };

  const places: Addresses = addresses({
    code,
    body,
    pointer(id) {
      const place = memory.places.get(id);
      if (place !== undefined) return { local: scratchPointer, offset: place };
      return { local: pointers + globals.findIndex((b) => b.id === id), offset: 0 };
    },
    unit(id) {
      const { type: of } = bufferOf(id);
      return of.width * byteSize(of.dtype);
    },
    inMemory: (id) => !registers.has(id),
    visible: (v) => variables.has(v),
    natural: (e) => bounds.range(e).lo >= 0,
  });

  const scope: Scope = {
    code,
    relaxed: options.relaxed,
    variable(name) {
      const local = variables.get(name);
      invariant(local !== undefined, () => `kernel ${kernel.name}: ${name} has no value here`);
      return local;
    },
    isSpread: (name) => inLanes.has(name),
    slot: (index) => slots + index,
    register,
    address: places.push,
    range: bounds.range,
  };

  const withPusher = (exprs: readonly KExpr[], emit: (p: Pusher) => void): void => {
    const p = pusher(scope);
    for (const e of exprs) p.announce(e);
    emit(p);
    p.done();
  };

  const statements = (list: readonly KStmt[]): void => {
    places.open();
    const names: VarId[] = [];
    for (let i = 0; i < list.length; i++) {
      const s = list[i];
      if (s === undefined) break;
      if (s.s === "let") names.push(s.var);
      const vector = s.s === "store" ? lanesStored(list.slice(i, i + 4), register) : undefined;
      if (vector === undefined || s.s !== "store") statement(s);
      else {
        withPusher([s.at, vector], (p) => {
          const offset = places.push(s.buffer, s.at, p.push);
          p.push(vector);
          code.memory("v128.store", 4, offset);
        });
        i += 3;
      }
    }
    for (const name of names) {
      const local = variables.get(name);
      if (local !== undefined) code.release(local);
      variables.delete(name);
    }
    places.close();
  };

  const statement = (s: KStmt): void => {
    switch (s.s) {
      case "let":
        withPusher([s.value], (p) => {
          if (spread.has(s.var) && loadsSpread(scope, s.value)) {
            p.pushSpread(s.value);
            const vector = code.local("v128");
            code.set(vector);
            variables.set(s.var, vector);
            inLanes.add(s.var);
            return;
          }
          p.push(s.value);
          const local = code.local(valueType(s.value.k === "dim" ? { dtype: "i32", width: 1 } : s.value.type));
          code.set(local);
          variables.set(s.var, local);
        });
        bounds.let(s.var, s.value);
        return;
      case "store":
        store(s);
        return;
      case "if":
        withPusher([s.cond], (p) => p.push(s.cond));
        code.if(
          () => bounds.assuming(s.cond, true, () => statements(s.then)),
          s.else.length === 0 ? undefined : () => bounds.assuming(s.cond, false, () => statements(s.else)),
        );
        return;
      case "for":
        loop(s);
        return;
      case "pin":
        pin();
        return;
      case "barrier":
        invariant(false, () => `kernel ${kernel.name} has a barrier, which a processor has not`);
        return;
      default:
        unreachable(s);
    }
  };

  const store = (s: KStmt & { readonly s: "store" }): void => {
    const { dtype, width } = bufferOf(s.buffer).type;
    const local = register(s.buffer, s.at);
    if (local !== undefined) {
      withPusher([s.value], (p) => {
        p.push(s.value);
        code.set(local);
      });
      return;
    }
    withPusher([s.at, s.value], (p) => {
      const offset = places.push(s.buffer, s.at, p.push);
      p.push(s.value);
      if (dtype === "bool" && width > 1) {
        code.v128(Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? 1 : 0)));
        code.op("v128.and");
      }
      if (width === 1) code.memory(dtype === "f32" ? "f32.store" : "i32.store", 4, offset);
      else if (width === 2) code.memory("v128.store64_lane", 8, offset, 0);
      else code.memory("v128.store", 16, offset);
    });
  };

  const loop = (s: Loop): void => {
    const variable = code.local("i32");
    const runs = bounds.range(s.from).hi < bounds.range(s.to).lo;
    let end: number | undefined;
    const pushEnd = (): void => {
      if (end !== undefined) code.get(end);
      else if (s.to.k === "lit") code.i32(s.to.value);
      else withPusher([s.to], (p) => p.push(s.to));
    };
    if (s.to.k !== "lit" && s.to.k !== "dim") {
      pushEnd();
      end = code.local("i32");
      code.set(end);
    }
    withPusher([s.from], (p) => p.push(s.from));
    code.set(variable);
    bounds.loop(s);
    places.open();
    withPusher([], (p) => places.prepare(s.body, p.push));
    code.block((exit) => {
      if (!runs) {
        code.get(variable);
        pushEnd();
        code.op("i32.ge_s");
        code.branchIf(exit);
      }
      code.loop((start) => {
        const outer = innermost;
        innermost = { exit, variable };
        variables.set(s.var, variable);
        statements(s.body);
        variables.delete(s.var);
        innermost = outer;
        code.get(variable);
        code.i32(s.step);
        code.op("i32.add");
        code.tee(variable);
        pushEnd();
        code.op("i32.lt_s");
        code.branchIf(start);
      });
    });
    places.close();
    code.release(variable);
    if (end !== undefined) code.release(end);
  };

  /**
   * A branch that is never taken, out of the loop: what registers hold is live there, so that engines that move loads
   * before arithmetic stop here. Each has another number, since equal conditions would be joined.
   */
  const pin = (): void => {
    if (innermost === undefined) return;
    code.get(innermost.variable);
    code.i32(-++pins);
    code.op("i32.eq");
    code.branchIf(innermost.exit);
  };

  statements(body);
  return {
    cell: code.finish(),
    run: runFunction(kernel, grid, globals.length + scratch, options.cellIndex),
    scratch: memory.bytes,
  };
}

/** The loop over cells lo … hi-1: each position is taken apart into one index an axis. */
function runFunction(kernel: Kernel, grid: readonly Loop[], others: number, cellIndex: number): FunctionBody {
  const passed = kernel.dims + others;
  const code: Code = codeBuilder({ params: ["i32", "i32", ...i32s(passed)], results: [] });
  const [lo, hi, first] = [0, 1, 2];
  const place = grid.map(() => code.local("i32"));
  const rest = code.local("i32");
  const count = (l: Loop): void => {
    if (l.to.k === "lit") code.i32(l.to.value);
    else if (l.to.k === "dim") code.get(first + l.to.slot);
    else invariant(false, () => `the grid of ${kernel.name} is counted by what is no size`);
  };
  const call = (): void => {
    for (const p of place) code.get(p);
    for (let i = 0; i < passed; i++) code.get(first + i);
    code.call(cellIndex);
  };
  code.block((exit) => {
    code.get(lo);
    code.get(hi);
    code.op("i32.ge_s");
    code.branchIf(exit);
    code.loop((start) => {
      code.get(lo);
      code.set(rest);
      for (let i = grid.length - 1; i >= 0; i--) {
        const [l, p] = [grid[i], place[i]];
        if (l === undefined || p === undefined) continue;
        code.get(rest);
        if (i > 0) {
          count(l);
          code.op("i32.rem_u");
        }
        code.set(p);
        if (i === 0) continue;
        code.get(rest);
        count(l);
        code.op("i32.div_u");
        code.set(rest);
      }
      call();
      code.get(lo);
      code.i32(1);
      code.op("i32.add");
      code.tee(lo);
      code.get(hi);
      code.op("i32.lt_s");
      code.branchIf(start);
    });
  });
  return code.finish();
}
