import { useComputed, useSignal } from "@preact/signals";
import type { MachineAnswer } from "../../../gateway/core/api.ts";
import type { Text } from "../../../gateway/core/text.ts";
import { useAsked } from "../ask.ts";
import { spanShown } from "../format.ts";
import { useHealthTrend } from "../health-trend.ts";
import { alarms, link, machines, pointsOf, tick } from "../live.ts";
import { AlarmCard } from "../parts/alarm-card.tsx";
import { ChartPanel } from "../parts/chart-panel.tsx";
import { Health } from "../parts/health.tsx";
import { Icon } from "../parts/icon.tsx";
import { Logbook } from "../parts/logbook.tsx";
import { Measures } from "../parts/measures.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Pictogram } from "../parts/pictogram.tsx";
import { Spectrum } from "../parts/spectrum.tsx";
import { StateChip } from "../parts/tile.tsx";
import { Watching } from "../parts/watching.tsx";
import { path } from "../router.ts";
import { byUrgency, isAside, isMeasured, mainPoint } from "../status.ts";
import { nameOf } from "../titles.ts";
import { say, words } from "../words/index.ts";

/** The address behind the QR label on a machine. */
export default function MachinePage() {
  const code = decodeURIComponent(path.value.slice("/m/".length));
  const machine = machines.value.find((known) => known.code === code || known.id === code);
  if (machine) return <Machine machine={machine} />;
  const w = words.value;
  if (link.value === "connecting") return <p class="empty loading">{w.app.loading}</p>;
  return (
    <PageHead title={w.machine.unknownCode(code)}>
      <a class="button" href="/">
        {w.app.back}
      </a>
    </PageHead>
  );
}

function Machine({ machine }: { machine: MachineAnswer }) {
  const w = words.value;
  const chosen = useSignal<string | null>(null);
  const points = useComputed(() => {
    // State and health have their own place at the top.
    return pointsOf(machine.id).filter((point) => isMeasured(point.peek()));
  });
  const own = alarms.value.filter((alarm) => alarm.machine === machine.id).sort(byUrgency);
  // A machine that warns opens on the point it warns about.
  const first =
    own.find((alarm) => alarm.point && !isAside(alarm))?.point ??
    mainPoint(points.value.map((point) => point.peek()))?.id;
  const shown = points.value.find((point) => point.peek().id === (chosen.value ?? first));
  // Beside the alarm that it explains; below the values where there is none.
  const chart = shown && (
    <ChartPanel
      key={shown.peek().id}
      point={shown.peek()}
      others={points.value.map((point) => ({ point: point.peek() }))}
      alarms={own}
    />
  );
  return (
    <section class="machine" aria-labelledby="title">
      <Head machine={machine} />
      <Reasons machine={machine} />
      {own.length > 0 && (
        <div class="machine-now">
          <div>
            <h2>{w.machine.openAlarms}</h2>
            <div class="alarm-list">
              {own.map((alarm) => (
                <AlarmCard key={alarm.id} alarm={alarm} withMachine={false} />
              ))}
            </div>
          </div>
          {chart}
        </div>
      )}
      <h2>{w.machine.measures}</h2>
      {points.value.length === 0 && (
        <p class={tick.value > 3 ? "empty" : "empty loading"}>
          {tick.value > 3 ? w.machine.noMeasures : w.app.loading}
        </p>
      )}
      <Measures
        points={points.value}
        shown={shown?.peek().id}
        show={(id) => {
          chosen.value = id;
        }}
      />
      {own.length === 0 && chart}
      {sensorsOf(points.value.map((point) => point.peek().id)).map((sensor) => (
        <Spectrum key={sensor} point={sensor} />
      ))}
      <Watching machine={machine.id} />
      <Logbook machine={machine.id} />
    </section>
  );
}

function Head({ machine }: { machine: MachineAnswer }) {
  const w = words.value;
  return (
    <header class="machine-head">
      <a class="button quiet back" href="/" aria-label={w.app.back} title={w.app.back}>
        <Icon name="back" />
      </a>
      <Pictogram kind={machine.kind ?? machine.id} size={72} />
      <div>
        <h1 id="title" tabIndex={-1}>
          {nameOf(machine)}
        </h1>
        <p>
          <StateChip state={machine.state} /> <span class="code">{w.machine.code(machine.code)}</span>
          {machine.learning && (
            <span class="code">
              {w.machine.learning(spanShown(machine.learning.seen), spanShown(machine.learning.needed))}
            </span>
          )}
        </p>
      </div>
      <Health health={machine.health} trend={useHealthTrend(machine.id)} size={88} />
    </header>
  );
}

/** Why the health is what it is, in the gateway's own words. */
function Reasons({ machine: { id, health } }: { machine: MachineAnswer }) {
  const { reasons } =
    useAsked<MachineAnswer & { reasons: readonly Text[] }>(`/machines/${encodeURIComponent(id)}`, 10_000).value
      .answer ?? {};
  if (health === null || !reasons || reasons.length === 0) return null;
  return (
    <details class="reasons">
      <summary>{words.value.health.why}</summary>
      <ul>
        {reasons.map((reason) => (
          <li key={reason.en}>{say(reason)}</li>
        ))}
      </ul>
    </details>
  );
}

/** Sensors that deliver raw vibration: their features are points named after them. */
const sensorsOf = (points: readonly string[]): string[] =>
  points.flatMap((id) => (id.endsWith("_kurtosis") ? [id.slice(0, -"_kurtosis".length)] : []));
