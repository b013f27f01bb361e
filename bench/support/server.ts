import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Store {
  readonly url: string;
  /** Serves bytes and gives the path. */
  put(bytes: Uint8Array, type?: string): string;
  /** Serves bytes at a path of the caller's. */
  putAt(path: string, bytes: Uint8Array, type: string): void;
  /** What a path serves, which is forgotten. */
  take(path: string): Uint8Array;
  close(): Promise<void>;
}

/**
 * Bytes between Node and a page: what either puts the other fetches. The origin is isolated, so that pages may share
 * memory between threads.
 */
export async function openStore(): Promise<Store> {
  const kept = new Map<string, { readonly bytes: Uint8Array; readonly type: string }>();
  let count = 0;
  const put = (bytes: Uint8Array, type = "application/octet-stream"): string => {
    const path = `/bytes/${count++}`;
    kept.set(path, { bytes, type });
    return path;
  };
  const headers = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
  };
  kept.set("/", { bytes: Buffer.from("<!doctype html><title>lfc bench</title>"), type: "text/html" });
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (request.method === "POST") {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => response.writeHead(200, headers).end(put(new Uint8Array(Buffer.concat(parts)))));
      return;
    }
    const found = kept.get(path);
    if (found === undefined) response.writeHead(404, headers).end();
    else response.writeHead(200, { ...headers, "content-type": found.type }).end(found.bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    put,
    putAt: (path, bytes, type) => void kept.set(path, { bytes, type }),
    take(path) {
      const found = kept.get(path);
      if (found === undefined) throw new Error(`nothing is kept at ${path}`);
      kept.delete(path);
      return found.bytes;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
