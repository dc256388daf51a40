import type { PointId } from "../core/point.ts";
import type { Ms, SteadyMs } from "../core/time.ts";
import type { Cause } from "./lifecycle.ts";
import type { AlarmRule } from "./record.ts";
import type { Room } from "./rooms.ts";
import type { Silence } from "./silence.ts";

/** What surrounds an alarm when it is asked whether it may speak. */
export interface World {
  readonly rooms: ReadonlyMap<string, Room>;
  readonly silence: Pick<Silence, "silent">;
  /** Points whose sensor is at fault, and the rule that says so. */
  readonly silenced: ReadonlyMap<PointId, string>;
  readonly quietAfter: Ms;
  /** Whether that alarm holds now. */
  holds(alarm: string): boolean;
}

/** Why an alarm of this rule is to be quiet by design. A case weighs its evidence itself; silence is what a dead wire says. */
export function causesOf(
  world: World,
  rule: AlarmRule,
  point: PointId | undefined,
  steady: SteadyMs,
): readonly Cause[] {
  const { silence, silenced, quietAfter } = world;
  const room = world.rooms.get(rule.machine);
  const { off, startup, parents } = rule.design.suppress;
  const causes: Cause[] = [];
  if (off && room?.around.state === "off") causes.push("machine-off");
  if (startup > 0 && room && steady - room.started < startup) causes.push("start-up");
  if (parents.some((id) => world.holds(id))) causes.push("parent");
  if (room && steady < room.maintainedUntil) causes.push("maintenance");
  if (rule.type === "silence" || rule.type === "case") return causes;
  if (point && silence.silent(point, steady, quietAfter)) causes.push("link");
  const fault = point && silenced.get(point);
  if (fault !== undefined && fault !== rule.id) causes.push("sensor");
  return causes;
}
