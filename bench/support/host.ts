import type { TensorData } from "../../src/ir/dtype.js";
import type { Case, Ran, StepTime } from "./cases.js";

/** Where cases are set up and run: a page of a browser, or a process of its own. Names of cases are unique in it. */
export interface BenchHost {
  /** Sets a case up under its name; milliseconds that it took, by the host's own clock. */
  setup(spec: Case): Promise<number>;
  run(name: string): Promise<Ran>;
  output(name: string): Promise<Readonly<Record<string, TensorData>>>;
  /** What each dispatch of one more run took; nothing where the kind of case can't tell. */
  profile(name: string): Promise<readonly StepTime[]>;
  dispose(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Several hosts as one, so that their cases take turns. `place` says where a case runs. */
export function joinHosts(hosts: readonly BenchHost[], place: (name: string) => BenchHost): BenchHost {
  return {
    setup: (spec) => place(spec.name).setup(spec),
    run: (name) => place(name).run(name),
    output: (name) => place(name).output(name),
    profile: (name) => place(name).profile(name),
    dispose: (name) => place(name).dispose(name),
    close: async () => void (await Promise.all(hosts.map((h) => h.close()))),
  };
}
