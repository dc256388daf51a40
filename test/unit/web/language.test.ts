import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { openCommissioning } from "../../../gateway/commission.ts";
import type { ErrorAnswer } from "../../../gateway/core/api.ts";
import { furniture, type World, world } from "./world.ts";

let w: World;
let folder: string;
beforeEach(async () => {
  const profiles = join(import.meta.dirname, "../../../config/profiles");
  folder = mkdtempSync(join(tmpdir(), "vigie-language-"));
  w = await world({}, { ...furniture(folder), folder, commissioning: openCommissioning(profiles, clock) });
});
afterEach(async () => {
  await w.web.close();
  rmSync(folder, { recursive: true });
});

const refused = async (method: string, path: string, body: object): Promise<string> => {
  const answer = await fetch(w.api(path), {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  return ((await answer.json()) as ErrorAnswer).message;
};

const wire = { port: "/dev/none", slave: 1, profile: "eastron-sdm120" };

test.each([
  ["PUT", "/config", { text: "", revision: "0123456789abcdef" }, /^Quelqu'un a changé/, /^Somebody changed/],
  ["POST", "/look", wire, /^\/dev\/none n'est pas là/, /^\/dev\/none is not there/],
  ["POST", "/look", { ...wire, profile: "none" }, /^Il n'y a pas de profil none/, /^There is no profile none/],
])("%s %s is refused in the language that is asked for, else in the site's", async (method, path, body, fr, en) => {
  expect(await refused(method, `${path}?lang=fr`, body)).toMatch(fr);
  expect(await refused(method, `${path}?lang=en`, body)).toMatch(en);
  expect(await refused(method, path, body)).toMatch(fr);
});

test("a scan that cannot begin says why in the language that is asked for", async () => {
  const scan = async (query: string) => {
    const body = JSON.stringify({ port: "/dev/none", slaves: [1] });
    const headers = { "content-type": "application/json" };
    return (await fetch(w.api(`/scan${query}`), { method: "POST", headers, body })).text();
  };
  expect(await scan("?lang=en")).toContain("is not there");
  expect(await scan("")).toContain("n'est pas là");
});
