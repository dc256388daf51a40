import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import vectors from "../../../firmware-bridge/vectors.json" with { type: "json" };
import { describeWith } from "../../need.ts";

const firmware = join(import.meta.dirname, "../../../firmware-bridge/firmware");
const STREAMS = process.env.VIGIE_FUZZ_STREAMS ?? "20000";

const cpp = (hex: string): string => `{${[...Buffer.from(hex, "hex")].join(",")}}`;

/** The golden frames as a C++ header. */
const golden = (): string => `#pragma once
#include <string.h>
#include <vector>
#include <stdint.h>
#include <stdlib.h>
struct Golden { const char* name; std::vector<uint8_t> payload; std::vector<uint8_t> frame; };
static const std::vector<Golden> kGolden = {
${[...vectors.messages, ...vectors.framing].map((v) => `{${JSON.stringify(v.name)},${cpp(v.payload)},${cpp(v.frame)}}`).join(",\n")}};
static const std::vector<std::vector<uint8_t>> kDamaged = {
${vectors.damaged.map((v) => cpp(v.bytes)).join(",\n")}};
inline const Golden& golden(const char* name) {
  for (const Golden& one : kGolden) if (strcmp(one.name, name) == 0) return one;
  abort();
}
`;

const out = mkdtempSync(join(tmpdir(), "vigie-firmware-"));
mkdirSync(join(out, "host"));
writeFileSync(join(out, "host/golden.h"), golden());

const build = (file: string): string => {
  execFileSync("make", ["-s", "-C", firmware, `OUT=${out}`, join(out, file)], { stdio: "inherit" });
  return join(out, file);
};

describeWith(["g++"], "the firmware on the host, with AddressSanitizer and UBSan", () => {
  test("the core's unit tests pass, with the same golden frames", { timeout: 180_000 }, () => {
    expect(execFileSync(build("host/unit_node"), { encoding: "utf8" })).toBe("ok\n");
  });

  test("sensors that are broken or not there say no value, and bounces are not pulses", { timeout: 180_000 }, () => {
    expect(execFileSync(build("host/unit_sensors"), { encoding: "utf8" })).toBe("ok\n");
  });

  test(`it answers after each of ${STREAMS} damaged streams`, { timeout: 900_000 }, () => {
    expect(execFileSync(build("host/fuzz"), [STREAMS], { encoding: "utf8" })).toBe(`ok ${STREAMS} streams\n`);
  });

  test("the sketch for Arduino cores compiles, introduces itself, and reads nothing from sensors that are not there", {
    timeout: 180_000,
  }, () => {
    expect(execFileSync(build("host/sketch"), { encoding: "utf8" })).toBe("ok\n");
  });
});

describeWith(["avr-gcc"], "the firmware on an ATmega328P", () => {
  const size = (file: string): { flash: number; ram: number } => {
    const [, row = ""] = execFileSync("avr-size", [build(`uno/${file}`)], { encoding: "utf8" }).split("\n");
    const [text = 0, data = 0, bss = 0] = row.trim().split(/\s+/).map(Number);
    return { flash: text + data, ram: data + bss };
  };

  test("the core takes at most 8 KB of flash and 600 bytes of RAM beyond its ring", { timeout: 180_000 }, () => {
    const nothing = size("weigh_nothing.elf");
    const core = size("weigh_core.elf");
    const ringOfOne = 9;
    const flash = core.flash - nothing.flash;
    const ram = core.ram - nothing.ram - ringOfOne;
    const whole = size("vigie.elf");
    console.log(
      `core: ${flash} B flash, ${ram} B RAM; whole reference node: ${whole.flash} B flash, ${whole.ram} B RAM`,
    );
    expect(flash).toBeLessThanOrEqual(8_192);
    expect(ram).toBeLessThanOrEqual(600);
    expect(whole.flash).toBeLessThanOrEqual(32_256);
    // What is left of 2 KB is the stack.
    expect(whole.ram).toBeLessThanOrEqual(2_048 - 350);
  });
});
