import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { bounds, openDoor, serverFor } from "../../../gateway/web/tls/door.ts";
import { boxIdentity } from "../../../gateway/web/tls/identity.ts";
import { memoryLogger, temporaryFolder } from "../../sim/store.ts";

async function door(secure: boolean, answer: (response: ServerResponse) => void = (response) => response.end("ok")) {
  const files = { folder: temporaryFolder(), names: [], now: clock.now(), say: memoryLogger([]) };
  const server = serverFor(secure ? await boxIdentity(files) : undefined, (_request, response) => answer(response));
  const opened = await openDoor(server, secure, "127.0.0.1", 0);
  onTestFinished(opened.close);
  return opened;
}

/** How long the door leaves a client that has said so much, ms. */
async function patienceWith(socket: Socket, said: string): Promise<number> {
  socket.on("error", () => undefined).resume();
  const begun = performance.now();
  if (said) socket.write(said);
  await new Promise((resolve) => socket.once("close", resolve));
  return performance.now() - begun;
}

const half = {
  head: "GET / HTTP/1.1\r\nHost: a\r\n",
  body: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
};

test("a request that is never finished is not waited for: ten seconds for its head, fifteen for all of it", {
  timeout: 40_000,
}, async () => {
  const [plain, secure] = [await door(false), await door(true)];
  const tls = () => connectTls({ port: secure.port, host: "127.0.0.1", rejectUnauthorized: false });
  const waited = await Promise.all([
    patienceWith(connect(plain.port, "127.0.0.1"), half.head),
    patienceWith(connect(plain.port, "127.0.0.1"), half.body),
    patienceWith(tls(), half.head),
    patienceWith(tls(), half.body),
  ]);
  for (const [i, ms] of waited.entries()) {
    const within = i % 2 === 0 ? bounds.headWithin : bounds.requestWithin;
    expect(ms).toBeGreaterThan(within - 1_000);
    expect(ms).toBeLessThan(within + 5_000);
  }
});

test("a door that closes lets go of everybody, finished or not", async () => {
  const { port, close } = await door(false);
  const sockets = Array.from({ length: 20 }, () => connect(port, "127.0.0.1"));
  const gone = sockets.map((socket) => patienceWith(socket, half.head));
  await Promise.all(sockets.map((socket) => (socket.connecting ? once(socket, "connect") : undefined)));
  await expect.poll(() => sockets.every(({ bytesWritten }) => bytesWritten > 0)).toBe(true);
  await close();
  await Promise.all(gone);
});

test("a door that closes lets an answer that is under way go out", async () => {
  const asked = Promise.withResolvers<ServerResponse>();
  const { port, close } = await door(false, asked.resolve);
  const answer = fetch(`http://127.0.0.1:${port}/`);
  const response = await asked.promise;
  const closed = close();
  response.end("saved");
  expect(await (await answer).text()).toBe("saved");
  await closed;
});

test("in a full house the address with the most sockets makes room for one that has none", async () => {
  const { port } = await door(false);
  const worms: Socket[] = [];
  onTestFinished(() => worms.forEach((socket) => void socket.destroy()));
  // Each address is below its own bound: together they are the whole house.
  const each = bounds.sockets / 5;
  for (let i = 0; i < bounds.sockets; i++) {
    const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${66 + Math.floor(i / each)}` });
    socket.on("error", () => undefined);
    worms.push(socket);
    await once(socket, "connect");
  }
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("ok");
  await expect.poll(() => worms.filter(({ closed }) => closed).length).toBe(1);
  expect(worms.findIndex(({ closed }) => closed) % each).toBe(0);
});
