import type { ComponentChildren } from "preact";
import type { AlarmQuality, RuleView } from "../../../gateway/core/office.ts";
import { useAsked } from "../ask.ts";
import { gatewayNow } from "../clock.ts";
import { numberShown, percentShown } from "../format.ts";
import { machines, pointSignal } from "../live.ts";
import { Propose } from "../parts/alarm-proposal.tsx";
import { AlarmTabs } from "../parts/alarm-tabs.tsx";
import { Waiting } from "../parts/asked.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { nameOf, titleOf } from "../titles.ts";
import { words } from "../words/index.ts";

const MONTH = 30 * 86_400_000;
const HOUR = 3_600_000;
const WEEK = 7 * 86_400_000;
/** EEMUA 191 asks for about 5 % of high priority; twice that is no longer about. */
const HIGH_AT_MOST = 0.1;
const ENOUGH = 20;

/** Whether people can live with the alarms: the figures of the last month beside what the standards and we ask for. */
export default function Quality() {
  const to = Math.ceil(gatewayNow() / HOUR) * HOUR;
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
  const rules = useAsked<RuleView[]>("/rules").value.answer ?? [];
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
        <Mix quality={quality} />
      </div>
      {quality.people.length > 0 && (
        <List title={w.people} note={words.value.wakes.goal(targets.noticesPerPersonAndDay, targets.wakeUpsPerWeek)}>
          {quality.people.map((one) => (
            <Person key={one.person} of={one} quality={quality} />
          ))}
        </List>
      )}
      {quality.top.length > 0 && (
        <List title={w.top}>
          {quality.top.map(({ rule, count, share, precision }) => (
            <li key={rule}>
              <RuleName id={rule} rules={rules} /> <b>{words.value.alarms.occurrence(count)}</b>{" "}
              {w.share(percentShown(share))} {precision !== null && w.precision(percentShown(precision))}
            </li>
          ))}
        </List>
      )}
      {quality.proposals.length > 0 && (
        <List title={w.proposals}>
          {quality.proposals.map((proposal) => (
            <Propose key={`${proposal.rule}${proposal.option}`} of={proposal} />
          ))}
        </List>
      )}
    </>
  );
}

/** How many of them come from the ten worst rules, and how they part by priority. */
function Mix({ quality: { topShare, priorities, annunciated, targets } }: { quality: AlarmQuality }) {
  const w = words.value.wakes;
  // Few alarms have no mix, and ten rules are all there are.
  if (annunciated < ENOUGH) return null;
  const shares = (["high", "medium", "low"] as const).map((one) => percentShown(priorities[one] / annunciated));
  const goal = w.topShareGoal(percentShown(targets.topTenShare));
  return (
    <>
      {topShare < 1 && (
        <Figure name={w.topShare} value={percentShown(topShare)} goal={goal} met={topShare < targets.topTenShare} />
      )}
      <Figure
        name={w.mix}
        value={shares.join(" / ")}
        goal={w.mixGoal}
        met={priorities.high / annunciated <= HIGH_AT_MOST}
      />
    </>
  );
}

function Person({
  of: { person, perDay, wakeUps },
  quality,
}: {
  of: AlarmQuality["people"][number];
  quality: AlarmQuality;
}) {
  const w = words.value.wakes;
  const { targets, from, to } = quality;
  const perWeek = (wakeUps * WEEK) / (to - from);
  const met = perDay <= targets.noticesPerPersonAndDay && perWeek <= targets.wakeUpsPerWeek;
  return (
    <li>
      <Mark tone={met ? "ok" : "watch"} size={20} />
      <span>{person}</span> <b>{w.perDay(numberShown(perDay, "1", 1))}</b> {w.perWeek(numberShown(perWeek, "1", 1))}
    </li>
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

/** A rule as people know it: what it watches on which machine. Its own name stands below, as the site file has it. */
function RuleName({ id, rules }: { id: string; rules: readonly RuleView[] }) {
  const rule = rules.find((one) => one.id === id);
  const machine = machines.value.find((one) => one.id === rule?.machine || `case-${one.id}` === id);
  const point = rule?.point && pointSignal(rule.point)?.peek();
  const said = [
    machine && nameOf(machine),
    rule && words.value.explain.types[rule.type],
    point && titleOf(point),
  ].filter(Boolean);
  return (
    <span>
      {said.length > 0 ? said.join(" · ") : id}
      {said.length > 0 && <small>{id}</small>}
    </span>
  );
}

const List = ({ title, note, children }: { title: string; note?: string; children: ComponentChildren }) => (
  <section class="panel" aria-label={title}>
    <h2>{title}</h2>
    {note && <p class="note">{note}</p>}
    <ul class="rows">{children}</ul>
  </section>
);
