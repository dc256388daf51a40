import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const BIN = join(import.meta.dirname, "../../../gateway/bin.mjs");
const folder = mkdtempSync(join(tmpdir(), "vigie-language-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The real program, with a locale of its own. */
const vigie = (locale: string, ...args: string[]) =>
  new Promise<{ code: number; said: string }>((resolve) => {
    const env = { ...process.env, LC_ALL: "", LC_MESSAGES: "", LANG: locale };
    execFile(process.execPath, [BIN, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, said: stdout + stderr }),
    );
  });

const site = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

test.each([
  ["en_GB.UTF-8", "site: { language: fr }\nmachnes: []\n", "clé inconnue – vouliez-vous dire machines ?"],
  ["fr_FR.UTF-8", "site: { language: en }\nmachnes: []\n", "unknown key – did you mean machines?"],
  ["en_GB.UTF-8", "machnes: []\n", "unknown key – did you mean machines?"],
  ["fr_FR.UTF-8", "machnes: []\n", "clé inconnue – vouliez-vous dire machines ?"],
  ["C.UTF-8", "machnes: []\n", "clé inconnue – vouliez-vous dire machines ?"],
  ["", "machnes: []\n", "clé inconnue – vouliez-vous dire machines ?"],
  ["en_GB.UTF-8", 'site: { language: fr }\nmachines: "\n', "cherchez un guillemet"],
])("a terminal in %j and a site file %j: %s", async (locale, text, words) => {
  for (const command of ["check", "watch"]) {
    const file = site("site.yaml", text);
    const { code, said } = await vigie(locale, command, file);
    expect(code).toBe(1);
    expect(said).toContain(words);
    expect(said).toMatch(new RegExp(`^${file}:\\d+:\\d+ `));
  }
});

test("what is good is said in the language of the file, too", async () => {
  const file = site("good.yaml", "site: { language: fr }\nmachines: []\n");
  expect((await vigie("en_GB.UTF-8", "check", file)).said).toMatch(/ : bon\. 0 machines/);
});

test.each([
  [["ports", "--jsn"], "vigie ports : option inconnue « --jsn »"],
  [["ports", "x"], "vigie ports : « x » est en trop"],
  [["export", "--point"], "vigie export : valeur en trop ou manquante pour « --point"],
  [["backup"], "vigie backup : il faut un fichier"],
  [["restore", "a", "b"], "vigie restore : il faut un fichier"],
  [["backtest"], "vigie backtest : il faut --input, --burst ou --config"],
  [["run", "--config", "x", "--port", "eighty"], "--port eighty : un port est un nombre entier de 0 à 65535"],
])("%j is refused in French, with how it is used", async (args, words) => {
  const { code, said } = await vigie("fr_FR.UTF-8", ...args);
  expect(code).toBe(2);
  expect(said).toContain(words);
  expect(said).toMatch(/^Usage :/m);
});

test.each([
  [["backtest", "--input", "/none.csv"], "/none.csv : ce fichier n'existe pas"],
  [
    ["backtest", "--input", "test/fixtures/predict/filter-clogs/readings.csv", "--scores", "/none/scores.csv"],
    "/none/scores.csv ne peut être écrit",
  ],
  [["backtest", "--burst", "/none", "--rate", "100"], "/none"],
  [["backup", "/tmp/x", "--data", "/none"], "/none ne contient pas de stockage"],
  [["restore", "/none"], "/none n'existe pas"],
  [["scan", "--port", "/dev/none"], "/dev/none"],
])("%j tells what is missing in a line of French, without a stack", async (args, words) => {
  const { code, said } = await vigie("fr_FR.UTF-8", ...args);
  expect(code).toBe(1);
  expect(said).toContain(words);
  expect(said).not.toMatch(/^\s+at /m);
});
