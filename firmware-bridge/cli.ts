import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { FakeNode } from "./fake.ts";
import { Link } from "./link.ts";
import { type Hears, Talk } from "./talk.ts";

type Language = "fr" | "en";
type Words = Readonly<Record<Language, string>>;

export const usage: Words = {
  fr: `Usage : vigie node dump PORT [--baud N]      montre tout ce qu'un nœud dit
        vigie node console PORT [--baud N]   parle au nœud comme dans un terminal (Ctrl-] pour sortir)
        vigie node fake [--listen PORT]      joue un nœud sur une connexion TCP
PORT est un chemin (/dev/serial/by-id/…) ou tcp://hôte:port.`,
  en: `Usage: vigie node dump PORT [--baud N]      shows all that a node says
       vigie node console PORT [--baud N]   talks to the node as in a terminal (Ctrl-] leaves)
       vigie node fake [--listen PORT]      plays a node on a TCP connection
PORT is a path (/dev/serial/by-id/…) or tcp://host:port.`,
};

/** `vigie node …`. Resolves to the exit code. */
export async function run(args: string[], language: Language): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { baud: { type: "string", default: "115200" }, listen: { type: "string", default: "0" } },
  });
  const [verb, port] = positionals;
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  if (verb === "fake") return fake(Number(values.listen), stop.signal);
  if (port && verb === "dump") return dump(port, Number(values.baud), stop.signal);
  if (port && verb === "console") return talkByHand(port, Number(values.baud), stop);
  console.error(usage[language]);
  return 2;
}

/** Prints every event of the conversation. Nothing is acknowledged as saved: the node keeps its samples for the gateway. */
async function dump(port: string, baud: number, signal: AbortSignal): Promise<number> {
  const print = (what: string, content: unknown) => console.log(`${what} ${JSON.stringify(content)}`);
  const hears: Hears = {
    mark: () => undefined,
    described: ({ hello, channels }) => {
      print("hello", hello);
      for (const channel of channels) print("channel", channel);
    },
    samples: (samples) => {
      for (const { channel, sample } of samples) {
        const value = "raw" in sample ? Number((sample.raw * scale(channel)).toPrecision(7)) : sample.fault;
        console.log(`${(sample.time / 1_000).toFixed(3)} s  ${channel.name} = ${value} ${channel.unit}`);
      }
      return true;
    },
    burst: ({ raw, ...burst }, channel) => print(`burst ${channel.name}`, { ...burst, samples: raw.length }),
    setting: (setting) => print("setting", setting),
    status: (status) => print("status", status),
  };
  const talk: Talk = new Talk((bytes) => link.send(bytes), hears);
  const link = new Link({
    port,
    baud,
    onBytes: (piece) => talk.receive(piece, performance.now()),
    onState: (down) => {
      console.error(down === undefined ? `${port}: open` : `${port}: ${down}`);
      if (down === undefined) talk.reconnected(performance.now());
    },
  });
  const timer = setInterval(() => talk.tick(performance.now()), 50);
  await link.run(signal);
  clearInterval(timer);
  print("counts", { ...talk.reader.counts, ...talk.counts, bursts: talk.bursts.counts });
  return 0;
}

const scale = (channel: { mantissa: number; exponent: number }): number => channel.mantissa * 10 ** channel.exponent;

const CTRL_RIGHT_BRACKET = 0x1d;

/** The node's own text console, which three times Enter opens. */
async function talkByHand(port: string, baud: number, stop: AbortController): Promise<number> {
  const link: Link = new Link({
    port,
    baud,
    onBytes: (piece) => process.stdout.write(piece),
    onState: (down) => {
      console.error(down === undefined ? `${port}: open, Ctrl-] leaves` : `${port}: ${down}`);
      if (down === undefined) link.send(new TextEncoder().encode("\r\r\r"));
    },
  });
  const { stdin } = process;
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on("data", (typed: Buffer) => {
    if (typed.includes(CTRL_RIGHT_BRACKET)) stop.abort();
    else link.send(typed);
  });
  await link.run(stop.signal);
  if (stdin.isTTY) stdin.setRawMode(false);
  stdin.pause();
  return 0;
}

/** A node with a slow wave, a counter, an open probe and an axis of vibration. */
async function fake(port: number, signal: AbortSignal): Promise<number> {
  const node = new FakeNode({
    id: "fake-node",
    channels: [
      { name: "temp", unit: "Cel", every: 1_000, value: (t) => 40 + 5 * Math.sin(t / 30_000) },
      { name: "pulses", unit: "1", kind: "counter", every: 1_000, resolution: 1, value: (t) => Math.floor(t / 250) },
      { name: "probe", unit: "Cel", every: 5_000, value: () => "sensor_open" },
    ],
    bursts: [{ name: "z", range: 16, take: (_, rate, count) => hum(rate, count) }],
  });
  const server = createServer((socket) => node.attach(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  console.log(`tcp://127.0.0.1:${typeof address === "object" ? address?.port : port}`);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  node.stop();
  server.close();
  return 0;
}

/** Half a g at mains frequency, and a little noise. */
const hum = (rate: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 0.5 * Math.sin((100 * Math.PI * i) / rate) + 0.02 * Math.random());
