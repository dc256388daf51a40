import type { DeviceStatus } from "../../gateway/core/driver.ts";
import type { FaultCode } from "../../gateway/core/fault.ts";

/** What a device's errors say about its wire, as a person with a screwdriver would read them. */
export type Advice = "silent" | "noise" | "echo" | "address" | "slow" | "loose" | "newcomer";

/** Errors by kind, most frequent first. */
export function errorsOf({ about }: DeviceStatus): { kind: FaultCode; count: number }[] {
  return Object.entries(about)
    .flatMap(([key, value]) =>
      key.startsWith("errors_") && typeof value === "number" && value > 0
        ? [{ kind: key.slice(7) as FaultCode, count: value }]
        : [],
    )
    .sort((a, b) => b.count - a.count);
}

/** One piece of advice, the likeliest; none while all is well. */
export function adviceFor(device: DeviceStatus): Advice | undefined {
  if (device.state === "new") return "newcomer";
  const errors = errorsOf(device);
  const worst = errors[0]?.kind;
  if (device.state === "silent") return "silent";
  if (device.state === "ok") return undefined;
  if (worst === "crc") return "noise";
  if (worst === "garbled") return "echo";
  if (worst === "refused" || "refused" in device.about) return "address";
  if (worst === "busy") return "slow";
  return worst === "timeout" ? "loose" : undefined;
}
