/**
 * Names in the printed text. Every name that comes from a program gets a prefix, so that no reserved word, builtin
 * function or type of WGSL can be hit or hidden by it.
 */
export interface Names {
  /** The WGSL name of a thing; the same for the same key. */
  get(key: string): string;
}

/** What is left of a name: ASCII letters, digits, single underscores. */
const readable = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .replace(/_{2,}/g, "_")
    .replace(/_$/, "")
    .slice(0, 60);

/** One scope of names with a common prefix. Two keys that read the same are told apart by a number. */
export function namesWith(prefix: string, taken: Set<string>): Names {
  const known = new Map<string, string>();
  return {
    get(key) {
      const found = known.get(key);
      if (found !== undefined) return found;
      const base = `${prefix}${readable(key)}`;
      let name = base;
      for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
      taken.add(name);
      known.set(key, name);
      return name;
    },
  };
}

/** A file name for a kernel, unique among `taken`. */
export function fileName(kernel: string, taken: Set<string>): string {
  const base = readable(kernel) || "kernel";
  let name = base;
  // Some file systems ignore case.
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${base}_${n}`;
  taken.add(name.toLowerCase());
  return `${name}.wgsl`;
}
