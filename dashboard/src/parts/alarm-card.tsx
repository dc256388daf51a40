import type { AlarmAnswer } from "../../../gateway/core/api.ts";
import { gatewayNow } from "../clock.ts";
import { distanceShown, momentShown, valueShown } from "../format.ts";
import { headline, sentence } from "../headline.ts";
import { machines, pointSignal, tick } from "../live.ts";
import { alarmTone } from "../status.ts";
import { nameOf } from "../titles.ts";
import { say, words } from "../words/index.ts";
import { AlarmActs } from "./alarm-acts.tsx";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";
import { Verdict } from "./verdict.tsx";

/** One alarm with everything a person needs to act, and the button to say "I have seen it". */
export function AlarmCard({ alarm, withMachine = true }: { alarm: AlarmAnswer; withMachine?: boolean }) {
  const w = words.value;
  const machine = machines.value.find(({ id }) => id === alarm.machine);
  const tone = alarmTone(alarm);
  const [title, more] = headline(say(alarm.texts));
  return (
    <article class={`alarm tone-${tone}`} data-alarm={alarm.id}>
      <header>
        <Mark tone={tone} size={32} />
        <div>
          {withMachine && machine && (
            <a class="alarm-machine" href={`/m/${encodeURIComponent(machine.code)}`}>
              {nameOf(machine)}
            </a>
          )}
          <h3>{title}</h3>
          <p class="alarm-state">
            <b>{tone === "alert" ? w.alarms.alert : w.alarms.watch}</b>
            <span>{w.priority[alarm.priority]}</span>
            <span>{w.alarmState[alarm.state]}</span>
            {alarm.occurrence > 1 && <span>{w.alarms.occurrence(alarm.occurrence)}</span>}
          </p>
        </div>
      </header>
      {more && <p class="alarm-more">{more}</p>}
      <Facts alarm={alarm} />
      {alarm.rule.startsWith("case-") && <Verdict machine={alarm.machine} />}
      <AlarmActs alarm={alarm} />
    </article>
  );
}

function Facts({ alarm }: { alarm: AlarmAnswer }) {
  const w = words.value.alarms;
  const unit = alarm.point ? (pointSignal(alarm.point)?.peek().unit ?? "1") : "1";
  const now = tick.value >= 0 ? gatewayNow() : 0;
  const long = [
    [w.cause, alarm.cause],
    [w.consequence, alarm.consequence],
    // The checks say it in full.
    [w.action, alarm.checks ? undefined : alarm.action],
  ] as const;
  return (
    <div class="alarm-facts">
      <p>
        <Icon name="clock" size={18} />
        {w.since(momentShown(alarm.since), distanceShown(alarm.since, now))}
      </p>
      {alarm.value !== undefined && alarm.limit !== undefined && (
        <p>
          <Icon name="chart" size={18} />
          {valueShown(alarm.value, unit)} ({words.value.chart.limit(valueShown(alarm.limit, unit))})
        </p>
      )}
      <ForecastLine alarm={alarm} now={now} />
      {long.map(
        ([label, text]) =>
          text && (
            <p key={label} class="alarm-long">
              <b>{label}</b> {say(text)}
            </p>
          ),
      )}
      {alarm.checks && alarm.checks.length > 0 && (
        <div class="alarm-checks">
          <b>{w.checks}</b>
          <ol>
            {alarm.checks.map((check) => (
              <li key={check.en}>{sentence(say(check))}</li>
            ))}
          </ol>
        </div>
      )}
      {alarm.evidence && alarm.evidence.length > 0 && (
        <details>
          <summary>{w.evidence}</summary>
          <ul>
            {alarm.evidence.map((clue) => (
              <li key={clue.en}>{say(clue)}</li>
            ))}
          </ul>
        </details>
      )}
      {alarm.shelvedUntil !== undefined && (
        <p>
          <Icon name="snooze" size={18} />
          {w.shelvedUntil(momentShown(alarm.shelvedUntil))}
        </p>
      )}
      {alarm.ackedBy && (
        <p>
          <Icon name="person" size={18} />
          <span>
            {w.ackedBy(alarm.ackedBy)} {alarm.comment && <q>{alarm.comment}</q>}
          </span>
        </p>
      )}
    </div>
  );
}

function ForecastLine({ alarm: { forecast }, now }: { alarm: AlarmAnswer; now: number }) {
  const w = words.value.alarms;
  if (forecast === undefined) return null;
  return (
    <p>
      <Icon name="up" size={18} />
      {forecast
        ? w.forecast(distanceShown(forecast.at, now), momentShown(forecast.low), momentShown(forecast.high))
        : w.noForecast}
    </p>
  );
}
