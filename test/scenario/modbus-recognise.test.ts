import { describe, expect, test } from "vitest";
import { yamlFor } from "../../gateway/drivers/modbus/scan.ts";
import { Registers } from "../../gateway/simulate/slave.ts";
import { allProfiles, healthyDevice } from "../sim/modbus/device.ts";
import { firstMinute } from "../sim/modbus/fresh.ts";

const profileOf = (name: string) => {
  const profile = allProfiles.get(name);
  if (!profile) throw new Error(`no profile ${name}`);
  return profile;
};

/** What a device of that profile with these registers is taken for. */
async function takenFor(name: string, registers: Registers): Promise<string[]> {
  const { found } = await firstMinute(profileOf(name), registers);
  return found?.candidates.map(({ profile }) => profile) ?? [];
}

/** Models whose maps nobody can tell apart, or where one map is the other's with more in it: who is offered instead of one. */
const families: Readonly<Record<string, readonly string[]>> = {
  "eastron-sdm220": ["eastron-sdm120", "eastron-sdm220", "eastron-sdm230"],
  "eastron-sdm230": ["eastron-sdm120", "eastron-sdm220", "eastron-sdm230"],
  "eastron-sdm54": ["eastron-sdm54", "eastron-sdm72d-m-v2"],
  "eastron-sdm630": ["eastron-sdm630", "eastron-sdm72d-m-v2"],
};

describe.each([
  ["fresh from its box", false],
  ["that has worked for a while", true],
])("a device %s", (_, worked) => {
  test("of any of the 46 profiles is found within a minute, and is the one that scan names, or among those that it offers", async () => {
    let [alone, slowest] = [0, 0];
    for (const [name, profile] of allProfiles) {
      const { found, after } = await firstMinute(profile, healthyDevice(profile, { worked }));
      const offered = found?.candidates.map((candidate) => candidate.profile) ?? [];
      expect(found?.slave, name).toBe(profile.defaults.slave);
      expect(offered.toSorted(), name).toEqual(families[name] ?? [name]);
      if (offered.length === 1) alone++;
      slowest = Math.max(slowest, after);
    }
    console.log(`named alone: ${alone} of ${allProfiles.size}; the slowest after ${(slowest / 1_000).toFixed(1)} s`);
    expect([alone, allProfiles.size]).toEqual([42, 46]);
    expect(slowest).toBeLessThan(60_000);
  });
});

test("a device that keeps silent instead of refusing is known all the same, within a minute", async () => {
  const sdm630 = profileOf("eastron-sdm630");
  const { found, after } = await firstMinute(sdm630, healthyDevice(sdm630), "silent");
  expect(found?.candidates.map(({ profile }) => profile)).toEqual(["eastron-sdm630", "eastron-sdm72d-m-v2"]);
  expect(after).toBeLessThan(60_000);
});

test("a three-phase meter with one phase connected is no single-phase meter", async () => {
  const registers = healthyDevice(profileOf("eastron-sdm630"), { worked: true });
  // It has every register of its single-phase sisters, too.
  for (let at = 0; at < 90; at++) if (!registers.input.has(at)) registers.input.set(at, 0);
  for (const at of [2, 3, 4, 5]) registers.input.set(at, 0);
  const offered = await takenFor("eastron-sdm630", registers);
  expect(offered[0]).toBe("eastron-sdm630");
});

test("a model that lacks some registers of its family's map is known by the others", async () => {
  const registers = healthyDevice(profileOf("schneider-iem3000"), { worked: true });
  for (const at of [3207, 3223]) for (let i = 0; i < 4; i++) registers.holding.delete(at + i);
  expect(await takenFor("schneider-iem3000", registers)).toEqual(["schneider-iem3000"]);
});

test("a controller that answers for every address fits no profile", async () => {
  for (const value of [0, 1, 7, 250, 2_300]) {
    const registers = new Registers();
    for (let at = 0; at < 1_000; at++)
      for (const table of [registers.holding, registers.input]) table.set(at, value === 7 ? at % 11 : value);
    expect(await takenFor("xy-md02", registers), `${value}`).toEqual([]);
  }
});

test("a controller with registers from 0 on fits no profile, however many they are", async () => {
  for (const size of [4, 8, 10, 12, 16, 50, 100, 120, 200, 300, 500]) {
    const registers = new Registers();
    for (let at = 0; at < size; at++)
      for (const table of [registers.holding, registers.input]) table.set(at, 1_000 + 37 * at);
    expect(await takenFor("xy-md02", registers), `${size}`).toEqual([]);
  }
});

test("where a device may be several, the YAML holds the likeliest and the others as comments, in both languages", async () => {
  const sdm230 = profileOf("eastron-sdm230");
  const { found } = await firstMinute(sdm230, healthyDevice(sdm230, { worked: true }));
  if (!found) throw new Error("nothing found");
  const lines = yamlFor("/dev/x", [found], "en").split("\n");
  expect(lines.slice(-5)).toEqual([
    "      # slave 1 is one of these: eastron-sdm220, eastron-sdm230, eastron-sdm120. Reading cannot tell them apart: keep the line that goes with its nameplate.",
    expect.stringMatching(/^ {6}- \{ id: eastron-sdm220-1, profile: eastron-sdm220, slave: 1, .* # voltage 230, /),
    expect.stringMatching(/^ {6}# - \{ id: eastron-sdm230-1, profile: eastron-sdm230, slave: 1, /),
    expect.stringMatching(/^ {6}# - \{ id: eastron-sdm120-1, profile: eastron-sdm120, slave: 1, /),
    "",
  ]);
  expect(yamlFor("/dev/x", [found], "fr")).toContain(
    "# l'esclave 1 est l'un de : eastron-sdm220, eastron-sdm230, eastron-sdm120. La lecture ne les distingue pas : gardez la ligne",
  );
});
