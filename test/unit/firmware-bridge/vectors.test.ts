import { expect, test } from "vitest";
import { z } from "zod";
import { encodeFrame, FrameReader } from "../../../firmware-bridge/frame.ts";
import { decodeMessage, encodeMessage, layouts, type Message } from "../../../firmware-bridge/message.ts";
import vectors from "../../../firmware-bridge/vectors.json" with { type: "json" };

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const shape = z.object({
  type: z.enum(Object.keys(layouts) as (keyof typeof layouts)[]),
  raw: z.array(z.int()).optional(),
});

/** The messages as the code knows them: raw samples are an Int16Array there. */
const message = (written: unknown): Message => {
  const { raw } = shape.parse(written);
  return { ...(written as Message), ...(raw && { raw: Int16Array.from(raw) }) } as Message;
};

test.each(vectors.messages)("golden: $name", (vector) => {
  expect(encodeMessage(message(vector.message))).toEqual(bytes(vector.payload));
  expect(decodeMessage(bytes(vector.payload))).toEqual(message(vector.message));
  expect(encodeFrame(bytes(vector.payload))).toEqual(bytes(vector.frame));
  expect(new FrameReader().read(bytes(vector.frame))).toEqual([bytes(vector.payload)]);
});

test.each(vectors.framing)("framed and back: $name", (vector) => {
  expect(encodeFrame(bytes(vector.payload))).toEqual(bytes(vector.frame));
  expect(new FrameReader().read(bytes(vector.frame))).toEqual([bytes(vector.payload)]);
});

test.each(vectors.damaged)("dropped, and the next frame is found: $name", (vector) => {
  const good = vectors.messages[0];
  const reader = new FrameReader();
  expect(reader.read(bytes(vector.bytes))).toEqual([]);
  expect(reader.read(bytes(good?.frame ?? ""))).toEqual([bytes(good?.payload ?? "")]);
});

test("every message type has a golden frame", () => {
  expect(new Set(vectors.messages.map((v) => v.message.type))).toEqual(new Set(Object.keys(layouts)));
});
