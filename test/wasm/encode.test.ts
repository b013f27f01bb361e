import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeBuilder } from "../../backends/wasm/code.js";
import { disassemble } from "../../backends/wasm/disassemble.js";
import { encodeModule, type FunctionType, type Module, signed, unsigned } from "../../backends/wasm/encode.js";
import { instructions } from "../../backends/wasm/opcodes.js";

const memory = ["lfc", "memory"] as const;
const only = (type: FunctionType, write: (c: ReturnType<typeof codeBuilder>) => void): Module => {
  const c = codeBuilder(type);
  write(c);
  return { functions: [c.finish()], exports: [["f", 0]], memory };
};
const instance = (m: Module): WebAssembly.Exports => {
  const bytes = encodeModule(m);
  expect(WebAssembly.validate(bytes)).toBe(true);
  const shared = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { lfc: { memory: shared } }).exports;
};
const call = (m: Module, ...args: readonly number[]): unknown =>
  (instance(m).f as (...args: readonly number[]) => unknown)(...args);

describe("LEB128", () => {
  test("a signed number is read by the engine as it was written", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.integer({ min: -200, max: 200 })), (x) => {
        expect(call(only({ params: [], results: ["i32"] }, (c) => c.i32(x)))).toBe(x);
      }),
      { numRuns: 60 },
    );
    expect(signed(-1)).toEqual([0x7f]);
    expect(signed(64)).toEqual([0xc0, 0x00]);
    expect(signed(-2147483648)).toEqual([0x80, 0x80, 0x80, 0x80, 0x78]);
  });

  test("an unsigned number has seven bits a byte, the least first", () => {
    expect(unsigned(0)).toEqual([0]);
    expect(unsigned(127)).toEqual([127]);
    expect(unsigned(128)).toEqual([0x80, 1]);
    expect(unsigned(4294967295)).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(() => unsigned(-1)).toThrow(/u32/);
  });
});

test("a module without functions is valid", () => {
  expect(WebAssembly.validate(encodeModule({ functions: [], exports: [], memory }))).toBe(true);
});

test("no two instructions have one code", () => {
  const codes = instructions.map((i) => String(i.code));
  expect(new Set(codes).size).toBe(codes.length);
  expect(new Set(instructions.map((i) => i.name)).size).toBe(codes.length);
});

test("blocks, loops and branches go where their labels say", () => {
  // The sum of 1 … n, 0 of none; a branch leaves two blocks at once.
  const sum = only({ params: ["i32"], results: ["i32"] }, (c) => {
    const total = c.local("i32");
    c.block((exit) => {
      c.get(0);
      c.op("i32.eqz");
      c.branchIf(exit);
      c.loop((start) => {
        c.get(total);
        c.get(0);
        c.op("i32.add");
        c.set(total);
        c.block(() => {
          c.get(0);
          c.i32(1);
          c.op("i32.eq");
          c.branchIf(exit);
        });
        c.get(0);
        c.i32(-1);
        c.op("i32.add");
        c.set(0);
        c.i32(1);
        c.branchIf(start);
      });
    });
    c.get(total);
  });
  expect([0, 1, 2, 10].map((n) => call(sum, n))).toEqual([0, 1, 3, 55]);
});

test("locals are taken again, parameters are not given back", () => {
  const c = codeBuilder({ params: ["i32"], results: [] });
  const [a, b, x] = [c.local("i32"), c.local("v128"), c.local("i32")];
  c.release(a);
  expect(c.local("i32")).toBe(a);
  expect([a, b, x]).toEqual([1, 2, 3]);
  expect(() => c.release(0)).toThrow(/parameter/);
  expect(c.finish().locals).toEqual(["i32", "v128", "i32"]);
});

test("the text of a module", () => {
  const m = only({ params: ["i32", "f32"], results: [] }, (c) => {
    c.get(0);
    c.if(
      () => {
        c.get(0);
        c.get(1);
        c.op("f32x4.splat");
        c.v128(Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? 1 : 0)));
        c.op("v128.and");
        c.memory("v128.store", 16, 1024);
      },
      () => {
        c.get(0);
        c.f32(-0.5);
        c.memory("f32.store", 4, 0);
      },
    );
  });
  expect(disassemble(encodeModule(m))).toBe(`import "lfc" "memory" (memory 0 65536 shared)

func $0 (export "f") (param i32 f32)
  local.get 0
  if
    local.get 0
    local.get 1
    f32x4.splat
    v128.const 1 1 1 1
    v128.and
    v128.store offset=1024
  else
    local.get 0
    f32.const -0.5
    f32.store
  end
`);
});

test("what is no module is refused by the reader", () => {
  expect(() => disassemble(Uint8Array.from([1, 2, 3]))).toThrow();
  const bytes = encodeModule(only({ params: [], results: [] }, () => undefined));
  expect(() => disassemble(bytes.slice(0, -2))).toThrow(/early/);
});
