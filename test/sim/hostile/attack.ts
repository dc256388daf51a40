import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { random } from "./random.ts";

/**
 * An old PC with a worm on it: everything at once, from one address, as fast as it can. A process of its own, so that
 * what it costs is not taken for the gateway's.
 * node attack.ts <http port> <mqtt port> <seconds> <seed>
 */
const [http = 0, mqtt = 0, seconds = 30, seed = 1] = process.argv.slice(2).map(Number);
const WORM = "127.0.0.66";
const end = performance.now() + seconds * 1_000;
const next = random(seed);
const counts = { idle: 0, slow: 0, huge: 0, malformedMqtt: 0, malformedHttp: 0, frozen: 0, unread: 0, refused: 0 };

const going = () => performance.now() < end;
const open = (port: number): Socket => {
  const socket = connect({ port, host: "127.0.0.1", localAddress: WORM });
  socket.on("error", () => {
    counts.refused += 1;
  });
  return socket;
};
const closed = (socket: Socket) => new Promise<void>((done) => socket.once("close", () => done()));
const either = (socket: Socket, ms: number) => Promise.race([closed(socket), sleep(ms)]);
const many = (count: number, work: (i: number) => Promise<void>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)));

/** Connects and says nothing; comes back when thrown out. Five thousand of them, on both ports. */
async function idle(i: number): Promise<void> {
  await sleep((i % 100) * 20);
  while (going()) {
    const socket = open(i % 2 ? http : mqtt);
    counts.idle += 1;
    await either(socket, end - performance.now());
    socket.destroy();
    await sleep(1_000 + next() * 9_000);
  }
}

/** A header, byte by byte. */
async function slow(): Promise<void> {
  while (going()) {
    const socket = open(http);
    socket.resume();
    counts.slow += 1;
    for (const byte of "POST /api/v1/alarms/x/ack HTTP/1.1\r\nHost: localhost\r\nX-A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb") {
      if (!going() || socket.destroyed) break;
      socket.write(byte);
      await sleep(500);
    }
    socket.destroy();
  }
}

/** Announces 256 MB and sends them slowly. */
async function huge(): Promise<void> {
  while (going()) {
    const socket = open(mqtt);
    socket.resume();
    counts.huge += 1;
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60]));
    await either(socket, 1_000);
    socket.destroy();
    await sleep(50);
  }
}

const CONNECT = Buffer.from([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 1, 0x78]);
const REQUEST = Buffer.from("GET /api/v1/points HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n{}{}");

/** 10⁶ malformed packets in ten minutes, half of them MQTT and half HTTP. */
const PER_SECOND = 1_000_000 / 600;

/** Packets with bits turned over, cut, doubled or made up, at a pace of their own; some after a proper CONNECT. */
async function malformed(port: number, seedPacket: Buffer, count: () => number): Promise<void> {
  const begun = performance.now();
  while (going()) {
    const socket = open(port);
    socket.resume();
    if (port === mqtt && next() < 0.3) socket.write(CONNECT);
    for (let i = 0; i < 40 && !socket.destroyed && going(); i++) {
      socket.write(mutate(seedPacket));
      const due = begun + (count() / (PER_SECOND / 2)) * 1_000;
      if (due > performance.now()) await sleep(Math.ceil(Math.max(0, due - performance.now())));
      else if (i % 8 === 0) await sleep(1);
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
  if (kind < 0.5) return bytes.subarray(0, Math.floor(next() * bytes.length));
  return kind < 0.7 ? Buffer.concat([bytes, bytes]) : bytes;
}

/** Subscribes to everything it may (the broker of the demonstration is open) and never reads a byte. */
async function frozen(i: number): Promise<void> {
  while (going()) {
    const socket = open(mqtt);
    socket.pause();
    counts.frozen += 1;
    socket.write(Buffer.from([0x10, 14, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 2, 0x66, 97 + i]));
    socket.write(Buffer.from([0x82, 12, 0, 1, 0, 7, ...Buffer.from("vigie/#"), 1]));
    await either(socket, end - performance.now());
    socket.destroy();
    await sleep(500);
  }
}

/** Opens the live page and never reads it. */
async function unread(): Promise<void> {
  while (going()) {
    const socket = open(http);
    socket.pause();
    counts.unread += 1;
    socket.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await either(socket, end - performance.now());
    socket.destroy();
    await sleep(500);
  }
}

await Promise.all([
  many(5_000, idle),
  many(50, slow),
  many(20, huge),
  many(20, () => malformed(mqtt, CONNECT, () => ++counts.malformedMqtt)),
  many(20, () => malformed(http, REQUEST, () => ++counts.malformedHttp)),
  many(10, frozen),
  many(20, unread),
]);
console.log(JSON.stringify(counts));
process.exit(0);
