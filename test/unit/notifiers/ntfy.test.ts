import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import ntfy from "../../../gateway/notifiers/ntfy.ts";
import { make, patient } from "./desk.ts";
import { message } from "./message.ts";

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Takes what an ntfy server takes: one JSON message on `/`. */
async function server(
  status = 200,
  answer = '{"id":"sPs71M8A2T","event":"message"}',
): Promise<{ url: string; got: { headers: IncomingHttpHeaders; body: Record<string, unknown> }[] }> {
  const got: { headers: IncomingHttpHeaders; body: Record<string, unknown> }[] = [];
  const http = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      if (request.method === "POST" && request.url === "/")
        got.push({ headers: request.headers, body: JSON.parse(body) });
      response.writeHead(status, { "content-type": "application/json" }).end(answer);
    });
  });
  await new Promise<void>((ready) => http.listen(0, "127.0.0.1", ready));
  open.push(() => http.close());
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`, got };
}

test("a high alarm rings on the telephone, with a button that acknowledges", async () => {
  const { url, got } = await server();
  await make(ntfy, { url, token: "tk_secret" }).deliver?.(message({ address: "vigie-claire" }), patient());
  expect(got[0]?.headers.authorization).toBe("Bearer tk_secret");
  expect(got[0]?.body).toMatchObject({
    topic: "vigie-claire",
    title: "[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05",
    priority: 5,
    actions: [
      { action: "http", label: "Acquitter", url: "http://vigie.local:8080/ack/abc.def", method: "POST", clear: true },
    ],
  });
});

test("low priority is quiet, a test does not ring like an alarm", async () => {
  const { url, got } = await server();
  const notifier = make(ntfy, { url });
  await notifier.deliver?.(message({ priority: "low" }), patient());
  await notifier.deliver?.(message({ test: true }), patient());
  expect(got.map(({ body }) => body.priority)).toEqual([2, 4]);
});

test("another web server at that address, or a proxy in between, is not taken for one that keeps the message", async () => {
  for (const answer of ["<html>Welcome</html>", "{}"]) {
    const { url } = await server(200, answer);
    await expect(make(ntfy, { url }).deliver?.(message(), patient())).rejects.toThrow(/not as an ntfy server does/);
  }
});

test("a server that answers with an error is a reason to try again", async () => {
  const { url } = await server(507);
  await expect(make(ntfy, { url }).deliver?.(message(), patient())).rejects.toThrow(/answered 507/);
});
