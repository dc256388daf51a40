import { expect, test } from "vitest";
import { StreamReader } from "../../../dashboard/src/sse.ts";

const stream =
  ": hello\n\nid: 7.2\nevent: points\ndata: [1,\ndata: 2]\n\nevent: state\r\ndata:{}\r\n\r\ndata: bare\n\n";
const whole = [
  { id: "7.2", event: "points", data: "[1,\n2]" },
  { id: "7.2", event: "state", data: "{}" },
  { id: "7.2", event: "message", data: "bare" },
];

test("a stream cut anywhere gives the same events", () => {
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new StreamReader();
    expect([...reader.push(stream.slice(0, cut)), ...reader.push(stream.slice(cut))]).toEqual(whole);
  }
});

test("a stream that comes letter by letter gives the same events", () => {
  const reader = new StreamReader();
  expect([...stream].flatMap((letter) => reader.push(letter))).toEqual(whole);
});

test("an event without end is refused instead of filling the memory", () => {
  const reader = new StreamReader();
  expect(() => {
    for (let i = 0; i < 100; i++) reader.push("x".repeat(100_000));
  }).toThrow("longer");
});
