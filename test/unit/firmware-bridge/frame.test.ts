import fc from "fast-check";
import { expect, test } from "vitest";
import { crc16, encodeFrame, FROM_NODE_MAX, FrameReader } from "../../../firmware-bridge/frame.ts";

const words = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...pieces: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(pieces));

test("the CRC is the published one", () => {
  expect(crc16(words("123456789"))).toBe(0x29b1);
});

test("any payload comes out as it went in, with no zero inside the frame", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: FROM_NODE_MAX - 2 }), (payload) => {
      const frame = encodeFrame(payload);
      expect(frame.subarray(1, -1)).not.toContain(0);
      expect(new FrameReader().read(frame)).toEqual([payload]);
    }),
  );
});

test("it does not matter where the stream is cut", () => {
  const payloads = [words("first"), Uint8Array.of(0, 0, 1, 0), Uint8Array.from({ length: 300 }, (_, i) => i & 0xff)];
  const noise = Uint8Array.of(1, 2, 3, 0, 255, 254, 9);
  const [a, b, c] = payloads.map(encodeFrame);
  if (!a || !b || !c) throw new Error("three frames");
  const stream = join(noise, a, noise, b, b, noise, c, noise);
  const expected = [payloads[0], payloads[1], payloads[1], payloads[2]];
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new FrameReader();
    expect([...reader.read(stream.subarray(0, cut)), ...reader.read(stream.subarray(cut))]).toEqual(expected);
  }
  const reader = new FrameReader();
  expect([...stream].flatMap((byte) => reader.read(Uint8Array.of(byte)))).toEqual(expected);
});

test("one damaged byte anywhere never gives a wrong payload", () => {
  const payload = words("a payload of some length with \0 zeros \0");
  const frame = encodeFrame(payload);
  for (let at = 0; at < frame.length; at++)
    for (let value = 0; value < 256; value++) {
      if (value === frame[at]) continue;
      const damaged = Uint8Array.from(frame);
      damaged[at] = value;
      const found = new FrameReader().read(damaged);
      // Without its first or last zero the frame may still be whole.
      for (const one of found) expect(one).toEqual(payload);
    }
});

test("an endless run without a zero is counted once, held never, and the next frame is found", () => {
  const reader = new FrameReader();
  for (let i = 0; i < 1_000; i++) expect(reader.read(new Uint8Array(1_024).fill(7))).toEqual([]);
  const next = words("next");
  expect(reader.read(encodeFrame(next))).toEqual([next]);
  expect(reader.counts).toEqual({ bytes: 1_024_000 + encodeFrame(next).length, good: 1, damaged: 0, overlong: 1 });
});
