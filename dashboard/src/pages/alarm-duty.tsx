import type { Duty, Shift } from "../../../gateway/core/notice.ts";
import { useAsked } from "../ask.ts";
import { clockShown, dateFormat, longDayShown } from "../format.ts";
import { AlarmTabs } from "../parts/alarm-tabs.tsx";
import { Waiting } from "../parts/asked.tsx";
import { StandIn } from "../parts/duty-stand-in.tsx";
import { Icon } from "../parts/icon.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { may } from "../session.ts";
import { words } from "../words/index.ts";

/** Who is on call now and this week, the hours that nobody covers, and what departs from the pattern. */
export default function DutyPage() {
  const w = words.value.duty;
  const asked = useAsked<Duty[]>("/notices/duty?days=7", 10_000).value;
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        <AlarmTabs />
      </PageHead>
      <Waiting asked={asked}>
        {(rotas) =>
          rotas.length === 0 ? (
            <p class="empty">{w.none}</p>
          ) : (
            rotas.map((duty, i) => <Rota key={duty.rota} duty={duty} index={i} />)
          )
        }
      </Waiting>
    </section>
  );
}

function Rota({ duty, index }: { duty: Duty; index: number }) {
  const w = words.value.duty;
  const { rota, who, backup, shifts, gaps } = duty;
  return (
    <section class="panel duty" aria-label={rota}>
      <header class="panel-head">
        <Mark tone={who ? "ok" : "watch"} size={32} />
        <h2>{rota}</h2>
      </header>
      <p class="duty-now">
        {w.now} <strong>{who ?? w.nobody}</strong> {backup && <span>{w.backup(backup)}</span>}
      </p>
      <h3>{w.week}</h3>
      <Week shifts={shifts} />
      {gaps.length > 0 && <Gaps gaps={gaps} />}
      <h3>{w.exceptions}</h3>
      <Exceptions duty={duty} />
      {may("integrator") && <StandIn index={index} first={duty.exceptions.length === 0} />}
      <p class="page-tools">
        <a href={`/api/v1/notices/rota/${encodeURIComponent(rota)}.ics`} download={`${rota}.ics`}>
          <Icon name="download" size={20} /> {w.calendar}
        </a>
        <small class="note">{w.calendarHow}</small>
      </p>
    </section>
  );
}

function Week({ shifts }: { shifts: readonly Shift[] }) {
  const w = words.value.duty;
  return (
    <ul class="rows">
      {[...Map.groupBy(shifts, ({ from }) => longDayShown(from))].map(([day, ofDay]) => (
        <li key={day}>
          <span>
            <b>{day}</b>
          </span>
          <ul class="shifts">
            {ofDay.map(({ from, to, who, backup, why }) => (
              <li key={from}>
                {span(from, to)} <b>{who}</b> {[backup && w.backup(backup), w.why[why]].filter(Boolean).join(" · ")}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function Gaps({ gaps }: { gaps: Duty["gaps"] }) {
  const w = words.value.duty;
  return (
    <details class="reasons">
      <summary>
        {w.gaps} ({gaps.length})
      </summary>
      <p class="note">{w.gapsHow}</p>
      <ul>
        {gaps.map(({ from, to }) => (
          <li key={from}>
            {longDayShown(from)} {span(from, to)}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Exceptions({ duty: { exceptions } }: { duty: Duty }) {
  const w = words.value.duty;
  const today = new Date().toISOString().slice(0, 10);
  const coming = exceptions.filter(({ to }) => to >= today);
  if (coming.length === 0) return <p class="note">{w.noExceptions}</p>;
  return (
    <ul class="rows">
      {coming.map(({ from, to, who }) => (
        <li key={from}>
          <span>{w.days(dateShown(from), dateShown(to))}</span> <b>{who}</b>
        </li>
      ))}
    </ul>
  );
}

/** `08:00 – 18:00`, and the day of the end where that is another one. */
const span = (from: number, to: number): string => {
  const sameDay = longDayShown(from) === longDayShown(to - 1);
  return `${clockShown(from)} – ${sameDay ? "" : `${dateFormat({ weekday: "short" }).format(to)} `}${clockShown(to)}`;
};

const dateShown = (date: string): string =>
  dateFormat({ weekday: "short", day: "numeric", month: "short" }).format(Date.parse(`${date}T12:00:00Z`));
