import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  alarmAnswer,
  errorAnswer,
  historyAnswer,
  machineAnswer,
  pointAnswer,
  siteAnswer,
} from "../../../gateway/web/answers.ts";
import { entry, reading } from "../../sim/peers/kit.ts";
import { anAlarm, anEvent, type World, world } from "./world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.web.close());

const json = async (path: string, init?: RequestInit) => {
  const response = await fetch(w.api(path), init);
  return { status: response.status, body: (await response.json()) as unknown };
};
const post = (path: string, body?: unknown) =>
  json(path, {
    method: "POST",
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });

describe("the contract", () => {
  test("the site says who it is", async () => {
    const { body } = await json("/site");
    expect(z.strictObject(siteAnswer.shape).parse(body)).toMatchObject({ id: "nord", language: "fr", open: true });
  });

  test("machines are a bare list with their points", async () => {
    const { body } = await json("/machines");
    const machines = z.array(z.strictObject(machineAnswer.shape)).parse(body);
    expect(machines[0]).toMatchObject({ id: "tour-2", code: "T2", health: 87, state: "running", alarms: 0 });
    expect(machines[0]?.points).toEqual(["tour-2/oil_pressure", "tour-2/temp"]);
    expect((await json("/machines/T2")).body).toMatchObject({ id: "tour-2", reasons: [{ fr: "good" }] });
    expect((await json("/machines/none")).status).toBe(404);
  });

  test("a point has its value, its age and its quality; a bad one has null and its why", async () => {
    await w.web.live.apply([entry(8, reading("tour-2/temp", 41.5)), entry(9, reading("not/configured", 1))], "live");
    await w.web.live.apply(
      [entry(9, { point: "scie-1/temp", t: reading("a/b", 1).t, quality: "bad", why: "crc" })],
      "live",
    );
    const points = z.array(z.strictObject(pointAnswer.shape)).parse((await json("/points")).body);
    expect(points).toHaveLength(3);
    expect(points.find(({ id }) => id === "tour-2/temp")).toMatchObject({
      value: 41.5,
      quality: "good",
      age: 2_000,
      unit: "Cel",
    });
    expect(points.find(({ id }) => id === "scie-1/temp")).toMatchObject({
      value: null,
      quality: "bad",
      why: "crc",
      age: 1_000,
    });
    expect(points.find(({ id }) => id === "tour-2/oil_pressure")).toMatchObject({ value: null, t: null, age: null });
  });

  test("an old value that arrives late does not take the place of the newest", async () => {
    await w.web.live.apply([entry(8, reading("tour-2/temp", 41.5))], "live");
    await w.web.live.apply([entry(3, reading("tour-2/temp", 20))], "backlog");
    expect((await json("/points?machine=tour-2")).body).toContainEqual(expect.objectContaining({ value: 41.5 }));
  });

  test("history comes in buckets, gaps with their cause", async () => {
    const { body } = await json("/history?point=tour-2/temp&from=0&to=4000&buckets=4");
    const answer = z.strictObject(historyAnswer.shape).parse(body);
    expect(answer.unit).toBe("Cel");
    expect(answer.buckets.map(({ t }) => t)).toEqual([0, 1_000, 2_000, 3_000]);
    expect(answer.buckets[1]).toMatchObject({ mean: null, bad: 3, why: "timeout" });
  });

  test.each([
    ["/history", "querystring.point"],
    ["/history?point=tour-2/temp&buckets=99999", "querystring.buckets"],
    ["/history?point=tour-2/temp&from=x", "querystring.from"],
    ["/history?point=tour-2/temp&unknown=1", "querystring"],
  ])("%s is refused with its place, %s", async (path, where) => {
    const { status, body } = await json(path);
    expect(status).toBe(400);
    expect(errorAnswer.parse(body).where).toBe(where);
  });

  test("an unknown point is named in the answer", async () => {
    const { status, body } = await json("/history?point=tour-2/nothing");
    expect(status).toBe(404);
    expect(errorAnswer.parse(body).message).toContain("tour-2/nothing");
  });

  test("alarms speak the language that is asked for", async () => {
    w.alarms.all.set("a1", anAlarm("a1", { part: "pump", forecast: null }));
    const [fr] = z.array(alarmAnswer).parse((await json("/alarms")).body);
    const [en] = z.array(alarmAnswer).parse((await json("/alarms?lang=en")).body);
    expect(fr).toMatchObject({ id: "a1", text: "Pression d'huile basse", part: "pump", forecast: null });
    expect(en?.text).toBe("Oil pressure low");
  });

  test("acknowledging names who and says what changed; a second time is refused", async () => {
    w.alarms.all.set("a1", anAlarm("a1"));
    const { status, body } = await post("/alarms/a1/ack", { comment: "seen" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: "a1", state: "acked", ackedBy: "local" });
    expect(w.alarms.acts).toEqual([{ id: "a1", action: { kind: "ack", by: "local", comment: "seen" } }]);
    expect((await post("/alarms/a1/ack")).status).toBe(409);
    expect((await post("/alarms/zz/ack")).status).toBe(404);
  });

  test("shelving needs a reason", async () => {
    w.alarms.all.set("a1", anAlarm("a1"));
    expect(await post("/alarms/a1/shelve", { minutes: 30 })).toMatchObject({
      status: 400,
      body: { where: "body.reason" },
    });
    expect(await post("/alarms/a1/shelve")).toMatchObject({ status: 400, body: { where: "body.reason" } });
    expect((await post("/alarms/a1/shelve", { minutes: 30, reason: "cleaning" })).status).toBe(200);
  });

  test("the history of alarms is newest first and can be narrowed", async () => {
    await w.notices.append(
      Array.from({ length: 1_500 }, (_, i) => anEvent(anAlarm(`a${i}`, i % 3 ? {} : { machine: "scie-1" }))),
    );
    const ids = (body: unknown) =>
      z
        .array(z.object({ alarm: z.object({ id: z.string() }) }))
        .parse(body)
        .map((e) => e.alarm.id);
    expect(ids((await json("/alarms/history?limit=2")).body)).toEqual(["a1499", "a1498"]);
    expect(ids((await json("/alarms/history?limit=2&machine=scie-1")).body)).toEqual(["a1497", "a1494"]);
    expect(ids((await json("/alarms/history?alarm=a3")).body)).toEqual(["a3"]);
  });

  test("devices, state, health and metrics answer", async () => {
    expect((await json("/devices")).body).toEqual([
      { driver: "ligne-1", type: "modbus", state: "running", devices: [] },
    ]);
    expect((await json("/state")).body).toMatchObject({
      log: "ok",
      drivers: { "ligne-1": "running" },
      behind: { influx: 3 },
    });
    expect((await fetch(`${w.web.url}/healthz`)).status).toBe(200);
    w.parts.meters.counter("crc_total", 'Damaged "answers"', { bus: 'a"b\n' }).value = 3;
    const text = await (await fetch(`${w.web.url}/metrics`)).text();
    expect(text).toContain(
      '# HELP vigie_crc_total Damaged "answers"\n# TYPE vigie_crc_total counter\nvigie_crc_total{bus="a\\"b\\n"} 3\n',
    );
  });

  test("OpenAPI describes every route of the contract", async () => {
    const document = z
      .object({ paths: z.record(z.string(), z.unknown()) })
      .parse(await (await fetch(`${w.web.url}/api/docs`)).json());
    for (const path of ["site", "machines", "points", "history", "alarms", "alarms/{id}/ack", "events"])
      expect(Object.keys(document.paths)).toContain(`/api/v1/${path}`);
    const html = await (await fetch(`${w.web.url}/api/docs`, { headers: { accept: "text/html" } })).text();
    expect(html).toContain("<code>/api/v1/history</code>");
  });

  test("what does not exist is said in the same shape", async () => {
    expect(await json("/nothing")).toMatchObject({ status: 404, body: { error: "not-found" } });
  });
});
