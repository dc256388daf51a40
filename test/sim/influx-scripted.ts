import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface Write {
  path: string;
  headers: IncomingHttpHeaders;
  lines: string[];
  bytes: number;
}

/** What the server does with one request. Undefined: 204, and the lines are stored. */
export type Script = (
  write: Write,
  response: ServerResponse,
  store: (lines: readonly string[]) => void,
) => boolean | undefined;

/** An InfluxDB that keeps points as InfluxDB does (same series and time: one point), and behaves as a test tells it. */
export async function scriptedInflux() {
  const points = new Map<string, string>();
  const writes: Write[] = [];
  const asked: { method: string; path: string; body: string }[] = [];
  let script: Script = () => undefined;
  let answer: (method: string, path: string, body: string) => { status: number; body: unknown } | undefined = () =>
    undefined;
  const store = (lines: readonly string[]) => {
    for (const line of lines) {
      const [, series = "", fields = "", time = ""] = /^((?:\\.|[^ \\])+) (.+) (\d+)$/.exec(line) ?? [];
      points.set(`${series} ${time}`, fields);
    }
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const body = (request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw).toString();
    const path = request.url ?? "";
    if (!path.startsWith("/api/v2/write")) {
      asked.push({ method: request.method ?? "", path, body });
      const found = answer(request.method ?? "", path, body) ?? { status: 404, body: {} };
      response.writeHead(found.status, { "content-type": "application/json" }).end(JSON.stringify(found.body));
      return;
    }
    const write = { path, headers: request.headers, lines: body.split("\n").filter(Boolean), bytes: raw.length };
    writes.push(write);
    if (script(write, response, store)) return;
    store(write.lines);
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    points,
    writes,
    asked,
    behave: (next: Script) => {
      script = next;
    },
    answering: (next: typeof answer) => {
      answer = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type ScriptedInflux = Awaited<ReturnType<typeof scriptedInflux>>;

/** Answers with a status and a JSON body; for a script's last line. */
export function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): true {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ code: "error", message }));
  return true;
}
