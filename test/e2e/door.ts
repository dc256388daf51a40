import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Door {
  url: string;
  close(): Promise<void>;
}

/** Answers a request itself, or says false to let the real gateway answer. */
export type Keeper = (asked: IncomingMessage, answer: ServerResponse) => boolean;

/** A door before the real gateway that answers a few addresses itself: quicker than life, or with a year that nobody waited for. */
export async function openDoor(gateway: string, keeper: Keeper): Promise<Door> {
  const host = new URL(gateway).host;
  const door = createServer((asked, answer) => {
    if (keeper(asked, answer)) return;
    // The page is the gateway's own; it only stands at another door.
    const origin = asked.headers.origin && { origin: gateway };
    const onward = request(gateway + asked.url, {
      method: asked.method,
      headers: { ...asked.headers, host, ...origin },
    });
    onward.on("response", (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    close: async () => {
      door.closeAllConnections();
      await new Promise((resolve) => door.close(resolve));
    },
  };
}

export const json = (answer: ServerResponse, body: unknown): true => {
  answer.writeHead(200, { "content-type": "application/json" });
  answer.end(JSON.stringify(body));
  return true;
};

/** Live events for every page that listens. */
export class Stream {
  readonly #pages = new Set<ServerResponse>();
  #sent = 0;

  get sent(): number {
    return this.#sent;
  }

  join(answer: ServerResponse): true {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    this.#pages.add(answer);
    answer.once("close", () => this.#pages.delete(answer));
    return true;
  }

  tell(event: string, body: unknown): void {
    if (this.#pages.size === 0) return;
    if (event === "points") this.#sent++;
    const words = `id: ${this.#sent}.0\nevent: ${event}\ndata: ${JSON.stringify(body)}\n\n`;
    for (const page of this.#pages) page.write(words);
  }
}
