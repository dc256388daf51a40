import { useSignal } from "@preact/signals";
import type { EnergyAnswer, MachineEnergy } from "../../../gateway/core/api.ts";
import type { MachineState } from "../../../gateway/core/detector.ts";
import { useAsked } from "../ask.ts";
import { gatewayNow } from "../clock.ts";
import { moneyShown, numberShown, valueShown } from "../format.ts";
import { machines } from "../live.ts";
import { Waiting } from "../parts/asked.tsx";
import { StateShape } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Choice } from "../parts/settings.tsx";
import { nameOf } from "../titles.ts";
import { words } from "../words/index.ts";

const HOUR = 3_600_000;
const spans = { d1: 24 * HOUR, d7: 7 * 24 * HOUR, d30: 30 * 24 * HOUR } as const;
type Span = keyof typeof spans;
const spanNames = ["d1", "d7", "d30"] as const satisfies readonly Span[];

/** Useful states first, so that what was wasted stands at the end of each bar. */
const order: readonly MachineState[] = ["running", "transient", "idle", "off", "unknown"];

/** What each machine used, doing what; what ran for nothing; and what that costs, where the site file says the price. */
export default function Energy() {
  const w = words.value.energy;
  const span = useSignal<Span>("d1");
  const to = Math.ceil(gatewayNow() / (HOUR / 4)) * (HOUR / 4);
  const asked = useAsked<EnergyAnswer>(`/energy?from=${to - spans[span.value]}&to=${to}`, 60_000).value;
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        <Choice
          name="span"
          label={w.span}
          options={spanNames.map((name) => [name, words.value.chart.spans[name]] as const)}
          chosen={span.value}
          choose={(name) => {
            span.value = name;
          }}
        />
      </PageHead>
      <Waiting asked={asked}>{(energy) => <Bill energy={energy} />}</Waiting>
    </section>
  );
}

function Bill({ energy }: { energy: EnergyAnswer }) {
  const w = words.value.energy;
  const known = energy.machines.filter(({ kwh }) => kwh !== null).sort((a, b) => (b.kwh ?? 0) - (a.kwh ?? 0));
  const most = Math.max(...known.map(({ kwh }) => kwh ?? 0), 1e-9);
  const sum = (of: (one: MachineEnergy) => number | null): number =>
    known.reduce((total, one) => total + (of(one) ?? 0), 0);
  if (known.length === 0) return <p class="empty">{w.nothing}</p>;
  const idle = sum(({ byState }) => byState.idle);
  return (
    <>
      <div class="facts energy-sums">
        <Sum name={w.total} value={kwhShown(sum(({ kwh }) => kwh))} />
        <Sum name={w.idle} value={kwhShown(idle)} />
        {energy.currency && energy.price !== null && (
          <Sum
            name={w.cost}
            value={moneyShown(
              sum(({ cost }) => cost),
              energy.currency,
            )}
          />
        )}
        {energy.co2 && (
          <Sum
            name={w.co2}
            value={valueShown(
              sum(({ co2 }) => co2),
              "kg",
            )}
          />
        )}
      </div>
      <ul class="panel energy-bars">
        {known.map((one) => (
          <Bar key={one.machine} one={one} most={most} currency={energy.currency} />
        ))}
      </ul>
      <p class="note">
        {energy.co2 ? w.co2Source(energy.co2.grams, energy.co2.source) : w.noCo2} {energy.price === null && w.noPrice}
      </p>
    </>
  );
}

const Sum = ({ name, value }: { name: string; value: string }) => (
  <section class="panel sum" aria-label={name}>
    <span class="label">{name}</span>
    <strong>{value}</strong>
  </section>
);

function Bar({
  one: { machine, kwh, byState, from, idleCost },
  most,
  currency,
}: {
  one: MachineEnergy;
  most: number;
  currency: string | null;
}) {
  const w = words.value;
  const known = machines.value.find(({ id }) => id === machine);
  const parts = order.filter((state) => byState[state] > 0);
  return (
    <li>
      <p>
        <b>{known ? nameOf(known) : machine}</b> {kwhShown(kwh ?? 0)}
        <small>
          {from === "power" ? w.energy.byPower : w.energy.byMeter}
          {idleCost !== null && currency !== null && ` · ${w.energy.idle} ${moneyShown(idleCost, currency)}`}
        </small>
      </p>
      <svg class="energy-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        {parts.map((state, i) => (
          <rect
            key={state}
            class={`energy-${state}`}
            x={(parts.slice(0, i).reduce((sum, before) => sum + byState[before], 0) / most) * 100}
            width={(byState[state] / most) * 100}
            height="4"
          />
        ))}
      </svg>
      <ul class="legend">
        {parts.map((state) => (
          <li key={state} class={`energy-${state}`}>
            <StateShape state={state} size={14} /> {w.state[state]} {kwhShown(byState[state])}
          </li>
        ))}
      </ul>
    </li>
  );
}

const kwhShown = (kwh: number): string => `${numberShown(kwh, "kWh", kwh < 10 ? 2 : kwh < 1_000 ? 1 : 0)}\u00a0kWh`;
