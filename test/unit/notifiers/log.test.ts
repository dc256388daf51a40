import pino from "pino";
import { expect, test } from "vitest";
import log from "../../../gateway/notifiers/log.ts";
import { alarm, event, make, patient } from "./desk.ts";

const lines = () => {
  const written: string[] = [];
  const say = pino({}, { write: (line: string) => void written.push(JSON.parse(line).msg) });
  return { written, say };
};

test("an alarm is one line that an electrician understands", async () => {
  const { written, say } = lines();
  await make(log, {}, { say }).notify?.(event(), patient());
  await make(log, {}, { say }).notify?.(event({ annunciated: false }), patient());
  expect(written).toEqual(["[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05 (normal → unacked, system)"]);
});

test("a rule with a name says it first", async () => {
  const { written, say } = lines();
  const named = alarm({ name: { fr: "Broche chaude", en: "Hot spindle" } });
  await make(log, {}, { say }).notify?.(event({ alarm: named }), patient());
  expect(written[0]).toMatch(/^\[P1\] Fraiseuse 3 : Broche chaude, T° broche 82 > 75 °C depuis 14:05/);
});

test("a test says that it is one", async () => {
  const { written, say } = lines();
  await make(log, {}, { say }).notify?.(event({ test: true }), patient());
  expect(written[0]).toMatch(/^TEST \[P1\]/);
});
