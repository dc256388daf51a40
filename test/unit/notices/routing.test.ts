import { afterEach, expect, test } from "vitest";
import { DAY, epochMs, HOUR, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import { digestDue, drillDue } from "../../../gateway/notices/daily.ts";
import { noticeSettings } from "../../../gateway/notices/settings.ts";
import { bruno, claire, Office } from "./office.ts";

const open: Office[] = [];
afterEach(async () => {
  for (const office of open.splice(0)) await office.stop();
});

const house = async (settings: object, wall?: string) => {
  const office = await Office.open(settings, wall);
  open.push(office);
  return office;
};

test("somebody who is in two teams and on duty is told once", async () => {
  const office = await house({
    people: [claire, bruno],
    teams: [
      { id: "maintenance", people: ["claire", "bruno"] },
      { id: "chefs", people: ["claire"] },
    ],
    rotas: [{ id: "astreinte", weekly: [{ days: ["mon"], who: "claire" }] }],
    policies: [{ id: "tous", steps: [{ who: "astreinte" }, { who: "maintenance" }, { who: "chefs" }] }],
  });
  await office.raise("chaud");
  expect([office.sms.sent.length, office.mail.sent.length]).toEqual([1, 1]);
  expect(office.mail.sent[0]?.person).toBe("bruno");
});

test("the next step is not held up by what others were told of the machine", async () => {
  const policies = [{ id: "garde", steps: [{ who: "claire" }, { after: "5min", who: "bruno" }] }];
  const office = await house({ people: [claire, bruno], policies });
  await office.raise("chaud");
  await office.pass(4 * MINUTE);
  await office.raise("huile");
  await office.pass(MINUTE + 2 * SECOND);
  expect(office.mail.sent).toHaveLength(1);
  expect(office.mail.sent[0]?.title).toMatch(/^\[P1\] Mill 3: Spindle temperature/);
});

test("one that must be acted on now does not wait behind a lesser one of its machine", async () => {
  const office = await house({ people: [claire] });
  await office.raise("tiede", { priority: "medium" });
  await office.pass(SECOND);
  await office.raise("tiede-2", { priority: "medium" });
  await office.raise("chaud", { priority: "high" });
  await office.pass(2 * SECOND);
  expect(office.sms.sent.map(({ title }) => title.slice(0, 4))).toEqual(["[P2]", "[P1]"]);
  await office.raise("chaud-2", { priority: "high" });
  await office.pass(20 * SECOND);
  expect(office.sms.sent).toHaveLength(2);
  await office.pass(5 * MINUTE);
  expect(office.sms.sent.length).toBeGreaterThan(2);
});

test("whoever sleeps is told of a medium alarm in the morning, if it still holds by then", async () => {
  const sleeper = { ...claire, quiet: { from: "22:00", to: "06:00" } };
  const office = await house({ people: [sleeper] }, "2026-03-02T22:00:00Z");
  await office.raise("tiede", { priority: "medium" });
  await office.raise("bref", { priority: "medium" });
  await office.pass(HOUR);
  expect(office.sms.sent).toEqual([]);
  await office.clear("bref");
  await office.pass(6 * HOUR + MINUTE);
  expect(office.sms.sent.map(({ title }) => title)).toEqual(["[P2] Fraiseuse 3 : T° broche 82 > 75 °C depuis 23:00"]);
});

test("the digest is due once on every day of the year, the days of 23 and 25 hours too; the drill once a week", () => {
  const settings = noticeSettings.parse({ digest: "02:30", fireDrill: { day: "sun", at: "02:30" } });
  const digests: string[] = [];
  const drills: string[] = [];
  for (let t = Date.UTC(2026, 0, 1); t < Date.UTC(2027, 0, 1); t += 5 * MINUTE) {
    const digest = digestDue(settings, digests.at(-1) ?? "", epochMs(t), "Europe/Paris");
    const drill = drillDue(settings, drills.at(-1) ?? "", epochMs(t), "Europe/Paris");
    if (digest) digests.push(digest);
    if (drill) drills.push(drill);
  }
  expect(new Set(digests).size).toBe(365);
  expect(digests).toHaveLength(365);
  expect(drills).toHaveLength(52);
  expect(drills.every((date) => new Date(date).getUTCDay() === 0)).toBe(true);
});

test("when all is well it says so once a day, so that silence means something", async () => {
  const office = await house({ people: [claire], allIsWell: true });
  await office.pass(3 * DAY);
  expect(office.sms.words).toEqual(Array(3).fill("Atelier Nord : RAS, tout va bien"));
});
