import { defineBackend, fail, ok, type Target, unknownBackendOption, wrongBackendOption } from "lfc/backend";
import { load, validate } from "./compiler.js";
import { printFile } from "./file.js";

/** C99: one file that needs nothing but libm. */
export interface COptions {
  /** The C compiler that `lfc run` builds with. */
  readonly compiler: string;
}

/** One core without vectors: schedules are plain loops, without shared memory and barriers. */
const target: Target = {
  name: "c",
  execution: "cpu",
  dtypes: new Set(["f32", "i32", "u32", "bool"]),
  subgroups: false,
  subgroupSize: 1,
  maxInvocations: 1,
  maxGrid: 2 ** 31 - 1,
  sharedBytes: 0,
  privateBytes: 2 ** 16, // on the stack
  maxBuffers: 64,
  maxBinding: 2 ** 31,
  registers: 32,
  vectors: false,
  peak: { flops: 4e9, bandwidth: 1e10, exps: 1e8, dispatch: 1e-8, workgroup: 1e-9 },
};

export default defineBackend<COptions>({
  abi: 1,
  name: "c",
  summary: "one C99 file without dependencies",
  consumes: "kernel",
  strategies: new Set(["attention", "contractions"]),
  parseOptions(raw) {
    const other = Object.keys(raw).find((name) => name !== "compiler");
    if (other !== undefined) return fail(unknownBackendOption("c", other, ["compiler"]));
    const { compiler = "cc" } = raw;
    return typeof compiler === "string" ? ok({ compiler }) : fail(wrongBackendOption("c", "compiler", "a program"));
  },
  target: () => target,
  emit: (program, _cx, { compiler }) => ({
    files: [{ path: "model.c", text: printFile(program) }],
    meta: { program, compiler },
  }),
  validate,
  load,
});
