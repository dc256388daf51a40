import { expect, test } from "vitest";
import { unitShown } from "../../gateway/core/unit.ts";
import { type Profile, readCode } from "../../gateway/drivers/modbus/profile.ts";
import { ticProfile } from "../../gateway/drivers/teleinfo/profile.ts";
import { allProfiles } from "../sim/modbus/device.ts";
import { driverContext } from "../sim/modbus/driver.ts";

/** docs/devices.md is written from the profiles: `npx vitest run test/conformance/devices-page.test.ts -u` writes it anew. */
const kinds: Readonly<Record<string, string>> = {
  energy_meter: "Energy meters",
  power_analyser: "Power analysers",
  temp_humidity: "Temperature and humidity",
  rtd_input: "PT100 inputs",
  thermocouple_input: "Thermocouple inputs",
  analog_input: "Analogue inputs",
  digital_io: "Digital inputs and outputs",
  vibration: "Vibration",
  vfd: "Variable speed drives",
};

const levels: Readonly<Record<Profile["verified"], string>> = {
  two: "two independent sources agree",
  two_partial: "two sources agree on most; see its notes",
  one: "one source",
  conflict: "sources disagree; see its notes",
  weak: "no good source; check every value",
};

const settings = ({ defaults: { slave, baud, parity, stop_bits, documented } }: Profile): string =>
  `slave ${slave}, ${baud} 8${parity.charAt(0).toUpperCase()}${stop_bits}${documented ? "" : " (to be checked)"}`;

function section(name: string, profile: Profile): string {
  const rows = Object.entries(profile.signals).map(([signal, s]) => {
    const table = s.table ?? profile.read.table ?? "holding";
    const scale = s.scale === undefined ? "" : ` × ${s.scale}`;
    return `| ${signal} | ${readCode[table]} | ${s.at} | ${s.type}${scale} | ${unitShown(s.unit ?? "1")} |`;
  });
  return [
    `#### ${name}`,
    "",
    `${profile.vendor} ${profile.model}. ${levels[profile.verified]}. Factory settings: ${settings(profile)}.${profile.read.order === "ABCD" ? "" : ` Word order ${profile.read.order}.`}${profile.write_id ? " Its slave id can be changed with `vigie scan --write-id`." : ""}`,
    ...(profile.notes ? ["", profile.notes.en] : []),
    "",
    "| signal | function | address | type | unit |",
    "|---|---|---|---|---|",
    ...rows,
    "",
    `Sources: ${profile.sources.join("; ")}.`,
    "",
  ].join("\n");
}

function meterSection(name: string): string {
  const { model, signals, sources } = ticProfile.parse(driverContext().profile(name));
  const rows = Object.entries(signals).map(
    ([signal, s]) => `| ${signal} | ${s.labels.join(" + ")} | ${unitShown(s.unit)} |`,
  );
  return [
    `#### ${name}`,
    "",
    `${model}.`,
    "",
    "| signal | labels | unit |",
    "|---|---|---|",
    ...rows,
    "",
    `Sources: ${sources.join("; ")}.`,
    "",
  ].join("\n");
}

function page(): string {
  const all = [...allProfiles];
  const parts = Object.entries(kinds).flatMap(([kind, title]) => {
    const own = all.filter(([, profile]) => profile.kind === kind);
    const table = own.map(
      ([name, p]) =>
        `| [${name}](#${name}) | ${p.vendor} ${p.model.replaceAll("|", "/")} | ${settings(p)} | ${p.verified} |`,
    );
    return [`## ${title}`, "", "| profile | device | factory settings | verified |", "|---|---|---|---|", ...table, ""];
  });
  return [
    "# Devices",
    "",
    "Written from `config/profiles/*.yaml`; do not edit by hand. Addresses are as they go over the wire, counted from 0.",
    "A profile holds facts and their sources, nothing was measured on every device: check the first values against the device's own screen",
    "(`vigie read --expect`, see [wiring](wiring.md)). A device that is missing is one more YAML file in that folder, or `at`, `type` and `table` written",
    "into the site file.",
    "",
    "`verified` says how far a map can be trusted:",
    "",
    ...Object.entries(levels).map(([level, words]) => `- \`${level}\`: ${words}`),
    "",
    ...parts,
    "## French electricity meters (driver `teleinfo`)",
    "",
    meterSection("teleinfo-standard"),
    meterSection("teleinfo-historique"),
    "## Register maps",
    "",
    ...all.map(([name, profile]) => section(name, profile)),
  ].join("\n");
}

test("the page of devices says what the profiles say", async () => {
  expect(Object.keys(kinds)).toEqual(
    expect.arrayContaining([...new Set([...allProfiles.values()].map(({ kind }) => kind))]),
  );
  await expect(page()).toMatchFileSnapshot("../../docs/devices.md");
});
