import { alarms, machines, pointSignal, pointsOf } from "../live.ts";
import { ChartPanel } from "../parts/chart-panel.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { go, query } from "../router.ts";
import { may } from "../session.ts";
import { isAside, mainPoint } from "../status.ts";
import { nameOf, titleOf } from "../titles.ts";
import { words } from "../words/index.ts";

/** Any point over any time. The point is part of the address, so that what one person sees can be sent to another. */
export default function History() {
  const w = words.value;
  const asked = query.value.get("point");
  const first = machines.value[0];
  const point = asked
    ? pointSignal(asked)
    : first && pointSignal(mainPoint(pointsOf(first.id).map((one) => one.peek()))?.id ?? "");
  const shown = point?.peek();
  const all = machines.value.flatMap((machine) => pointsOf(machine.id).map((one) => ({ machine, point: one.peek() })));
  return (
    <section aria-labelledby="title">
      <PageHead title={w.chart.title}>
        <label class="compare">
          {w.chart.point}
          <select
            value={shown?.id}
            onChange={(event) => go(`/history?point=${encodeURIComponent(event.currentTarget.value)}`)}
          >
            {machines.value.map((machine) => (
              <optgroup key={machine.id} label={nameOf(machine)}>
                {pointsOf(machine.id).map((one) => (
                  <option key={one.peek().id} value={one.peek().id}>
                    {titleOf(one.peek())}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        {may("integrator") && (
          <a class="button" href="/backtest">
            {w.backtest.open}
          </a>
        )}
      </PageHead>
      {shown ? (
        <ChartPanel
          key={shown.id}
          point={shown}
          others={all}
          alarms={alarms.value.filter((alarm) => alarm.machine === shown.machine && !isAside(alarm))}
          span="h8"
        />
      ) : (
        <p class={all.length > 0 ? "empty" : "empty loading"}>{all.length > 0 ? w.app.notFound : w.app.loading}</p>
      )}
    </section>
  );
}
