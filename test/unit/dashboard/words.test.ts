import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { en } from "../../../dashboard/src/words/en.ts";
import { fr } from "../../../dashboard/src/words/fr.ts";

const src = join(import.meta.dirname, "../../../dashboard/src");
const code = globSync("**/*.{ts,tsx}", { cwd: src })
  .filter((file) => !file.startsWith("words/fr") && !file.startsWith("words/en"))
  .map((file) => readFileSync(join(src, file), "utf8"))
  .join("\n");

/** `section.key` → what it says; functions say it with samples. */
function leaves(words: object, path: string[] = []): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    const here = [...path, key];
    if (typeof value === "string") found.set(here.join("."), value);
    else if (Array.isArray(value)) found.set(here.join("."), value.join(" "));
    else if (typeof value === "function") found.set(here.join("."), String(value("3", "4", "5", "6", "7")));
    else for (const [name, text] of leaves(value, here)) found.set(name, text);
  }
  return found;
}

const french = leaves(fr);
const english = leaves(en);

describe("the words of the page", () => {
  test("French and English have the same keys, and none is empty", () => {
    expect([...english.keys()]).toEqual([...french.keys()]);
    for (const text of [...french.values(), ...english.values()]) expect(text.trim()).not.toBe("");
  });

  test("every key is used by the page", () => {
    // A group that is read by a computed key (`fault[why]`) is held complete by its type.
    const computed = (group: string): boolean => new RegExp(`\\.${group}\\[`).test(code);
    const unused = [...french.keys()].filter((key) => {
      const parts = key.split(".");
      return !parts.slice(0, -1).some(computed) && !new RegExp(`\\.${parts.at(-1)}\\b`).test(code);
    });
    expect(unused).toEqual([]);
  });

  test("no page speaks to people in words of its own", () => {
    const spoken = [...code.matchAll(/>\s*([A-ZÀ-Ý][a-zà-ÿ]+ [a-zà-ÿ]+[^<{}=;]*)</g)].map(([, text]) => text);
    expect(spoken).toEqual([]);
  });

  test("French has its spaces: no-break before : % » and after «, narrow before ; ! ?", () => {
    for (const [key, text] of french) {
      expect(text, key).not.toMatch(/ [:;!?%»]|« /);
      expect(text, key).not.toMatch(/[^\u202f][;!?]$/);
      expect(text, key).not.toContain("'");
    }
  });

  test("the settled words of the trade are the ones used", () => {
    expect(fr.alarms.ack).toBe("Acquitter");
    expect(fr.alarmState.shelved).toBe("en attente");
    expect(fr.alarmState.suppressed).toBe("inhibée automatiquement");
    expect(fr.alarmState["latched-acked"]).toContain("à réarmer");
    expect(fr.state).toMatchObject({ running: "en production", idle: "à vide", off: "à l’arrêt" });
    expect(fr.health.title).toBe("État de santé");
  });
});

test("every kind of rule has a name in both languages", () => {
  const files = globSync("*.ts", { cwd: join(import.meta.dirname, "../../../gateway/detectors") });
  const types = files.map((file) => file.replace(/\.ts$/, "")).sort();
  expect(Object.keys(fr.explain.types).sort()).toEqual(types);
  expect(Object.keys(en.explain.types).sort()).toEqual(types);
});
