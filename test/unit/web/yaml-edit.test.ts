import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { edited } from "../../../gateway/web/yaml-edit.ts";

const demo = readFileSync(join(import.meta.dirname, "../../../config/demo.yaml"), "utf8");
const device = { id: "neuf", profile: "eastron-sdm120", slave: 17, every: "1s", machine: "tour-1" };

/** Lines that are in one text and not in the other. */
const changed = (before: string, after: string) => {
  const had = before.split("\n");
  const has = after.split("\n");
  return { gone: had.filter((line) => !has.includes(line)), fresh: has.filter((line) => !had.includes(line)) };
};

describe("a file that people wrote stays theirs", () => {
  test("a driver is added under the last one, no other line changes", () => {
    const driver = { id: "ligne-neuve", type: "modbus", port: "/dev/ttyUSB0", devices: [device] };
    const after = edited(demo, [{ path: ["drivers"], value: driver, add: true }]);
    const { gone, fresh } = changed(demo, after);
    expect(gone).toEqual([]);
    expect(fresh[0]).toBe("  - id: ligne-neuve");
    expect(parse(after).drivers.at(-1)).toEqual(driver);
  });

  test("a device in a list of one-liners becomes a one-liner", () => {
    const yaml = "devices:\n  - { id: a, slave: 1 } # the old one\n\n# end\nmore: 1\n";
    const after = edited(yaml, [{ path: ["devices"], value: { id: "b", slave: 2 }, add: true }]);
    expect(after).toBe("devices:\n  - { id: a, slave: 1 } # the old one\n  - { id: b, slave: 2 }\n\n# end\nmore: 1\n");
  });

  test("a key that a map does not have yet comes after its last one, however that map is written", () => {
    const yaml =
      "a: { b: 1 } # one\nlist:\n  - id: x # first\n    k: v # last\n  - { id: y,\n      z: 1 }\nempty: {}\n";
    const put = (path: (string | number)[], value: unknown) => edited(yaml, [{ path, value, add: false }]);
    expect(put(["a", "c", "d"], true)).toBe(yaml.replace("{ b: 1 }", "{ b: 1, c: { d: true } }"));
    expect(put(["list", 0, "delay", "on"], "30s")).toBe(
      yaml.replace("k: v # last\n", "k: v # last\n    delay: { on: 30s }\n"),
    );
    expect(put(["list", 1, "deadband"], 0.4)).toBe(yaml.replace("z: 1 }", "z: 1, deadband: 0.4 }"));
    expect(put(["empty", "k"], "v")).toBe(yaml.replace("{}", "{ k: v }"));
    expect(put(["alarms", "silentAfter"], "2min")).toBe(`${yaml.trimEnd()}\nalarms: { silentAfter: 2min }\n`);
  });

  test("a list on one line gets its item there", () => {
    expect(edited("a: [1, 2] # two\nb: []\n", [{ path: ["a"], value: 3, add: true }])).toBe(
      "a: [1, 2, 3] # two\nb: []\n",
    );
    expect(edited("b: []\n", [{ path: ["b"], value: { id: "x" }, add: true }])).toBe("b: [{ id: x }]\n");
  });

  test("one word is replaced where it stands", () => {
    const after = edited("site: { id: nord, name: Nord } # here\nx:   1\n", [
      { path: ["site", "name"], value: "Süd: neu", add: false },
    ]);
    expect(after).toBe('site: { id: nord, name: "Süd: neu" } # here\nx:   1\n');
  });

  test("what cannot be put in by a few characters is printed anew, with its comments", () => {
    const after = edited("a: 1 # one\nb: { c: [0, 25] }\n", [
      { path: ["a"], add: false },
      { path: ["b", "d"], value: 2, add: false },
    ]);
    expect(parse(after)).toEqual({ b: { c: [0, 25], d: 2 } });
    expect(after).toContain("[0, 25]");
  });

  test("whatever is added, it means what it should", () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string()),
    );
    fc.assert(
      fc.property(value, (v) => {
        const after = edited(demo, [{ path: ["drivers", 0, "devices"], value: v, add: true }]);
        const expected = parse(demo);
        expected.drivers[0].devices.push(v);
        expect(parse(after)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  test("the first of a list that the file does not have yet makes the list", () => {
    const after = edited("drivers:\n  - id: n # the node\n    type: node\n", [
      { path: ["drivers", 0, "nodes"], value: { id: "a" }, add: true },
    ]);
    expect(parse(after).drivers[0].nodes).toEqual([{ id: "a" }]);
    expect(after).toContain("# the node");
  });
});
