import { expect, test } from "vitest";
import { ByteGuard, limits, notConnect } from "../../../gateway/mqtt/guard.ts";

const connect = [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 1, 0x78];
const old = [0x10, 15, 0, 6, ...Buffer.from("MQIsdp"), 3, 2, 0, 60, 0, 1, 0x78];

test("a CONNECT may come in, cut anywhere", () => {
  for (const packet of [connect, old])
    for (let i = 1; i <= packet.length; i++) expect(notConnect(Uint8Array.from(packet.slice(0, i)))).toBeUndefined();
});

test("a CONNECT with a length of two bytes may come in", () => {
  expect(notConnect(Uint8Array.from([0x10, 0x8d, 0x01, ...connect.slice(2)]))).toBeUndefined();
});

test.each([
  ["nothing like MQTT", [...Buffer.from("GET / HTTP/1.1")], "not MQTT"],
  ["another packet first", [0x30, 5, 0, 1], "not MQTT"],
  ["another protocol name", [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x55], "not MQTT"],
  ["a name of another length", [0x10, 13, 0, 5, 0x4d], "not MQTT"],
  ["5 KiB announced", [0x10, 0x80, 0x28], "packet too long"],
  ["256 MB announced", [0x10, 0xff, 0xff, 0xff, 0x7f], "packet too long"],
  ["a length without an end", [0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0], "not MQTT"],
])("%s is refused: %s", (_, bytes, why) => expect(notConnect(Uint8Array.from(bytes))).toBe(why));

const lengthOf = (length: number) => [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];

test("once inside, a packet of 256 KiB may come and no longer one; before, one of 4 KiB", () => {
  for (const [admitted, most] of [
    [false, limits.connectBytes],
    [true, limits.packetBytes],
  ] as const) {
    const guard = new ByteGuard(0);
    guard.admitted = admitted;
    const first = admitted ? 0x30 : 0x10;
    expect(guard.take(Uint8Array.from([first, ...lengthOf(most)]))).toBeUndefined();
    expect(guard.take(new Uint8Array(most))).toBeUndefined();
    expect(guard.take(Uint8Array.from([0x30, ...lengthOf(most + 1)]))).toBe("packet too long");
  }
});

test("after a burst of 4,000 packets a client waits as long as its rate asks for", () => {
  const guard = new ByteGuard(0);
  guard.admitted = true;
  const pings = (count: number) => Uint8Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 0 : 0xc0));
  expect(guard.take(pings(limits.packetBurst))).toBeUndefined();
  expect(guard.rest(0)).toBe(0);
  guard.take(pings(500));
  expect(guard.rest(0)).toBe(500);
  expect(guard.rest(499)).toBe(1);
  expect(guard.rest(500)).toBe(0);
});
