import { fromLinear, type LinearTerm, toLinear } from "../../src/ir/kernel/linear.js";
import type { BufId, KExpr, KStmt, VarId } from "../../src/ir/kernel/ops.js";
import { printExpr } from "../../src/ir/kernel/print.js";
import { walkExpr, walkExprs, walkStmts } from "../../src/ir/kernel/visit.js";
import type { Code } from "./code.js";

/**
 * Addresses of elements, as sums in bytes: pointer + Σ by · of + constant. The constant goes into the instruction; what a
 * loop does not change is added up before it; what several accesses have in common is added up once.
 */
export interface Addresses {
  /** Puts an address on the stack, all but the bytes that are returned. */
  push(buffer: BufId, at: KExpr, pushTerm: (e: KExpr) => void): number;
  /** Enters statements: sums made there are known to their end. */
  open(): void;
  close(): void;
  /** Adds up what the accesses of a loop's body have from outside it. */
  prepare(body: readonly KStmt[], pushTerm: (e: KExpr) => void): void;
}

export interface AddressContext {
  readonly code: Code;
  /** All that will be written. */
  readonly body: readonly KStmt[];
  pointer(buffer: BufId): { readonly local: number; readonly offset: number };
  /** Bytes of an element. */
  unit(buffer: BufId): number;
  inMemory(buffer: BufId): boolean;
  visible(name: VarId): boolean;
  /** Whether a sum is proved to be at least 0. */
  natural(e: KExpr): boolean;
}

interface Term {
  readonly of: KExpr;
  readonly by: number;
  readonly key: string;
  readonly variables: readonly VarId[];
  /** Its value depends on memory or registers, and may be another one at the next statement. */
  readonly fleeting: boolean;
}

interface Sum {
  readonly terms: readonly Term[];
  readonly constant: number;
  /** Without the constant. */
  readonly rest: KExpr;
}

export function addresses(cx: AddressContext): Addresses {
  const { code } = cx;
  const scopes: Map<string, number>[] = [];
  const sums = new Map<KExpr, Sum>();
  /** Where each variable is bound: in the order of the statements, so outer ones come first. */
  const order = new Map<VarId, number>();
  walkStmts(cx.body, (s) => {
    if (s.s === "let" || s.s === "for") order.set(s.var, order.size);
  });

  const describe = ({ of, by }: LinearTerm): Term => {
    const variables: VarId[] = [];
    let fleeting = false;
    walkExpr(of, (e) => {
      if (e.k === "var") variables.push(e.var);
      if (e.k === "load") fleeting = true;
    });
    return { of, by, key: `${by}*${printExpr(of)}`, variables, fleeting };
  };
  const rank = (t: Term): number =>
    t.fleeting ? Number.POSITIVE_INFINITY : Math.max(-1, ...t.variables.map((v) => order.get(v) ?? -1));

  const sumOf = (at: KExpr): Sum => {
    let found = sums.get(at);
    if (found === undefined) {
      const { terms, constant } = toLinear(at);
      const described = terms.map(describe);
      described.sort((a, b) => {
        const [x, y] = [rank(a), rank(b)];
        return x === y ? (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) : x - y;
      });
      found = { terms: described, constant, rest: fromLinear({ terms, constant: 0 }) };
      sums.set(at, found);
    }
    return found;
  };

  const keyOf = (buffer: BufId, terms: readonly Term[]): string => `${buffer}|${terms.map((t) => t.key).join("+")}`;

  /** How often each sum is asked for. */
  const counts = new Map<string, number>();
  const eachAccess = (body: readonly KStmt[], visit: (buffer: BufId, at: KExpr) => void): void => {
    walkExprs(body, (e) => {
      if (e.k === "load" && cx.inMemory(e.buffer)) visit(e.buffer, e.at);
    });
    walkStmts(body, (s) => {
      if (s.s === "store" && cx.inMemory(s.buffer)) visit(s.buffer, s.at);
    });
  };
  eachAccess(cx.body, (buffer, at) => {
    const key = keyOf(buffer, sumOf(at).terms);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });

  const known = (key: string): number | undefined => {
    for (let i = scopes.length - 1; i >= 0; i--) {
      const local = scopes[i]?.get(key);
      if (local !== undefined) return local;
    }
    return undefined;
  };

  const pushScaled = (t: Term, unit: number, pushTerm: (e: KExpr) => void): void => {
    pushTerm(t.of);
    const by = Math.imul(t.by, unit);
    if (by === 1) return;
    const shift = Math.log2(by);
    code.i32(Number.isInteger(shift) ? shift : by);
    code.op(Number.isInteger(shift) ? "i32.shl" : "i32.mul");
  };

  /** A sum of terms on the stack, with the pointer; kept where it is asked for again. */
  const pushSum = (buffer: BufId, terms: readonly Term[], keep: boolean, pushTerm: (e: KExpr) => void): void => {
    const last = terms.at(-1);
    if (last === undefined) {
      code.get(cx.pointer(buffer).local);
      return;
    }
    const key = keyOf(buffer, terms);
    const local = known(key);
    if (local !== undefined) {
      code.get(local);
      return;
    }
    pushSum(buffer, terms.slice(0, -1), false, pushTerm);
    pushScaled(last, cx.unit(buffer), pushTerm);
    code.op("i32.add");
    if (!keep || last.fleeting) return;
    const kept = code.local("i32");
    scopes.at(-1)?.set(key, kept);
    code.tee(kept);
  };

  return {
    push(buffer, at, pushTerm) {
      const sum = sumOf(at);
      const unit = cx.unit(buffer);
      pushSum(buffer, sum.terms, (counts.get(keyOf(buffer, sum.terms)) ?? 0) > 1, pushTerm);
      const offset = sum.constant * unit + cx.pointer(buffer).offset;
      // An instruction adds its offset without wrapping round: what stands before it must not be below 0.
      if (offset >= 0 && (sum.constant === 0 || cx.natural(sum.rest))) return offset;
      code.i32(offset);
      code.op("i32.add");
      return 0;
    },
    open: () => void scopes.push(new Map()),
    close() {
      for (const local of scopes.pop()?.values() ?? []) code.release(local);
    },
    prepare(body, pushTerm) {
      eachAccess(body, (buffer, at) => {
        const { terms } = sumOf(at);
        // What comes from outside stands first: its variables are bound earlier.
        let outside = 0;
        while (outside < terms.length) {
          const t = terms[outside];
          if (t === undefined || t.fleeting || !t.variables.every(cx.visible)) break;
          outside++;
        }
        const part = terms.slice(0, outside);
        if (part.length === 0 || known(keyOf(buffer, part)) !== undefined) return;
        pushSum(buffer, part, true, pushTerm);
        code.op("drop");
      });
    },
  };
}
