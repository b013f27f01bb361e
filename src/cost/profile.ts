import type { Target } from "./target.js";

/** What an adapter was measured to do, by `runtime/probes.ts`. */
export interface Measured {
  /** Floating-point operations a second, 2 a multiply-add, with all operands in registers. */
  readonly flops: number;
  /** The same of the best register tile, fed out of the cache: what a product of matrices can come to. */
  readonly tileFlops: number;
  /** Bytes a second, read and written, of large buffers, by a copying kernel. */
  readonly bandwidth: number;
  /** exp a second. */
  readonly exps: number;
  /** Seconds that a dispatch, and a workgroup, cost by themselves. */
  readonly dispatch: number;
  readonly workgroup: number;
  /** Vector loads a second of what lies in the nearest cache. */
  readonly loads: number;
  /** Scalars that an invocation may hold before register tiles become slower. */
  readonly registers: number;
  /** Invocations from which on more do not give more. */
  readonly parallel: number;
}

/** Who an adapter is: a measurement holds for one key, and for no other. */
export interface AdapterIdentity {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** A profile: an adapter and what it was measured to do. */
export interface AdapterProfile {
  readonly profileVersion: 1;
  /** For people. */
  readonly adapter: string;
  /** Of `profileKey`. */
  readonly key: string;
  readonly measured: Measured;
  /** Seconds that measuring took. */
  readonly took: number;
  /** Nothing disturbed the measurement; only such a one is kept. */
  readonly steady: boolean;
}

/** The text of an identity in which equal adapters are equal. */
export function profileKey({ vendor, architecture, device, description, features, limits }: AdapterIdentity): string {
  const granted = Object.entries(limits)
    .map(([name, value]) => `${name}=${value}`)
    .toSorted();
  return [vendor, architecture, device, description, features.toSorted().join(","), granted.join(",")].join("|");
}

/**
 * A named target with measured rates. Everything that is not a rate stays as it is named: limits are those a program is
 * compiled for, and a software adapter keeps its count of invocations, which a probe of whole workgroups cannot see.
 *
 * The peak is what tiles come to, for that is what costs compare; `reuse` and `barrier` count in its multiply-adds.
 */
export function withMeasured(base: Target, measured: Measured): Target {
  const { tileFlops, bandwidth, exps, dispatch, workgroup, loads, registers, parallel } = measured;
  return {
    ...base,
    registers,
    parallel: base.parallel === undefined ? parallel : Math.min(parallel, 4 * base.parallel),
    reuse: Math.max(1, tileFlops / 8 / loads),
    ...(base.barrier === undefined ? {} : { barrier: (base.barrier * tileFlops) / base.peak.flops }),
    peak: { flops: tileFlops, bandwidth, exps, dispatch, workgroup },
  };
}
