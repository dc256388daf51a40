import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { entry, reading, until } from "../../sim/peers/kit.ts";
import { anAlarm, anEvent, listen, type World, world } from "./world.ts";

let w: World;
const pages: { stop(): unknown }[] = [];
beforeEach(async () => {
  w = await world();
});
afterEach(async () => {
  for (const page of pages.splice(0)) page.stop();
  await w.web.close();
});
const page = (headers?: Record<string, string>, query = "") => {
  const opened = listen(`${w.api("/events")}${query}`, headers);
  pages.push(opened);
  return opened;
};

test("a page that opens gets every point at once, then only what changed", async () => {
  await w.web.live.apply([entry(1, reading("tour-2/temp", 20))], "live");
  const p = page();
  await until(() => p.of("points").length >= 1);
  expect(p.of("points")[0]).toMatchObject({ id: "1.0" });
  expect(p.of("points")[0]?.data).toHaveLength(3);
  await w.web.live.apply([entry(2, reading("scie-1/temp", 30))], "live");
  await until(() =>
    p.events.some((e) => e.event === "points" && e.id === "2.0" && JSON.stringify(e.data).includes("30")),
  );
  expect(p.of("points").at(-1)?.data).toEqual([expect.objectContaining({ id: "scie-1/temp", value: 30 })]);
});

test("ten thousand readings a second reach the page as at most four messages, the last value in the last", async () => {
  const p = page();
  await until(() => p.of("points").length >= 1);
  const before = p.of("points").length;
  const from = performance.now();
  let seq = 0;
  while (performance.now() - from < 1_000) {
    const batch = Array.from({ length: 100 }, () => entry(++seq, reading("tour-2/temp", seq)));
    await w.web.live.apply(batch, "live");
    await new Promise((next) => setTimeout(next, 10));
  }
  await until(() => JSON.stringify(p.of("points").at(-1)?.data).includes(`"value":${seq}`));
  expect(p.of("points").length - before).toBeLessThanOrEqual(6);
});

test("an entry costs the live page well under a microsecond", async () => {
  const batch = Array.from({ length: 1_000 }, (_, i) => entry(i, reading(i % 2 ? "tour-2/temp" : "scie-1/temp", i)));
  for (let i = 0; i < 200; i++) await w.web.live.apply(batch, "live");
  const from = performance.now();
  for (let i = 0; i < 1_000; i++) await w.web.live.apply(batch, "live");
  const each = ((performance.now() - from) * 1_000) / 1e6;
  console.info(`live page: ${each.toFixed(3)} µs per reading`);
  expect(each).toBeLessThan(1);
});

test("an alarm event reaches the page at once, in its language", async () => {
  const p = page({}, "?lang=en");
  await until(() => p.of("points").length >= 1);
  await w.notices.append([anEvent(anAlarm("a1"))]);
  await until(() => p.of("alarm").length === 1);
  expect(p.of("alarm")[0]).toMatchObject({ id: "0.1", data: { id: "a1", state: "unacked", text: "Oil pressure low" } });
});

test("a page that comes back gets every alarm event it missed, once each and in order, and those that follow", async () => {
  await w.notices.append(Array.from({ length: 1_000 }, (_, i) => anEvent(anAlarm(`a${i + 1}`))));
  await until(async () => {
    const probe = page();
    await until(() => probe.of("points").length >= 1);
    return probe.of("points")[0]?.id === "0.1000";
  });
  const p = page({ "last-event-id": "17.300" });
  for (let i = 1_001; i <= 1_050; i++) await w.notices.append([anEvent(anAlarm(`a${i}`))]);
  await until(() => p.of("alarm").length >= 750);
  const seen = p.of("alarm").map((e) => Number(e.id.split(".")[1]));
  expect(seen).toEqual(Array.from({ length: 750 }, (_, i) => i + 301));
});

test("a page that comes for the first time gets no old alarm events", async () => {
  await w.notices.append([anEvent(anAlarm("a1"))]);
  const p = page();
  await until(() => p.of("state").length >= 2);
  expect(p.of("alarm")).toEqual([]);
});

test("the gateway says every second that it is there", async () => {
  const p = page();
  await until(() => p.of("state").length >= 3, 4_000);
  expect(p.of("state")[0]?.data).toMatchObject({ log: "ok", drivers: { "ligne-1": "running" } });
});

test("a page that stops reading is closed once it is a megabyte behind", async () => {
  const socket = connect(Number(new URL(w.web.url).port), "127.0.0.1");
  socket.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await new Promise((arrived) => socket.once("readable", arrived));
  const closed = () => w.parts.meters.sum("web_events_behind_total");
  const long = anEvent(anAlarm("a", { comment: "x".repeat(60_000) }));
  await until(async () => {
    await w.notices.append(Array.from({ length: 10 }, () => long));
    return closed() === 1;
  });
  socket.destroy();
});
