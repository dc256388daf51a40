import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { epochMs } from "../../gateway/core/time.ts";
import { crcFits } from "../../gateway/drivers/modbus/crc.ts";
import { decoder } from "../../gateway/drivers/modbus/decode.ts";
import { modbusOptions } from "../../gateway/drivers/modbus/options.ts";
import { limitsOf } from "../../gateway/drivers/modbus/plan.ts";
import { isBits, profileSchema, wordsOf } from "../../gateway/drivers/modbus/profile.ts";
import { rawText, writeRaw } from "../../gateway/drivers/modbus/raw.ts";
import { resolveTags, type Tag, type TextTag } from "../../gateway/drivers/modbus/tags.ts";
import { profiles } from "../sim/modbus/driver.ts";

/** Every profile there is, swept: nobody escapes by not being listed here. */
const names = readdirSync(profiles)
  .filter((file) => file.endsWith(".yaml") && !file.startsWith("teleinfo-"))
  .map((file) => basename(file, ".yaml"));

const load = (name: string) => profileSchema.parse(parse(readFileSync(join(profiles, `${name}.yaml`), "utf8")));

const resolve = (name: string) => {
  const options = { port: "/dev/x", devices: [{ id: "d", profile: name, machine: "m" }] };
  const [device] = modbusOptions.parse(options).devices;
  if (!device) throw new Error("no device");
  return resolveTags("line", device, load(name));
};

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ""), "hex");

/** A value that the signal's device could send: inside its range, and exact in its type. */
function plausible({ meaning }: Tag): number {
  const [low, high] = meaning.range ?? [0, 100];
  const wanted = meaning.type === "u8hi" || meaning.type === "u8lo" ? 7 : 42;
  const inside = wanted > low && wanted < high ? wanted : low + 0.75 * (high - low);
  const raw = (inside - meaning.offset) / meaning.scale;
  return meaning.type.startsWith("f") ? Math.fround(raw) : Math.round(raw);
}

/** Where the value stands in the answer: behind and before others. */
const BEFORE = 3;

/** Encodes what the signal's device could send, decodes it, and says what went wrong. */
function sweep(tag: Tag): string {
  for (const raw of rawsOf(tag))
    for (const beside of [0, 0xff]) {
      const { bytes, at } = answerWith(tag, raw, beside);
      const reading = decoder(tag.point.id, tag.meaning)(bytes, at, epochMs(0));
      const wanted = raw * tag.meaning.scale + tag.meaning.offset;
      const isRight =
        reading.quality === "good" && Math.abs(reading.value - wanted) < 1e-6 * Math.max(1, Math.abs(wanted));
      if (!isRight) return `${tag.name}: ${wanted} became ${JSON.stringify(reading)}`;
    }
  return "right";
}

function rawsOf(tag: Tag): number[] {
  const { bits } = tag.meaning;
  if (isBits(tag.table)) return [0, 1];
  return bits ? [0, 1, 2 ** (bits[1] - bits[0] + 1) - 1] : [plausible(tag)];
}

/** An answer with that value in it, and `beside` in every byte or bit that is not its own. */
function answerWith({ table, count, meaning }: Tag, raw: number, beside: number): { bytes: Buffer; at: number } {
  const { type, order, bits } = meaning;
  const bytes = Buffer.alloc(2 * (2 * BEFORE + count), beside);
  if (isBits(table)) {
    const own = 1 << (BEFORE & 7);
    bytes[BEFORE >> 3] = ((bytes[BEFORE >> 3] ?? 0) & ~own) | (raw * own);
    return { bytes, at: BEFORE };
  }
  const at = 2 * BEFORE;
  const others = bits && beside ? 2 ** (16 * wordsOf[type]) - 1 - (2 ** (bits[1] + 1) - 2 ** bits[0]) : 0;
  if (type === "u8hi" || type === "u8lo") bytes[at + (type === "u8lo" ? 1 : 0)] = raw;
  else writeRaw(type, order, others + raw * 2 ** (bits?.[0] ?? 0), bytes, at);
  return { bytes, at };
}

function sweepText({ name, count, order }: TextTag): string {
  const text = "SN 2026-07".slice(0, 2 * count);
  const bytes = Buffer.alloc(2 * (BEFORE + count));
  const written = Buffer.from(text);
  bytes.set(order === "BADC" || order === "DCBA" ? written.swap16() : written, 2 * BEFORE);
  return rawText(bytes, 2 * BEFORE, count, order) === text ? "right" : name;
}

test("there are profiles for the 46 devices that integrators fit", () => {
  expect(names.length).toBeGreaterThanOrEqual(46);
});

test.each([
  ["a bit of a register", { at: 9, type: "u16", bit: 5 }],
  ["a run of bits in a register", { at: 9, type: "u16", bits: [4, 6] }],
  ["a run of bits over two registers, words swapped", { at: 9, type: "u32", order: "CDAB", bits: [12, 19] }],
  ["one byte of a register", { at: 9, type: "u8hi" }],
  ["a coil", { at: 9, type: "bit", table: "coil" }],
  ["a text with its bytes swapped", { at: 9, type: "ascii", words: 5, order: "BADC" }],
])("the sweep covers what no profile has yet: %s", (_, signal) => {
  const options = {
    port: "/dev/x",
    devices: [{ id: "d", slave: 1, machine: "m", signals: { s: { table: "holding", ...signal } } }],
  };
  const [device] = modbusOptions.parse(options).devices;
  if (!device) throw new Error("no device");
  const { tags, texts, problems } = resolveTags("line", device, undefined);
  expect(problems.filter(({ path }) => path.length > 1)).toEqual([]);
  expect([...tags.map(sweep), ...texts.map(sweepText)]).toEqual(["right"]);
});

describe.each(names)("profile %s", (name) => {
  test("is well formed, and names its sources", () => {
    const profile = load(name);
    expect(profile.sources.length).toBeGreaterThan(0);
    expect(Object.keys(profile.signals).length).toBeGreaterThan(0);
    expect(resolve(name).problems).toEqual([]);
  });

  test("has no two signals on the same registers", () => {
    const taken = new Map<string, string>();
    for (const tag of resolve(name).tags) {
      const bits = tag.meaning.bits ? `.${tag.meaning.bits}` : "";
      for (let at = tag.at; at < tag.at + tag.count; at++) {
        const place = `${tag.table} ${at}${bits}${tag.meaning.type.startsWith("u8") ? tag.meaning.type : ""}`;
        expect(taken.get(place), place).toBeUndefined();
        taken.set(place, tag.name);
      }
    }
  });

  test("fits into what the device can be asked at once", () => {
    const limits = limitsOf(load(name).read);
    for (const tag of resolve(name).tags) {
      expect(tag.count).toBeLessThanOrEqual(isBits(tag.table) ? limits.bits : limits.registers);
      expect(tag.at + tag.count).toBeLessThanOrEqual(65_536);
    }
  });

  test("every signal says what was written into its registers, whatever stands beside it", () => {
    const { tags, texts } = resolve(name);
    const said = [...tags.map((tag) => sweep(tag)), ...texts.map(sweepText)];
    expect(said).toEqual(said.map(() => "right"));
    expect(said).toHaveLength(Object.keys(load(name).signals).length);
  });

  test("its sample frames say what they are said to say", () => {
    const { tags, texts } = resolve(name);
    for (const sample of load(name).sample ?? []) {
      const [ask, answer] = [bytesOf(sample.ask), bytesOf(sample.answer)];
      expect([crcFits(ask, 0, ask.length), crcFits(answer, 0, answer.length)]).toEqual([true, true]);
      const first = ask.readUInt16BE(2);
      for (const [signal, value] of Object.entries(sample.gives)) {
        const tag = tags.find((t) => t.name === signal);
        const text = texts.find((t) => t.name === signal);
        if (text) expect(rawText(answer, 3 + 2 * (text.at - first), text.count, text.order)).toBe(value);
        else if (!tag) throw new Error(`${name} has no signal ${signal}`);
        else {
          const reading = decoder(tag.point.id, tag.meaning)(answer, 3 + 2 * (tag.at - first), epochMs(0));
          expect(reading.quality === "good" && Number(reading.value.toPrecision(6))).toBe(value);
        }
      }
    }
  });

  test("what it writes to change the slave id, and its outputs, are not among what it reads as measurements", () => {
    const profile = load(name);
    for (const { coil } of Object.values(profile.outputs ?? {}))
      expect(
        Object.values(profile.signals).some((s) => s.at === coil && s.table === "coil") ||
          profile.read.table === "coil",
      ).toBe(true);
    const at = profile.write_id?.at;
    if (at !== undefined)
      expect(resolve(name).tags.filter((tag) => tag.table === "holding" && tag.at === at)).toEqual([]);
  });
});
