import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Above the last of those that `fetch` refuses to ask. */
const LOWEST = 11_000;

/**
 * A TCP port that nobody listens on, below those that the kernel gives out by itself: no connection of another test can be
 * given it before it is used.
 */
export async function freePort(): Promise<number> {
  const [ephemeral = 32_768] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/).map(Number);
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (ephemeral - LOWEST));
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
