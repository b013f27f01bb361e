import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeWhole } from "./write.js";

/** What lfc keeps from one start to the next: measurements of this machine. Losing it costs time and nothing else. */
export interface Store {
  /** What was kept under a name; undefined where there is nothing readable. */
  get(name: string): unknown;
  set(name: string, value: unknown): void;
}

/** The user's folder for such things: `XDG_CACHE_HOME`, else the one of the platform. */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = env;
  if (XDG_CACHE_HOME !== undefined && XDG_CACHE_HOME !== "") return join(XDG_CACHE_HOME, "lfc");
  if (platform === "win32" && LOCALAPPDATA !== undefined && LOCALAPPDATA !== "")
    return join(LOCALAPPDATA, "lfc", "Cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "lfc");
  return join(homedir(), ".cache", "lfc");
}

/** Files of JSON in a folder; one that cannot be read or written is as if it were not there. */
export function diskStore(folder: string = cacheFolder()): Store {
  const path = (name: string): string => join(folder, `${name}.json`);
  return {
    get(name) {
      try {
        return existsSync(path(name)) ? (JSON.parse(readFileSync(path(name), "utf8")) as unknown) : undefined;
      } catch {
        return undefined;
      }
    },
    set(name, value) {
      writeWhole(path(name), `${JSON.stringify(value, null, 1)}\n`);
    },
  };
}
