import { words } from "../words/index.ts";
import type { Tone } from "./mark.tsx";

export type Trend = "rising" | "falling" | "steady";

const ROUND = 2 * Math.PI * 20;

export const healthTone = (health: number | null): Tone =>
  health === null ? "silent" : health >= 75 ? "ok" : health >= 45 ? "watch" : "alert";

/** Health as a ring that empties, with its number inside and its trend as an arrow beside. */
export function Health({
  health,
  trend,
  size = 64,
}: {
  health: number | null;
  trend?: Trend | undefined;
  size?: number;
}) {
  const w = words.value.health;
  const tone = healthTone(health);
  const word = { ok: w.good, watch: w.watch, alert: w.bad, silent: w.unknown }[tone];
  const spoken = [
    w.title,
    health === null ? w.unknown : `${w.of100(Math.round(health))}, ${word}`,
    trend && w.trends[trend],
  ];
  return (
    <span class={`health tone-${tone}`} role="img" aria-label={spoken.filter(Boolean).join(", ")} title={word}>
      <svg viewBox="0 0 48 48" width={size} height={size} aria-hidden="true" focusable="false">
        <circle class="track" cx="24" cy="24" r="20" />
        {health !== null && (
          <circle
            class="arc"
            cx="24"
            cy="24"
            r="20"
            stroke-dasharray={`${(health / 100) * ROUND} ${ROUND}`}
            transform="rotate(-90 24 24)"
          />
        )}
        <text class={health === 100 ? "full" : ""} x="24" y="24" dy="0.36em" text-anchor="middle">
          {health === null ? "–" : Math.round(health)}
        </text>
        {trend === "falling" && <path class="trend" d="M38 38l4 6 4-6Z" />}
        {trend === "rising" && <path class="trend" d="M38 44l4-6 4 6Z" />}
      </svg>
      <span class="health-word" aria-hidden="true">
        {word}
      </span>
    </span>
  );
}
