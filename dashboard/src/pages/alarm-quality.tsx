import type { ComponentChildren } from "preact";
import type { AlarmQuality } from "../../../gateway/core/office.ts";
import { useAsked } from "../ask.ts";
import { numberShown, percentShown } from "../format.ts";
import { AlarmTabs } from "../parts/alarm-tabs.tsx";
import { Waiting } from "../parts/asked.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { say, words } from "../words/index.ts";

const MONTH = 30 * 86_400_000;
const HOUR = 3_600_000;

/** Whether people can live with the alarms: the figures of the last month beside what the standards and we ask for. */
export default function Quality() {
  const to = Math.ceil(Date.now() / HOUR) * HOUR;
  const asked = useAsked<AlarmQuality>(`/alarms/quality?from=${to - MONTH}&to=${to}`, 60_000).value;
  return (
    <section aria-labelledby="title">
      <PageHead title={words.value.figures.title}>
        <AlarmTabs />
      </PageHead>
      <Waiting asked={asked}>{(quality) => <Figures quality={quality} />}</Waiting>
    </section>
  );
}

function Figures({ quality }: { quality: AlarmQuality }) {
  const w = words.value.figures;
  const { targets } = quality;
  return (
    <>
      <div class="facts">
        <Figure
          name={w.perDay}
          value={numberShown(quality.perDay, "1", 1)}
          goal={w.perDayGoal(targets.eemuaPerDay)}
          met={quality.perDay <= targets.eemuaPerDay}
        />
        <Figure
          name={w.peak}
          value={String(quality.peak)}
          goal={w.peakGoal(targets.eemuaPeakPer10Min)}
          met={quality.peak <= targets.eemuaPeakPer10Min}
        />
        <Figure name={w.floods} value={String(quality.floods.length)} met={quality.floods.length === 0} />
        <Figure name={w.chattering} value={String(quality.chattering.length)} met={quality.chattering.length === 0} />
        <Figure
          name={w.stale}
          value={String(quality.stale.length)}
          goal={w.staleGoal(targets.stale)}
          met={quality.stale.length < targets.stale}
        />
        <Figure name={w.fleeting} value={String(quality.fleetingAvoided)} met />
      </div>
      {quality.people.length > 0 && (
        <List title={w.people} note={w.peopleGoal(targets.noticesPerPersonAndDay)}>
          {quality.people.map(({ person, perDay }) => (
            <li key={person}>
              <span>{person}</span> <b>{numberShown(perDay, "1", 1)}</b>
            </li>
          ))}
        </List>
      )}
      {quality.top.length > 0 && (
        <List title={w.top}>
          {quality.top.map(({ rule, count, share, precision }) => (
            <li key={rule}>
              <span>{rule}</span> <b>{words.value.alarms.occurrence(count)}</b> {w.share(percentShown(share))}{" "}
              {precision !== null && w.precision(percentShown(precision))}
            </li>
          ))}
        </List>
      )}
      {quality.proposals.length > 0 && (
        <List title={w.proposals}>
          {quality.proposals.map(({ rule, option, to, why }) => (
            <li key={`${rule}${option}`}>
              <span>
                <b>{w.propose(rule, option, String(to))}</b>
                <small>{say(why)}</small>
              </span>
            </li>
          ))}
        </List>
      )}
    </>
  );
}

function Figure({ name, value, goal, met }: { name: string; value: string; goal?: string; met: boolean }) {
  return (
    <section class="panel sum" aria-label={name}>
      <span class="label">{name}</span>
      <strong>
        <Mark tone={met ? "ok" : "watch"} size={22} /> {value}
      </strong>
      {goal && <small>{goal}</small>}
    </section>
  );
}

const List = ({ title, note, children }: { title: string; note?: string; children: ComponentChildren }) => (
  <section class="panel" aria-label={title}>
    <h2>{title}</h2>
    {note && <p class="note">{note}</p>}
    <ul class="rows">{children}</ul>
  </section>
);
