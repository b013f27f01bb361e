import { codeBuilder } from "../../backends/wasm/code.js";
import { encodeModule } from "../../backends/wasm/encode.js";

/** Chains of multiply-adds that do not wait for each other. */
const chains = 12;

/** Runs `turns` turns of twelve vector multiply-adds; gives the floating-point operations that they are. */
export type Probe = (turns: number) => number;

/**
 * What one thread of this engine can do at most: vector multiply-adds in registers, with no load or store among them; as
 * one instruction each, or as a product and a sum. Undefined where the engine lacks the instruction.
 */
export function ceilingProbe(relaxed: boolean): Probe | undefined {
  const c = codeBuilder({ params: ["i32"], results: ["f32"] });
  const [x, y] = [c.local("v128"), c.local("v128")];
  const sums = Array.from({ length: chains }, () => c.local("v128"));
  for (const [local, value] of [[x, 0.999] as const, [y, 0.001] as const]) {
    c.f32(value);
    c.op("f32x4.splat");
    c.set(local);
  }
  c.loop((start) => {
    for (const s of sums) {
      if (relaxed) {
        c.get(s);
        c.get(x);
        c.get(y);
        c.op("f32x4.relaxed_madd");
      } else {
        c.get(s);
        c.get(x);
        c.op("f32x4.mul");
        c.get(y);
        c.op("f32x4.add");
      }
      c.set(s);
    }
    c.get(0);
    c.i32(-1);
    c.op("i32.add");
    c.tee(0);
    c.branchIf(start);
  });
  sums.forEach((s, i) => {
    c.get(s);
    if (i > 0) c.op("f32x4.add");
  });
  c.lane("f32x4.extract_lane", 0);
  const bytes = encodeModule({ functions: [c.finish()], exports: [["run", 0]], memory: ["lfc", "memory"] });
  if (!WebAssembly.validate(bytes)) return undefined;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { lfc: { memory } }).exports;
  return (turns) => {
    (run as (turns: number) => number)(turns);
    return turns * chains * 8;
  };
}
