import { type AdapterIdentity, type AdapterProfile, profileKey } from "../cost/profile.js";
import { type Probed, probe } from "../runtime/probes.js";
import { shortHash } from "../util/shortHash.js";
import type { Store } from "./cache.js";

/**
 * What the adapter of a device can do: as kept from an earlier start, else measured now, which takes under a second. A
 * measurement that something disturbed serves this once and is not kept.
 *
 * @param fresh measures in any case
 */
export async function adapterProfile(
  device: GPUDevice,
  adapter: string,
  store: Store,
  { fresh = false, measure = probe }: { readonly fresh?: boolean; readonly measure?: typeof probe } = {},
): Promise<AdapterProfile> {
  const kept = fresh ? undefined : knownProfile(device, store);
  if (kept !== undefined) return kept;
  const key = profileKey(identityOf(device));
  const start = performance.now();
  const { steady, ...measured } = await measure(device);
  const profile: AdapterProfile = {
    profileVersion: 1,
    adapter,
    key,
    measured,
    took: (performance.now() - start) / 1e3,
    steady,
  };
  if (steady) store.set(nameOf(key), profile);
  return profile;
}

/** What was measured at an earlier start; undefined where nothing was. */
export function knownProfile(device: GPUDevice, store: Store): AdapterProfile | undefined {
  const key = profileKey(identityOf(device));
  return asProfile(store.get(nameOf(key)), key);
}

const nameOf = (key: string): string => `adapter-${shortHash(key)}`;

function identityOf({ adapterInfo, features, limits }: GPUDevice): AdapterIdentity {
  const { vendor, architecture, device, description } = adapterInfo;
  const names = Object.keys(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(limits))).filter(
    (name) => typeof Reflect.get(limits, name) === "number",
  );
  return {
    vendor,
    architecture,
    device,
    description,
    features: [...features],
    limits: Object.fromEntries(names.map((name) => [name, Number(Reflect.get(limits, name))])),
  };
}

const rates: readonly (keyof Omit<Probed, "steady">)[] = [
  "flops",
  "tileFlops",
  "bandwidth",
  "exps",
  "dispatch",
  "workgroup",
  "loads",
  "registers",
  "parallel",
];

/** What was kept, if it is a profile of this adapter; a file may be anything. */
function asProfile(value: unknown, key: string): AdapterProfile | undefined {
  if (typeof value !== "object" || value === null || !("measured" in value)) return undefined;
  const { profileVersion, key: of, measured } = value as Partial<AdapterProfile>;
  if (profileVersion !== 1 || of !== key || typeof measured !== "object") return undefined;
  return rates.every((r) => Number.isFinite(measured[r]) && measured[r] >= 0) ? (value as AdapterProfile) : undefined;
}
