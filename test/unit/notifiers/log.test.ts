import pino from "pino";
import { expect, test } from "vitest";
import type { AlarmEvent } from "../../../gateway/core/alarm.ts";
import log from "../../../gateway/notifiers/log.ts";
import { alarm, event, make, patient } from "./desk.ts";

/** What the journal holds after these events: `!` before a warning, as on the console. */
async function journal(events: readonly AlarmEvent[], options: object = {}, language: "fr" | "en" = "fr") {
  const written: string[] = [];
  const say = pino(
    {},
    {
      write: (json: string) => {
        const { level, msg } = JSON.parse(json);
        written.push(level === 40 ? `! ${msg}` : msg);
      },
    },
  );
  const site = { id: "nord", name: "Nord", timezone: "Europe/Paris", language };
  const notifier = make(log, options, { say, site });
  for (const one of events) await notifier.notify?.(one, patient());
  return written;
}

const by = (who: string, from: AlarmEvent["from"], to: AlarmEvent["to"]) =>
  event({ from, to, by: who, annunciated: false, alarm: alarm({ state: to }) });

test("an alarm is one line that an electrician understands", async () => {
  expect(await journal([event()])).toEqual(["! [P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05"]);
});

test("what became of it, and by whose hand, is said in the language of the workshop", async () => {
  const course = [
    by("Claire", "unacked", "acked"),
    by("Claire", "acked", "shelved"),
    by("Bruno", "shelved", "acked"),
    by("system", "acked", "normal"),
    by("Bruno", "returned", "normal"),
    by("Bruno", "latched-acked", "normal"),
    by("Bruno", "out-of-service", "normal"),
    by("system", "unacked", "returned"),
  ];
  expect(await journal(course)).toEqual([
    "Fraiseuse 3 : T° broche 82 > 75 °C, acquittée par Claire",
    "Fraiseuse 3 : T° broche 82 > 75 °C, mise en attente par Claire",
    "Fraiseuse 3 : T° broche 82 > 75 °C, reprise par Bruno",
    "Fraiseuse 3 : T° broche 82 > 75 °C, terminée",
    "Fraiseuse 3 : T° broche 82 > 75 °C, acquittée par Bruno",
    "Fraiseuse 3 : T° broche 82 > 75 °C, réarmée par Bruno",
    "Fraiseuse 3 : T° broche 82 > 75 °C, remise en service par Bruno",
    "Fraiseuse 3 : T° broche 82 > 75 °C, terminée sans que personne l'ait vue",
  ]);
  expect((await journal(course, {}, "en")).slice(0, 2)).toEqual([
    "Mill 3: Spindle temperature 82 > 75 °C, acknowledged by Claire",
    "Mill 3: Spindle temperature 82 > 75 °C, shelved by Claire",
  ]);
  expect(await journal(course, { what: "annunciated" })).toEqual([]);
});

test("what the gateway keeps quiet by itself, and what is only to be watched, fills no journal", async () => {
  const under = event({ from: "suppressed", to: "suppressed", annunciated: false });
  const watched = event({ annunciated: false, alarm: alarm({ level: "watch" }) });
  expect(await journal([under, by("system", "unacked", "suppressed"), watched])).toEqual([]);
});

test("a rule with a name says it first", async () => {
  const named = alarm({ name: { fr: "Broche chaude", en: "Hot spindle" } });
  expect((await journal([event({ alarm: named })]))[0]).toMatch(
    /^! \[P1\] Fraiseuse 3 : Broche chaude, T° broche 82 > 75 °C depuis 14:05/,
  );
});

test("a test says that it is one", async () => {
  expect((await journal([event({ test: true })]))[0]).toMatch(/^! TEST \[P1\]/);
});
