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

const records = (office: Office) =>
  office.postman.deliveries(50).map(({ person, channel, state }) => `${person} ${channel} ${state}`);

test("a message goes from queued to sent to received to acknowledged, and each is on record", async () => {
  const office = await house();
  office.sms.down = true;
  await office.raise("chaud");
  expect(records(office)).toEqual(["claire sms queued"]);
  office.sms.down = false;
  await office.pass(11 * SECOND);
  expect(records(office)).toEqual(["claire sms sent"]);
  office.sms.learned(office.sms.sent[0]?.id ?? "", { kind: "received" });
  expect(records(office)).toEqual(["claire sms received"]);
  await office.board.act("chaud", { kind: "ack", by: "Claire" });
  expect(records(office)).toEqual(["claire sms acknowledged"]);
});

test("a message that the network gave up has failed with its cause, and the next channel gets it", async () => {
  const office = await house();
  await office.raise("chaud");
  office.sms.learned(office.sms.sent[0]?.id ?? "", { kind: "failed", why: { fr: "non remis", en: "not delivered" } });
  await office.pass(2 * SECOND);
  expect(records(office)).toEqual(["claire mail sent", "claire sms failed"]);
  expect(office.postman.deliveries(50, { state: "failed" })[0]?.error).toBe("not delivered");
  expect(office.mail.sent[0]?.title).toBe(office.sms.sent[0]?.title);
});

test("while a channel is down its cause stands in the record, and after a day it has failed", async () => {
  const office = await house({ people: [{ ...claire, via: [claire.via[0]] }] });
  office.sms.down = true;
  await office.raise("chaud");
  await office.pass(MINUTE);
  expect(office.postman.deliveries(1)[0]).toMatchObject({ state: "queued", error: "sms is down" });
  await office.start();
  expect(office.postman.deliveries(1)[0]).toMatchObject({ state: "queued", error: "sms is down" });
  await office.pass(25 * HOUR);
  expect(office.postman.deliveries(50).at(-1)).toMatchObject({ state: "failed", error: "sms is down" });
});

test("a clock that leaps a week ahead gives up no message and ends no link", async () => {
  const office = await house({ people: [{ ...claire, via: [claire.via[0]] }], link: "http://vigie.local:8080" });
  office.sms.down = true;
  await office.raise("chaud");
  await office.pass(MINUTE);
  office.clock.step(7 * 24 * HOUR);
  await office.pass(5 * MINUTE);
  expect(records(office)).toEqual(["claire sms queued"]);
  office.sms.down = false;
  await office.pass(10 * MINUTE);
  const token = office.sms.sent[0]?.link?.split("/ack/")[1] ?? "";
  expect(await office.postman.redeem(token)).toMatchObject({ ok: true, by: "Claire" });
});

test("what waited while a channel was down leaves in the order of its weight", async () => {
  const office = await house({ people: [{ ...claire, via: [claire.via[0]] }] });
  office.sms.down = true;
  await office.raise("huile", { machine: "scie-1", priority: "medium" });
  await office.raise("chaud", { priority: "high" });
  await office.pass(MINUTE);
  office.sms.down = false;
  await office.pass(10 * MINUTE);
  expect(office.sms.sent.map(({ priority }) => priority)).toEqual(["high", "medium"]);
});

test("an alarm heard while the disk was broken is still known after a power cut, though nobody was to be told yet", async () => {
  const policies = [{ id: "tard", steps: [{ after: "10min", who: "claire" }] }];
  const office = await house({ people: [claire], policies });
  const { commit } = office.cells;
  office.cells.commit = async () => {
    throw new Error("no space left on the device");
  };
  await expect(office.raise("chaud")).rejects.toThrow("no space left");
  office.cells.commit = commit;
  await office.again();
  await office.start();
  await office.pass(11 * MINUTE);
  expect(office.sms.sent).toHaveLength(1);
});

test("deliveries are found by person, by alarm and by what became of them", async () => {
  const policies = [{ id: "tous", steps: [{ who: "claire" }, { who: "bruno" }] }];
  const office = await house({ people: [claire, bruno], policies });
  await office.raise("chaud");
  await office.raise("huile", { machine: "scie-1" });
  const found = (wish: object) => office.postman.deliveries(50, wish).map((d) => `${d.person} ${d.alarms}`);
  expect(found({ person: "bruno" })).toEqual(["bruno huile", "bruno chaud"]);
  expect(found({ alarm: "huile" })).toEqual(["bruno huile", "claire huile"]);
  expect(found({ state: "queued" })).toEqual([]);
  expect(office.postman.people()).toEqual([
    { id: "claire", name: "Claire", channels: ["sms", "mail"] },
    { id: "bruno", name: "Bruno", channels: ["mail"] },
  ]);
});

test("nobody reads the code or the link of somebody else in the records", async () => {
  const office = await house({ people: [claire], link: "http://vigie.local:8080" });
  await office.raise("chaud");
  const text = JSON.stringify(office.postman.deliveries(50));
  expect(office.sms.sent[0]?.code).toMatch(/^\d{4}$/);
  expect(text).not.toContain(`OK=${office.sms.sent[0]?.code}`);
  expect(text).not.toContain("/ack/");
});

const rotas = [
  {
    id: "astreinte",
    weekly: [
      { days: ["mon", "tue", "wed", "thu", "fri"], from: "08:00", to: "18:00", who: "claire", backup: "bruno" },
      { days: ["sat", "sun"], who: "bruno" },
    ],
    exceptions: [{ from: "2026-03-04", to: "2026-03-04", who: "bruno" }],
    holidays: "bruno",
  },
];

test("the duty of the week: who now, each shift with its reason, and the hours that nobody covers", async () => {
  const office = await house({ people: [claire, bruno], rotas });
  const [duty] = office.postman.duty(7);
  expect(duty).toMatchObject({ rota: "astreinte", who: "Claire", backup: "Bruno" });
  const iso = (t: number) => new Date(t).toISOString().slice(5, 16);
  expect(duty?.shifts.map(({ from, to, who, why }) => `${iso(from)} ${iso(to)} ${who} ${why}`)).toEqual([
    "03-02T07:00 03-02T17:00 Claire weekly",
    "03-03T07:00 03-03T17:00 Claire weekly",
    "03-03T23:00 03-04T23:00 Bruno exception",
    "03-05T07:00 03-05T17:00 Claire weekly",
    "03-06T07:00 03-06T17:00 Claire weekly",
    "03-06T23:00 03-08T23:00 Bruno weekly",
    "03-09T07:00 03-09T17:00 Claire weekly",
  ]);
  expect(duty?.gaps[0] && `${iso(duty.gaps[0].from)} ${iso(duty.gaps[0].to)}`).toBe("03-02T17:00 03-03T07:00");
  expect(duty?.exceptions).toEqual([{ from: "2026-03-04", to: "2026-03-04", who: "Bruno" }]);
});

test("a public holiday is told as such in the shifts of its week", async () => {
  const office = await house({ people: [claire, bruno], rotas }, "2026-07-13T09:00:00Z");
  const holiday = office.postman.duty(3)[0]?.shifts.find(({ why }) => why === "holiday");
  expect(holiday).toMatchObject({ who: "Bruno", from: Date.UTC(2026, 6, 13, 22), to: Date.UTC(2026, 6, 14, 22) });
});
