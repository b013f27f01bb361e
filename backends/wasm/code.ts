import { invariant } from "../../src/util/invariant.js";
import {
  type FunctionBody,
  type FunctionType,
  floatBytes,
  opcode,
  signed,
  unsigned,
  type ValueType,
} from "./encode.js";
import type { Opcode } from "./opcodes.js";

/** Where a branch goes: a block's end, or a loop's start. */
export interface Label {
  readonly depth: number;
}

/** Writes the instructions of one function. */
export interface Code {
  /** A local of its own; free ones of the type are taken again. */
  local(type: ValueType): number;
  /** Gives a local back. */
  release(local: number): void;
  op(name: Opcode): void;
  get(local: number): void;
  set(local: number): void;
  tee(local: number): void;
  i32(value: number): void;
  f32(value: number): void;
  v128(bytes: readonly number[]): void;
  /** A load or store of memory; the address is `offset` bytes beyond the operand. `align` in bytes, a power of two. */
  memory(name: Opcode, align: number, offset: number, lane?: number): void;
  lane(name: Opcode, lane: number): void;
  shuffle(bytes: readonly number[]): void;
  select(type: ValueType): void;
  call(index: number): void;
  block(body: (end: Label) => void): void;
  loop(body: (start: Label) => void): void;
  /** The condition is on the stack. */
  if(then: () => void, otherwise?: () => void): void;
  branchIf(to: Label): void;
  finish(): FunctionBody;
}

/** A block that leaves nothing on the stack. */
const empty = 0x40;

const valueTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** Begins a function; its parameters are the first locals. */
export function codeBuilder(type: FunctionType): Code {
  const code: number[] = [];
  const locals: ValueType[] = [];
  const free: Record<ValueType, number[]> = { i32: [], f32: [], v128: [] };
  let depth = 0;
  const put = (bytes: readonly number[]): void => {
    for (const b of bytes) code.push(b);
  };
  const typeOfLocal = (local: number): ValueType => {
    const found = local < type.params.length ? type.params[local] : locals[local - type.params.length];
    invariant(found, () => `no local ${local}`);
    return found;
  };
  const enclosed = (name: "block" | "loop", body: (label: Label) => void): void => {
    put(opcode(name, "block"));
    code.push(empty);
    depth++;
    body({ depth });
    depth--;
    put(opcode("end", "none"));
  };
  return {
    local(wanted) {
      const again = free[wanted].pop();
      return again ?? type.params.length + locals.push(wanted) - 1;
    },
    release(local) {
      invariant(local >= type.params.length, () => "a parameter is not given back");
      free[typeOfLocal(local)].push(local);
    },
    op: (name) => put(opcode(name, "none")),
    get(local) {
      put(opcode("local.get", "index"));
      put(unsigned(local));
    },
    set(local) {
      put(opcode("local.set", "index"));
      put(unsigned(local));
    },
    tee(local) {
      put(opcode("local.tee", "index"));
      put(unsigned(local));
    },
    i32(value) {
      put(opcode("i32.const", "i32"));
      put(signed(value));
    },
    f32(value) {
      put(opcode("f32.const", "f32"));
      put(floatBytes(value));
    },
    v128(bytes) {
      invariant(bytes.length === 16, () => "a vector has 16 bytes");
      put(opcode("v128.const", "v128"));
      put(bytes);
    },
    memory(name, align, offset, lane) {
      put(opcode(name, "memory"));
      put(unsigned(Math.log2(align)));
      put(unsigned(offset));
      if (lane !== undefined) code.push(lane);
    },
    lane(name, lane) {
      put(opcode(name, "lane"));
      code.push(lane);
    },
    shuffle(bytes) {
      put(opcode("i8x16.shuffle", "lanes"));
      put(bytes);
    },
    select(wanted) {
      put(opcode("select", "types"));
      put([1, valueTypes[wanted]]);
    },
    call(index) {
      put(opcode("call", "index"));
      put(unsigned(index));
    },
    block: (body) => enclosed("block", body),
    loop: (body) => enclosed("loop", body),
    if(then, otherwise) {
      put(opcode("if", "block"));
      code.push(empty);
      depth++;
      then();
      if (otherwise !== undefined) {
        put(opcode("else", "none"));
        otherwise();
      }
      depth--;
      put(opcode("end", "none"));
    },
    branchIf(to) {
      put(opcode("br_if", "label"));
      put(unsigned(depth - to.depth));
    },
    finish() {
      invariant(depth === 0, () => "a block is open");
      return { type, locals, code };
    },
  };
}
