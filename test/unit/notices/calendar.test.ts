import { expect, test } from "vitest";
import { epochMs } from "../../../gateway/core/time.ts";
import { iCalendar, isHoliday, onDuty, wallTime } from "../../../gateway/notices/calendar.ts";
import { noticeSettings } from "../../../gateway/notices/settings.ts";

const PARIS = "Europe/Paris";
const at = (iso: string) => epochMs(Date.parse(iso));
const rota = (over: object = {}) => {
  const via = [{ channel: "sms", address: "+33612345678" }];
  const settings = noticeSettings.parse({
    people: ["claire", "bruno", "samir", "nadia", "paul"].map((id) => ({ id, name: id, via })),
    rotas: [
      {
        id: "astreinte",
        weekly: [
          { days: ["mon", "tue", "wed", "thu", "fri"], from: "08:00", to: "18:00", who: "claire", backup: "bruno" },
          { days: ["fri"], from: "18:00", to: "08:00", who: "samir" },
          { days: ["sat", "sun"], who: "samir" },
        ],
        ...over,
      },
    ],
  });
  const [first] = settings.rotas;
  if (!first) throw new Error("no rota");
  return first;
};
const who = (iso: string, over: object = {}) => onDuty(rota(over), at(iso), PARIS)?.who;

test("the eleven French public holidays of 2026, and no other day", () => {
  const days = Array.from({ length: 365 }, (_, i) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10));
  expect(days.filter(isHoliday)).toEqual([
    "2026-01-01",
    "2026-04-06",
    "2026-05-01",
    "2026-05-08",
    "2026-05-14",
    "2026-05-25",
    "2026-07-14",
    "2026-08-15",
    "2026-11-01",
    "2026-11-11",
    "2026-12-25",
  ]);
});

test("the duty changes at the hour of the wall clock, in summer and in winter", () => {
  expect(who("2026-01-05T06:59:00Z")).toBeUndefined();
  expect(who("2026-01-05T07:00:00Z")).toBe("claire");
  expect(who("2026-07-06T05:59:00Z")).toBeUndefined();
  expect(who("2026-07-06T06:00:00Z")).toBe("claire");
});

test("a night shift belongs to the evening on which it begins", () => {
  expect(who("2026-03-06T20:00:00Z")).toBe("samir");
  expect(who("2026-03-07T05:00:00Z")).toBe("samir");
  expect(who("2026-03-06T05:00:00Z")).toBeUndefined();
});

test("an exception counts before a holiday, a holiday before the week", () => {
  const over = { holidays: "nadia", exceptions: [{ from: "2026-05-01", to: "2026-05-03", who: "paul" }] };
  expect(who("2026-05-01T10:00:00Z", over)).toBe("paul");
  expect(who("2026-05-08T10:00:00Z", over)).toBe("nadia");
  expect(who("2026-05-07T10:00:00Z", over)).toBe("claire");
});

test("on the days when the clock changes, every minute has one wall time and the duty goes on", () => {
  expect(wallTime(at("2026-03-29T00:59:00Z"), PARIS)).toEqual({ date: "2026-03-29", minute: 119, day: "sun" });
  expect(wallTime(at("2026-03-29T01:00:00Z"), PARIS)).toEqual({ date: "2026-03-29", minute: 180, day: "sun" });
  expect(wallTime(at("2026-10-25T00:30:00Z"), PARIS).minute).toBe(150);
  expect(wallTime(at("2026-10-25T01:30:00Z"), PARIS).minute).toBe(150);
  for (const hour of ["00:30", "01:30", "02:30"]) {
    expect(who(`2026-03-29T${hour}:00Z`)).toBe("samir");
    expect(who(`2026-10-25T${hour}:00Z`)).toBe("samir");
  }
});

test("the calendar file holds each duty once, in UTC, over the end of summer time", () => {
  const ics = iCalendar(rota(), at("2026-10-23T06:00:00Z"), 4, PARIS, (id) => `${id}, de garde`);
  expect(ics).toContain("DTSTART:20261023T060000Z\r\nDTEND:20261023T160000Z\r\nSUMMARY:claire\\, de garde");
  expect(ics).toContain("DTSTART:20261026T070000Z");
  expect(ics.match(/BEGIN:VEVENT/g)?.length).toBe(ics.match(/UID:astreinte-\d+@vigie/g)?.length);
});
