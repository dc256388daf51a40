import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { jsonSchema } from "../../../gateway/config/json-schema.ts";
import { loadPlugins } from "../../../gateway/plugin.ts";

const folder = join(import.meta.dirname, "../../../config");
const plugins = await loadPlugins();

test("the JSON schema for editors is the one that the gateway checks by (npm run schema writes it)", () => {
  const written = JSON.parse(readFileSync(join(folder, "gateway.schema.json"), "utf8"));
  expect(JSON.parse(JSON.stringify(jsonSchema(plugins)))).toEqual(written);
});

test("every site file that we ship fits it, and an unknown key does not", () => {
  const fits = new Ajv2020({ strict: false, validateFormats: false }).compile(jsonSchema(plugins));
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  expect(files).toContain("demo.yaml");
  for (const file of files) {
    const site = parse(readFileSync(join(folder, file), "utf8"));
    expect(fits(site), `${file}: ${JSON.stringify(fits.errors)}`).toBe(true);
    expect(fits({ ...site, machinez: [] })).toBe(false);
  }
});
