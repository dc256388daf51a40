import { afterEach, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import { bruno, claire, Office } from "./office.ts";

const open: Office[] = [];
afterEach(async () => {
  for (const office of open.splice(0)) await office.stop();
});

const house = async (settings: object = { people: [claire] }, wall?: string) => {
  const office = await Office.open(settings, wall);
  open.push(office);
  return office;
};

test("the first notice of a quiet machine goes at once, what follows within 30 s comes as one", async () => {
  const office = await house();
  await office.raise("chaud");
  expect(office.sms.words).toEqual(["[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 10:00"]);
  await office.pass(5 * SECOND);
  await office.raise("huile");
  await office.raise("vibration");
  await office.pass(24 * SECOND);
  expect(office.sms.sent).toHaveLength(1);
  await office.pass(2 * SECOND);
  expect(office.sms.words[1]).toMatch(/^\[P1\] Fraiseuse 3 : 2 alarmes, /);
  await office.raise("eau");
  await office.pass(4 * MINUTE);
  expect(office.sms.sent).toHaveLength(2);
  await office.pass(2 * MINUTE);
  expect(office.sms.sent).toHaveLength(3);
});

test("an SMS is at most 160 characters and always ends with its code", async () => {
  const office = await house();
  await office.raise("long", { text: { fr: "x".repeat(300), en: "x" } });
  expect(office.sms.sent[0]?.short).toHaveLength(160);
  expect(office.sms.sent[0]?.short).toMatch(/\.\.\. OK=\d{4}$/);
});

test("nobody answers: it escalates step by step; somebody does: it stops", async () => {
  const policies = [
    {
      id: "nuit",
      steps: [{ who: "claire" }, { after: "10min", who: "bruno" }, { after: "25min", who: "claire", via: ["mail"] }],
    },
  ];
  const office = await house({ people: [claire, bruno], policies });
  await office.raise("chaud");
  await office.pass(9 * MINUTE);
  expect([office.sms.sent.length, office.mail.sent.length]).toEqual([1, 0]);
  await office.pass(2 * MINUTE);
  expect(office.mail.sent[0]?.title).toBe("[P1] Mill 3: Spindle temperature 82 > 75 °C since 10:00");
  await office.board.act("chaud", { kind: "ack", by: "Bruno" });
  await office.pass(5 * HOUR);
  expect([office.sms.sent.length, office.mail.sent.length]).toEqual([1, 1]);
});

test("an alarm that is over or seen before its group opens is told to nobody", async () => {
  const office = await house();
  await office.raise("chaud");
  await office.raise("huile");
  await office.clear("huile");
  await office.pass(10 * MINUTE);
  expect(office.sms.sent).toHaveLength(1);
});

test("an alarm that nobody acknowledges comes again after four hours", async () => {
  const office = await house();
  await office.raise("chaud");
  await office.pass(4 * HOUR - MINUTE);
  expect(office.sms.sent).toHaveLength(1);
  await office.pass(2 * MINUTE);
  expect(office.sms.sent).toHaveLength(2);
});

test("five hundred alarms in ten seconds are one flood notice per person, and the rest when it is over", async () => {
  const office = await house({ people: [claire, bruno] });
  for (let i = 0; i < 10; i++) {
    const batch = Array.from({ length: 50 }, (_, k) => `a${i}-${k}`);
    for (const id of batch.slice(0, 1)) await office.raise(id, { machine: `m${i}` });
    await office.events(
      ...batch.slice(1).map((id) => ({
        alarm: { ...office.board.list()[0], id, machine: `m${i}` } as never,
        to: "unacked" as const,
        annunciated: true,
      })),
    );
    await office.pass(SECOND);
  }
  await office.pass(9 * MINUTE);
  for (const { words } of [office.sms])
    expect(words.filter((w) => w.startsWith("Avalanche"))).toEqual([
      expect.stringMatching(/^Avalanche : \d+ alarmes sur \d+ machines? depuis 10:00/),
    ]);
  expect(office.sms.sent.length).toBeLessThanOrEqual(2);
  expect(office.mail.sent.filter((m) => m.title.startsWith("Flood"))).toHaveLength(1);
});

test("no more than six messages an hour; what is more comes as one summary", async () => {
  const office = await house({ people: [claire] });
  for (let i = 0; i < 9; i++) {
    await office.raise(`a${i}`, { machine: `m${i}` });
    await office.pass(5 * MINUTE);
  }
  expect(office.sms.sent).toHaveLength(6);
  await office.pass(20 * MINUTE);
  expect(office.sms.sent).toHaveLength(7);
  expect(office.sms.words[6]).toMatch(/3 alarmes/);
});

test("low priority and notices wait for the digest at eight, by the clock on the wall, on the day summer time begins", async () => {
  const office = await house({ people: [claire] }, "2026-03-28T09:00:00Z");
  await office.raise("poussière", { priority: "low" });
  await office.events({
    alarm: { ...(office.board.get("poussière") as never as object), id: "avis", class: "notice" } as never,
    to: "unacked",
  });
  await office.pass(20 * HOUR);
  expect(office.sms.sent).toEqual([]);
  await office.pass(2 * HOUR);
  expect(office.sms.words).toEqual(["Bilan du matin : 2 avis"]);
  expect(new Date(Date.parse("2026-03-28T09:00:00Z") + (office.sms.sent[0]?.at ?? 0) - 1_000).toISOString()).toMatch(
    /^2026-03-29T06:00:/,
  );
});

test("Monday's digest lists what people have put aside", async () => {
  const office = await house({ people: [bruno] }, "2026-03-06T09:00:00Z");
  await office.raise("chaud");
  await office.board.act("chaud", { kind: "shelve", by: "Claire", until: "oneshot", reason: "pièce commandée" });
  await office.pass(48 * HOUR);
  expect(office.mail.sent).toHaveLength(1);
  await office.pass(24 * HOUR);
  expect(office.mail.sent[1]?.title).toBe("Morning digest: 1 notice");
  expect(office.mail.sent[1]?.body).toMatch(/Spindle temperature 82 > 75 °C since 10:00 \(shelved\)$/m);
});

test("a clock that jumps ten years and back neither floods with digests nor silences them", async () => {
  const office = await house({ people: [claire], allIsWell: true });
  await office.pass(MINUTE);
  office.clock.step(10 * 365 * 24 * HOUR);
  await office.pass(HOUR);
  office.clock.step(-10 * 365 * 24 * HOUR);
  await office.pass(HOUR);
  const jumps = office.sms.sent.length;
  expect(jumps).toBeLessThanOrEqual(2);
  await office.pass(24 * HOUR);
  expect(office.sms.sent.length).toBe(jumps + 1);
  expect(office.sms.words.at(-1)).toBe("Atelier Nord : RAS, tout va bien");
});

test("in quiet hours only high priority wakes; the rest waits for the morning", async () => {
  const sleeper = { ...claire, quiet: { from: "22:00", to: "06:00" } };
  const office = await house({ people: [sleeper] }, "2026-03-02T22:00:00Z");
  await office.raise("moyen", { priority: "medium", machine: "m1" });
  await office.raise("grave", { priority: "high", machine: "m2" });
  expect(office.sms.sent.map((m) => m.priority)).toEqual(["high"]);
  await office.board.act("grave", { kind: "ack", by: "Claire" });
  await office.pass(6 * HOUR + 55 * MINUTE);
  expect(office.sms.sent).toHaveLength(1);
  await office.pass(10 * MINUTE);
  expect(office.sms.sent.map((m) => m.priority)).toEqual(["high", "medium"]);
});

test("a channel that is down is tried again, and the person's next channel helps out", async () => {
  const office = await house();
  office.sms.down = true;
  await office.raise("chaud");
  await office.pass(MINUTE);
  expect(office.mail.sent).toHaveLength(1);
  expect(office.postman.deliveries(9).find((d) => d.channel === "sms")).toMatchObject({
    state: "queued",
    error: "sms is down",
  });
  office.sms.down = false;
  await office.pass(11 * MINUTE);
  expect(office.sms.sent).toHaveLength(1);
  expect(office.postman.deliveries(9).map((d) => d.state)).toEqual(["sent", "sent"]);
});

test("a message that waits for a dead channel is dropped when the alarm is over", async () => {
  const office = await house();
  office.sms.down = true;
  await office.raise("chaud");
  await office.clear("chaud");
  office.sms.down = false;
  await office.pass(20 * MINUTE);
  expect(office.sms.sent).toEqual([]);
  expect(office.postman.deliveries(1)[0]?.state).toBe("dropped");
});

test("a restart in the middle tells nobody twice and goes on with the escalation", async () => {
  const policies = [{ id: "p", steps: [{ who: "claire" }, { after: "10min", who: "bruno" }] }];
  const office = await house({ people: [claire, bruno], policies });
  await office.raise("chaud");
  await office.pass(5 * MINUTE);
  await office.start();
  await office.pass(4 * MINUTE);
  expect([office.sms.sent.length, office.mail.sent.length]).toEqual([1, 0]);
  await office.pass(2 * MINUTE);
  expect([office.sms.sent.length, office.mail.sent.length]).toEqual([1, 1]);
});

test("an SMS reply acknowledges, shelves, and only from a number that is known", async () => {
  const office = await house();
  await office.raise("chaud");
  const code = office.sms.sent[0]?.code;
  expect(await office.sms.hear?.("+33700000000", `OK ${code}`)).toBeUndefined();
  expect(office.board.acts).toEqual([]);
  expect(await office.sms.hear?.("0612345678", "bonjour")).toMatch(/^Répondez OK/);
  expect(await office.sms.hear?.("06 12 34 56 78", `ok ${code}`)).toBe("Acquitté (1).");
  expect(office.board.acts).toEqual([{ id: "chaud", action: { kind: "ack", by: "Claire", comment: "sms" } }]);
  expect(office.postman.deliveries(1)[0]?.state).toBe("acknowledged");
  expect(await office.sms.hear?.("+33612345678", `SH ${code} 2h`)).toBe("Mis en attente (1).");
  expect(office.board.acts[1]?.action).toMatchObject({ kind: "shelve", until: office.clock.now() + 2 * HOUR });
});

test("a signed link acknowledges once, not when it was changed, and not after a day", async () => {
  const office = await house({ people: [claire], link: "http://vigie.local:8080/" });
  await office.raise("chaud");
  const token = office.sms.sent[0]?.link?.replace("http://vigie.local:8080/ack/", "") ?? "";
  expect(office.postman.look(token)).toMatchObject({ ok: true, by: "Claire", alarms: [{ id: "chaud" }] });
  expect(office.board.acts).toEqual([]);
  expect(await office.postman.redeem(`${token.slice(0, -2)}xx`)).toEqual({ ok: false, why: "unknown" });
  expect(await office.postman.redeem(token)).toMatchObject({ ok: true, by: "Claire" });
  expect(await office.postman.redeem(token)).toEqual({ ok: false, why: "used" });
  await office.start();
  expect(await office.postman.redeem(token)).toEqual({ ok: false, why: "used" });
  await office.raise("huile", { machine: "m2" });
  const late = office.sms.sent[1]?.link?.split("/ack/")[1] ?? "";
  await office.pass(25 * HOUR);
  expect(await office.postman.redeem(late)).toEqual({ ok: false, why: "expired" });
});

test("the weekly drill goes through the whole chain, marked TEST, and its report says who was reached", async () => {
  const office = await house({ people: [claire, bruno], fireDrill: { day: "mon", at: "10:30" } });
  office.mail.down = true;
  await office.pass(29 * MINUTE);
  expect(office.sms.sent).toEqual([]);
  await office.pass(5 * MINUTE);
  expect(office.sms.words).toEqual([expect.stringMatching(/^TEST \[P1\]/)]);
  expect(office.postman.drills()).toMatchObject([
    {
      alarm: "fire-drill",
      deliveries: [
        { person: "Bruno", state: "queued", error: "mail is down" },
        { person: "Claire", state: "sent" },
      ],
    },
  ]);
  await office.pass(24 * HOUR);
  expect(office.sms.sent).toHaveLength(1);
});
