import { afterEach, describe, expect, test } from "vitest";
import * as format from "../../../dashboard/src/format.ts";
import { site } from "../../../dashboard/src/live.ts";
import { chosenLanguage } from "../../../dashboard/src/words/index.ts";
import { epochMs } from "../../../gateway/core/time.ts";

const at = (utc: string): number => Date.parse(utc);

function workshop(timezone: string, language: "fr" | "en"): void {
  site.value = { id: "a", name: "A", timezone, language, version: "0", now: epochMs(0), open: true };
  chosenLanguage.value = language;
}

afterEach(() => {
  site.value = null;
  chosenLanguage.value = null;
});

describe("numbers as people write them", () => {
  test("French has a decimal comma and narrow spaces, English a point; minus is a minus", () => {
    workshop("Europe/Paris", "fr");
    expect(format.valueShown(12_873.44, "kWh")).toBe("12\u202f873\u00a0kWh");
    expect(format.valueShown(-3.5, "Cel")).toBe("−3,5\u00a0°C");
    expect(format.valueShown(1_452, "/min")).toBe("1\u202f452\u00a0tr/min");
    expect(format.bytesShown(1_500_000)).toBe("1,5\u00a0Mo");
    workshop("Europe/Paris", "en");
    expect(format.valueShown(-3.5, "Cel")).toBe("−3.5\u00a0°C");
    expect(format.valueShown(1_452, "/min")).toBe("1,452\u00a0rpm");
    expect(format.valueShown(7, "1")).toBe("7");
  });

  test("an axis shows as many decimals as tell its steps apart", () => {
    expect([1, 0.5, 0.25, 0.1, 100, 0.005].map(format.axisDecimals)).toEqual([0, 1, 2, 1, 0, 3]);
  });

  test("ages are short and stand still while fresh", () => {
    workshop("Europe/Paris", "fr");
    expect(format.agoShown(400)).toBe("à l’instant");
    expect(format.agoShown(42_000)).toBe("il y a 42\u00a0s");
    expect(format.agoShown(7 * 60_000)).toBe("il y a 7\u00a0min");
    expect(format.agoShown(3 * 86_400_000)).toBe("il y a 3\u00a0j");
  });
});

describe("time as the workshop's clock shows it, whatever the clock of the screen", () => {
  test("on the day when an hour is left out", () => {
    workshop("Europe/Paris", "fr");
    expect(["2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"].map((t) => format.clockShown(at(t)))).toEqual([
      "01:59",
      "03:00",
    ]);
  });

  test("on the day when an hour comes twice", () => {
    workshop("Europe/Paris", "fr");
    expect(["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].map((t) => format.clockShown(at(t)))).toEqual([
      "02:30",
      "02:30",
    ]);
  });

  test("24 hours in both languages, with the date where it is another day there", () => {
    workshop("Europe/Paris", "en");
    const now = at("2026-06-01T12:00:00Z");
    expect(format.momentShown(at("2026-06-01T19:05:00Z"), now)).toBe("21:05");
    expect(format.momentShown(at("2026-06-01T22:05:00Z"), now)).toBe("2 Jun, 00:05");
    expect(format.hourAtSite(at("2026-06-01T22:05:00Z"))).toBe(0);
    workshop("Pacific/Noumea", "fr");
    expect(format.clockShown(at("2026-06-01T22:05:00Z"))).toBe("09:05");
  });
});
