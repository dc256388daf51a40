import { type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { AlarmAnswer, AlarmEventAnswer, MachineAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { Chart, type Comparison } from "../chart/chart.tsx";
import { lastOf, moved, spans, type Window, zoomed } from "../chart/window.ts";
import { gatewayNow } from "../clock.ts";
import { momentShown, unitShown } from "../format.ts";
import type { LivePoint } from "../live.ts";
import { may } from "../session.ts";
import { nameOf, titleOf } from "../titles.ts";
import { language, words } from "../words/index.ts";
import { Icon } from "./icon.tsx";
import { Choice } from "./settings.tsx";

const WEEK = 7 * 86_400_000;
const spanNames = Object.keys(spans) as (keyof typeof spans)[];

interface Panel {
  point: LivePoint;
  /** What it can be compared with; those of other machines are shown with their machine's name. */
  others: readonly { point: LivePoint; machine?: MachineAnswer }[];
  alarms: readonly AlarmAnswer[];
  span?: keyof typeof spans;
}

/** A chart with its controls: how long, which way, against what. */
export function ChartPanel({ point, others, alarms, span: first = "m10" }: Panel) {
  const w = words.value.chart;
  const window = useSignal<Window>(lastOf(spans[first], gatewayNow()));
  const compared = useSignal("");
  const { from, to, live } = window.value;
  const span = spanNames.find((name) => live && Math.abs(spans[name] - (to - from)) < 1_000);
  const title = titleOf(point);
  const machine = others.find((one) => one.point.id === point.id)?.machine;
  const past = usePastAlarms(point, window.value);
  const comparison: Comparison | undefined =
    compared.value === ""
      ? undefined
      : compared.value === "before"
        ? { point: point.id, shift: WEEK }
        : { point: compared.value, shift: 0 };
  return (
    <section class="panel chart-panel" aria-label={title}>
      <header>
        <h2>
          {machine && `${nameOf(machine)} – `}
          {title} <small>{unitShown(point.unit)}</small>
        </h2>
        <p class="note">
          {momentShown(from)} – {momentShown(to)}
        </p>
        <ChartTools window={window} />
      </header>
      <Choice
        name="span"
        label={w.span}
        options={spanNames.map((name) => [name, w.spans[name]] as const)}
        chosen={span ?? ("" as keyof typeof spans)}
        choose={(name) => {
          window.value = lastOf(spans[name], gatewayNow());
        }}
      />
      <Chart point={point} window={window} comparison={comparison} alarms={alarms} past={past} />
      <footer>
        <Legend
          flags={past.some(({ from, alarm }) => from === "normal" && alarm.point === point.id)}
          compared={comparison !== undefined}
          forecast={alarms.some((alarm) => alarm.point === point.id && alarm.forecast)}
        />
        {may("viewer") && (
          <a
            class="button quiet"
            download
            href={`/api/v1/export.csv?point=${encodeURIComponent(point.id)}&from=${Math.floor(from)}&to=${Math.ceil(to)}&lang=${language.value}`}
          >
            <Icon name="download" size={20} />
            {w.csv}
          </a>
        )}
        <CompareWith point={point} others={others} compared={compared} />
      </footer>
    </section>
  );
}

function CompareWith({ point, others, compared }: Pick<Panel, "point" | "others"> & { compared: Signal<string> }) {
  const w = words.value.chart;
  return (
    <label class="compare">
      {w.compare}
      <select
        value={compared.value}
        onChange={(event) => {
          compared.value = event.currentTarget.value;
        }}
      >
        <option value="">{w.compareNone}</option>
        <option value="before">{w.compareBefore}</option>
        {others.map(({ point: other, machine }) =>
          other.id === point.id ? null : (
            <option key={other.id} value={other.id}>
              {machine && other.machine !== point.machine ? `${nameOf(machine)} – ` : ""}
              {titleOf(other)}
            </option>
          ),
        )}
      </select>
    </label>
  );
}

/** What the machine's alarms did in what is shown and a while before. Asked again only when the window has moved notably. */
function usePastAlarms({ machine }: LivePoint, { from, to }: Window): readonly AlarmEventAnswer[] {
  const step = Math.round(Math.max(60_000, (to - from) / 10));
  const before = Math.max(86_400_000, to - from);
  const range = `from=${Math.floor((from - before) / step) * step}&to=${Math.ceil(to / step) * step}`;
  const path = `/alarms/history?machine=${encodeURIComponent(machine)}&limit=500&${range}`;
  const events = useAsked<AlarmEventAnswer[]>(path).value.answer ?? [];
  return useMemo(() => events.filter(({ test }) => !test), [events]);
}

function ChartTools({ window }: { window: { value: Window } }) {
  const w = words.value.chart;
  const turn = (change: (shown: Window, now: number) => Window) => () => {
    window.value = change(window.value, gatewayNow());
  };
  const middle = ({ from, to }: Window): number => (from + to) / 2;
  const tools = [
    ["back", w.earlier, turn((shown, now) => moved(shown, -0.5, now))],
    ["next", w.later, turn((shown, now) => moved(shown, 0.5, now))],
    ["plus", w.zoomIn, turn((shown, now) => zoomed(shown, 0.5, middle(shown), now))],
    ["minus", w.zoomOut, turn((shown, now) => zoomed(shown, 2, middle(shown), now))],
    ["live", w.live, turn((shown, now) => lastOf(shown.to - shown.from, now))],
  ] as const;
  return (
    <div class="chart-tools">
      {tools.map(([icon, word, act]) => (
        <button
          key={icon}
          type="button"
          class="quiet"
          aria-label={word}
          title={word}
          disabled={icon === "live" && window.value.live}
          onClick={act}
        >
          <Icon name={icon} />
        </button>
      ))}
    </div>
  );
}

function Legend({ compared, forecast, flags }: { compared: boolean; forecast: boolean; flags: boolean }) {
  const w = words.value.chart;
  return (
    <ul class="legend">
      <li class="key-mean">{w.mean}</li>
      <li class="key-range">{w.range}</li>
      {compared && <li class="key-other">{w.compare}</li>}
      {forecast && <li class="key-forecast">{w.forecast}</li>}
      {flags && <li class="key-flag">{w.flag}</li>}
      <li class="key-hint">{matchMedia("(pointer: coarse)").matches ? w.hintTouch : w.hint}</li>
    </ul>
  );
}
