import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { ruleHead } from "../../../gateway/alarms/rule.ts";
import { epochMs, HOUR } from "../../../gateway/core/time.ts";
import { noticeSettings } from "../../../gateway/notices/settings.ts";
import { peopleFor } from "../../../gateway/notices/who.ts";
import { loadPlugins } from "../../../gateway/plugin.ts";

const claire = { id: "claire", name: "Claire", via: [{ channel: "sms", address: "+33612345678" }] };
const problems = (given: object) =>
  noticeSettings.safeParse(given).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

test("nothing at all is a valid way to say nothing", () => {
  expect(noticeSettings.parse({})).toMatchObject({
    people: [],
    digest: 480,
    cap: { perHour: 6 },
    group: { wait: 30_000 },
  });
});

test("a name that leads nowhere, or that two share, is found before the night", () => {
  const given = {
    people: [claire, { ...claire, name: "Claire B." }],
    teams: [{ id: "maint", people: ["claire", "paul"] }],
    rotas: [{ id: "duty", weekly: [{ days: ["mon"], who: "samir" }], holidays: "claire" }],
    policies: [{ id: "p", steps: [{ who: "duty:backup" }, { who: "duty" }, { who: "chef" }] }],
  };
  expect(problems(given)).toEqual([
    "people.1.id: claire is taken already",
    "teams.0.people.1: nobody is called paul: give a person, a team or a rota",
    "rotas.0.weekly.0.who: nobody is called samir: give a person, a team or a rota",
    "policies.0.steps.2.who: nobody is called chef: give a person, a team, a rota or rota:backup",
  ]);
});

test.each(["alarms.md", "fr/alarmes.md"])("what docs/%s shows can be copied as it stands", async (page) => {
  const text = readFileSync(join(import.meta.dirname, "../../../docs", page), "utf8");
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = ""]) => parse(yaml));
  expect(blocks.length).toBeGreaterThanOrEqual(2);
  const { detectors, notifiers } = await loadPlugins();
  const known = new Set(Object.keys(ruleHead.shape));
  const part = (given: object, own: (key: string) => boolean) =>
    Object.fromEntries(Object.entries(given).filter(([key]) => own(key)));
  for (const block of blocks) {
    if (block.notices) noticeSettings.parse(block.notices);
    for (const rule of block.detectors ?? []) {
      ruleHead.parse(part(rule, (key) => known.has(key)));
      detectors.get(rule.type)?.options.parse(part(rule, (key) => !known.has(key)));
    }
    for (const one of block.notifiers ?? [])
      notifiers.get(one.type)?.options.parse(part(one, (key) => key !== "id" && key !== "type"));
  }
});

test.each(["alarms.md", "fr/alarmes.md"])("the duty of docs/%s reaches somebody at night and on Sunday", (page) => {
  const text = readFileSync(join(import.meta.dirname, "../../../docs", page), "utf8");
  const [, yaml = ""] = /```yaml\n(notifiers:[\s\S]*?)```/.exec(text) ?? [];
  const settings = noticeSettings.parse(parse(yaml).notices);
  const steps = settings.policies.flatMap((policy) => policy.steps);
  const hours = Array.from({ length: 7 * 24 }, (_, hour) => epochMs(Date.UTC(2026, 8, 7) + hour * HOUR));
  expect(steps).toHaveLength(3);
  for (const { who } of steps)
    expect(hours.filter((t) => peopleFor(settings, who, t, "Europe/Paris").length === 0)).toEqual([]);
});
