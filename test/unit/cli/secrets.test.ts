import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, expect, test } from "vitest";
import { envFor } from "../../../gateway/cli/lib/page.ts";
import { loadConfig } from "../../../gateway/config/load.ts";
import { loadPlugins } from "../../../gateway/plugin.ts";

const folder = mkdtempSync(join(tmpdir(), "vigie-secrets-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the site file of a box is read with the secrets of its service, another file without them", async () => {
  const at = { site: join(folder, "gateway.yaml"), secrets: join(folder, "secrets.env") };
  const copy = join(folder, "copy.yaml");
  const text = `sinks: [{ id: i, type: influx, url: "http://a:8086", token: "\${BOX_TOKEN}", org: o, bucket: b }]\n`;
  for (const file of [at.site, copy]) writeFileSync(file, text);
  writeFileSync(at.secrets, "BOX_TOKEN=abc\n", { mode: 0o600 });
  const plugins = await loadPlugins();
  for (const file of [at.site, relative(process.cwd(), at.site)])
    expect(loadConfig(file, plugins, envFor(file, at)).config.sinks[0]?.options).toMatchObject({ token: "abc" });
  expect(() => loadConfig(copy, plugins, envFor(copy, at)).verify()).toThrow(/BOX_TOKEN/);
  expect(envFor("gateway.yaml")).toBe(process.env);
});
