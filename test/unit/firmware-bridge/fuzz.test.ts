import { expect, test } from "vitest";
import { BURST_MAX } from "../../../firmware-bridge/bursts.ts";
import { encodeFrame, FrameReader } from "../../../firmware-bridge/frame.ts";
import { type Hears, Talk } from "../../../firmware-bridge/talk.ts";
import vectors from "../../../firmware-bridge/vectors.json" with { type: "json" };
import { seeded } from "./random.ts";

/** `npm run test:node-long` plays a million. */
const STREAMS = Number(process.env.VIGIE_FUZZ_STREAMS ?? 50_000);
const SEED = Number(process.env.VIGIE_FUZZ_SEED ?? 1);

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const payloads = vectors.messages.map((vector) => fromHex(vector.payload));
const helloPayload = payloads[0] ?? new Uint8Array();
const hello = encodeFrame(helloPayload);

/** Random bytes; or golden messages, damaged before or after they were framed. */
function stream(random: () => number): Uint8Array {
  const upTo = (n: number) => Math.floor(random() * n);
  const noise = (n: number) => Uint8Array.from({ length: n }, () => upTo(256));
  if (random() < 0.2) return noise(upTo(200));
  const pieces: Uint8Array[] = [];
  for (let i = upTo(6); i >= 0; i--) {
    const payload = Uint8Array.from(payloads[upTo(payloads.length)] ?? []);
    if (random() < 0.6) payload[upTo(payload.length)] = upTo(256);
    const cut = random() < 0.2 ? payload.subarray(0, 1 + upTo(payload.length)) : payload;
    const frame = encodeFrame(random() < 0.1 ? Uint8Array.from([...cut, ...noise(upTo(400))]) : cut);
    if (random() < 0.3) frame[upTo(frame.length)] = upTo(256);
    pieces.push(random() < 0.1 ? frame.subarray(0, upTo(frame.length)) : frame);
    if (random() < 0.2) pieces.push(noise(upTo(20)));
  }
  return Buffer.concat(pieces);
}

test(`whatever a node sends, the gateway goes on (${STREAMS} streams)`, { timeout: 600_000 }, () => {
  const random = seeded(SEED);
  const heard = { described: 0, samples: 0, bursts: 0 };
  const hears: Hears = {
    mark: () => undefined,
    described: () => {
      heard.described += 1;
    },
    samples: () => {
      heard.samples += 1;
      return random() < 0.9;
    },
    burst: (burst) => {
      expect(burst.raw.length).toBeLessThanOrEqual(BURST_MAX);
      heard.bursts += 1;
    },
    setting: () => undefined,
    status: () => undefined,
  };
  let sent = 0;
  const send = (bytes: Uint8Array) => {
    sent += bytes.length;
  };
  const talk = new Talk(send, hears);
  const reader = new FrameReader();
  let at = 0;
  for (let i = 0; i < STREAMS; i++) {
    const bytes = stream(random);
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + 1 + Math.floor(random() * 64));
      talk.receive(bytes.subarray(from, to), at++);
      from = to;
    }
    at += 20;
    talk.tick(at);
    talk.receive(hello, at);
    reader.read(bytes);
    // What the stream broke off may become whole by the first zero of the next frame.
    const next = reader.read(hello).at(-1);
    if (!next || Buffer.compare(next, helloPayload) !== 0)
      throw new Error(`stream ${i} of seed ${SEED}: the next frame was not found`);
  }
  expect(heard.described).toBeGreaterThan(STREAMS / 1_000);
  expect(sent).toBeGreaterThan(0);
});
