import { useSignal } from "@preact/signals";
import type { AlarmEventAnswer as Line } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { clockShown, longDayShown } from "../format.ts";
import { headline } from "../headline.ts";
import { machines } from "../live.ts";
import { AlarmTabs } from "../parts/alarm-tabs.tsx";
import { Waiting } from "../parts/asked.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { may } from "../session.ts";
import { alarmTone } from "../status.ts";
import { nameOf } from "../titles.ts";
import { say, words } from "../words/index.ts";

const MOST = 200;

/** Every transition of every alarm, newest first: what happened, when, by whom and why. */
export default function AlarmHistory() {
  const w = words.value.alarms;
  const machine = useSignal("");
  const filter = machine.value ? `&machine=${encodeURIComponent(machine.value)}` : "";
  const expert = useSignal(false);
  const asked = useAsked<Line[]>(
    `/alarms/history?limit=${MOST}${filter}${expert.value ? "&view=expert" : ""}`,
    10_000,
  ).value;
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        <AlarmTabs />
      </PageHead>
      <div class="page-tools">
        <label class="compare">
          {w.ofMachine}
          <select
            value={machine.value}
            onChange={(event) => {
              machine.value = event.currentTarget.value;
            }}
          >
            <option value="">{w.allMachines}</option>
            {machines.value.map((known) => (
              <option key={known.id} value={known.id}>
                {nameOf(known)}
              </option>
            ))}
          </select>
        </label>
        <label class="compare">
          <input
            type="checkbox"
            checked={expert.value}
            onChange={(event) => {
              expert.value = event.currentTarget.checked;
            }}
          />
          {words.value.expert.history}
        </label>
      </div>
      <Waiting asked={asked}>{(lines) => <Days lines={lines} />}</Waiting>
    </section>
  );
}

function Days({ lines }: { lines: readonly Line[] }) {
  const w = words.value.alarms;
  if (lines.length === 0) return <p class="empty">{w.noHistory}</p>;
  const days = Map.groupBy(lines, ({ t }) => longDayShown(t));
  return (
    <>
      {[...days].map(([day, ofDay]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ol class="events">
            {ofDay.map((line) => (
              <Event key={line.seq} line={line} />
            ))}
          </ol>
        </section>
      ))}
      {lines.length === MOST && <p class="note">{w.onlyNewest(MOST)}</p>}
    </>
  );
}

function Event({ line: { t, alarm, from, to, by, reason, test, annunciated } }: { line: Line }) {
  const w = words.value;
  const machine = machines.value.find(({ id }) => id === alarm.machine);
  const who = by === "system" ? "" : w.alarms.by(by);
  // `ack: seen`: what was done stands there already, what the person said does not.
  const said = who && reason.includes(": ") ? reason.slice(reason.indexOf(": ") + 2) : "";
  return (
    <li class={`event tone-${to === "normal" ? "ok" : alarmTone(alarm)}`}>
      <time dateTime={new Date(t).toISOString()}>{clockShown(t, true)}</time>
      <Mark tone={to === "normal" ? "ok" : alarmTone({ ...alarm, state: to })} size={22} />
      <div>
        <b>{machine ? nameOf(machine) : alarm.machine === "gateway" ? w.gatewayName : alarm.machine}</b>{" "}
        {headline(say(alarm.texts))[0]}
        <p class="note">
          {test && <b>{w.alarms.test} </b>}
          {/* An alarm that only grows worse keeps its state. */}
          {w.alarmState[from]} → {from === to ? w.alarms[alarm.level] : w.alarmState[to]}
          {who && `, ${who}`}
          {said && (
            <>
              {" "}
              <q>{said}</q>
            </>
          )}
        </p>
        {annunciated && may("maintenance") && (
          <a href={`/alarms/deliveries?alarm=${encodeURIComponent(alarm.id)}`}>{w.deliveries.whoWasTold}</a>
        )}
      </div>
    </li>
  );
}
