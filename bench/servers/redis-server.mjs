import { freePort, startServer } from "./server.mjs";

/** A private server with its append-only file in `folder`, synced as `appendfsync` says. */
export async function startRedis(folder, appendfsync) {
  const port = await freePort();
  const server = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const settings = ["--save", "", "--appendonly", "yes", "--appendfsync", appendfsync];
  const stop = await startServer("redis-server", [...server, ...settings], {
    ready: "eady to accept connections",
  });
  return { url: `redis://127.0.0.1:${port}`, stop };
}
