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

describeWith(["g++"], "the firmware's core on the host, with AddressSanitizer and UBSan", () => {
  const out = mkdtempSync(join(tmpdir(), "vigie-host-"));
  mkdirSync(join(out, "host"));
  writeFileSync(join(out, "host/golden.h"), golden());
  const build = (name: string): string => {
    execFileSync("make", ["-s", "-C", firmware, `OUT=${out}`, join(out, "host", name)], { stdio: "inherit" });
    return join(out, "host", name);
  };

  test("its unit tests pass, with the same golden frames", { timeout: 120_000 }, () => {
    expect(execFileSync(build("unit"), { encoding: "utf8" })).toBe("ok\n");
  });

  test(`it answers after each of ${STREAMS} damaged streams`, { timeout: 900_000 }, () => {
    expect(execFileSync(build("fuzz"), [STREAMS], { encoding: "utf8" })).toBe(`ok ${STREAMS} streams\n`);
  });
});
