import { spawnSync } from "node:child_process";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { noDevice } from "../diagnostics/messages/io.js";
import { type AdapterKind, type DeviceFault, type NodeDevice, openDevice } from "../runtime/device.node.js";
import { fail, ok, type Result } from "../util/result.js";

export type { AdapterKind } from "../runtime/device.node.js";

export interface Adapter {
  readonly device: GPUDevice;
  readonly name: string;
  /** It computes on the processor. */
  readonly software: boolean;
  close(): void;
}

/**
 * Opens the adapter asked for; without a wish a GPU, else SwiftShader. SwiftShader must be named when a process starts:
 * this process then runs itself again with the variables that do so, and ends with its exit code. Call it before long work.
 */
export async function openAdapter(kind: AdapterKind | undefined): Promise<Result<Adapter, Diagnostic>> {
  const kinds: readonly AdapterKind[] = kind === undefined ? ["hardware", "swiftshader"] : [kind];
  let fault: DeviceFault | undefined;
  for (const k of kinds) {
    const opened = await openDevice(k);
    if (opened.ok) return ok(asAdapter(opened.value));
    if (opened.error.fault === "restart") restart(opened.error.env);
    fault = opened.error;
  }
  return fail(noDevice(fault?.message ?? "there is no adapter"));
}

const asAdapter = ({ device, adapter: { name, software }, close }: NodeDevice): Adapter => ({
  device,
  name,
  software,
  close,
});

/** Marks the second start, so that a driver that is still not found ends in a message and not in a third start. */
const marker = "LFC_RESTARTED";

function restart(env: Readonly<Record<string, string>>): void {
  if (process.env[marker] !== undefined) return;
  const again = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, ...env, [marker]: "1" },
  });
  process.exit(again.status ?? 3);
}

export interface Choice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** In a few words. */
  readonly why: string;
  readonly adapter?: Adapter;
}

/** The backend of `lfc run`: as asked, else a GPU if there is one, else the fastest that computes on the CPU here. */
export async function chooseBackend(
  asked: string | undefined,
  kind: AdapterKind | undefined,
): Promise<Result<Choice, Diagnostic>> {
  if (asked === "wgsl" || (asked === undefined && kind !== undefined)) {
    const adapter = await openAdapter(kind);
    if (!adapter.ok) return adapter;
    return ok({
      name: "wgsl",
      options: {},
      why: asked === undefined ? "--adapter asks for it" : "--backend asks for it",
      adapter: adapter.value,
    });
  }
  if (asked !== undefined) return ok({ name: asked, options: {}, why: "--backend asks for it" });
  const hardware = await openDevice("hardware");
  if (hardware.ok) {
    return ok({ name: "wgsl", options: {}, why: "this machine has a GPU", adapter: asAdapter(hardware.value) });
  }
  return ok({
    name: "wasm",
    options: {},
    why: `no GPU here (${hardware.error.message}), and WebAssembly is the fastest without one`,
  });
}
