import { useSignal } from "@preact/signals";
import type { LogLine } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { clockShown, momentShown } from "../format.ts";
import { words } from "../words/index.ts";
import { Waiting } from "./asked.tsx";
import { Mark } from "./mark.tsx";

const tones = { info: "silent", warning: "watch", error: "alert" } as const;
const levels = ["info", "warning", "error"] as const;

/** The end of the gateway's own log, newest first. */
export function Logs() {
  const w = words.value.system;
  const level = useSignal<LogLine["level"]>("info");
  const text = useSignal("");
  const asked = useAsked<LogLine[]>(
    `/logs?level=${level.value}&text=${encodeURIComponent(text.value.slice(0, 100))}`,
    5_000,
  ).value;
  return (
    <section class="panel" aria-label={w.logs}>
      <h2>{w.logs}</h2>
      <div class="decoder-asks">
        <label class="field">
          {w.logLevel}
          <select
            value={level.value}
            onChange={({ currentTarget }) => {
              level.value = levels.find((one) => one === currentTarget.value) ?? "info";
            }}
          >
            {levels.map((one) => (
              <option key={one} value={one}>
                {w.levels[one]}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          {w.logText}
          <input type="search" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
        </label>
      </div>
      <Waiting asked={asked}>
        {(lines) =>
          lines.length === 0 ? (
            <p class="note">{w.logNone}</p>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls by itself must be reachable by keyboard
            <ol class="log" tabIndex={0} aria-label={w.logs}>
              {lines.map(({ n, t, level, text }) => (
                <li key={n} class={`tone-${tones[level]}`}>
                  {level === "info" ? <i /> : <Mark tone={tones[level]} size={16} />}
                  <time dateTime={new Date(t).toISOString()} title={momentShown(t)}>
                    {clockShown(t, true)}
                  </time>
                  <span>
                    {level !== "info" && <b>{w.logLevels[level]} </b>}
                    {text}
                  </span>
                </li>
              ))}
            </ol>
          )
        }
      </Waiting>
    </section>
  );
}
