import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { BacktestLine } from "../../../gateway/core/api.ts";
import { gatewayNow } from "../clock.ts";
import { momentShown, numberShown } from "../format.ts";
import { askLines } from "../http.ts";
import { machines, pointSignal } from "../live.ts";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Choice } from "../parts/settings.tsx";
import { refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { nameOf, titleOf } from "../titles.ts";
import { say, words } from "../words/index.ts";

type Found = Extract<BacktestLine, { kind: "found" }>;
type Progress = Extract<BacktestLine, { kind: "progress" }>;
type Done = Extract<BacktestLine, { kind: "done" }>;

const spans = { d1: 1, d7: 7, d30: 30, d92: 92 } as const;
type Span = keyof typeof spans;
const names = Object.keys(spans) as Span[];
const DAY = 86_400_000;
/** More than anybody reads; the figures below count all of them. */
const SHOWN = 300;

/** What the rules of the site file would have said of days gone by. Nothing is stored, nobody is told. */
export default function Backtest() {
  const w = words.value.backtest;
  const span = useSignal<Span>("d7");
  const { found, progress, done, playing, problem, stop, play } = usePlay();
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title} />
      <section class="panel found-ask" aria-label={w.play}>
        <p>{w.how}</p>
        <Choice
          name="span"
          label={words.value.energy.span}
          options={names.map((name) => [name, w.days(spans[name])] as const)}
          chosen={span.value}
          choose={(name) => (span.value = name)}
        />
        {may("integrator") && (
          <p>
            <button
              type="button"
              class={playing.value ? "" : "primary"}
              onClick={() => (playing.value ? stop() : void play(spans[span.value]))}
            >
              {playing.value ? w.stop : w.play}
            </button>
          </p>
        )}
        {playing.value && (
          <progress
            aria-label={w.title}
            max={playing.value.to - playing.value.from}
            value={Math.max(0, (progress.value?.at ?? playing.value.from) - playing.value.from)}
          />
        )}
        <p role="status">
          {done.value
            ? w.outcome(done.value.alerts, done.value.watches, numberShown(done.value.readings, "1", 0))
            : playing.value && progress.value
              ? w.underWay(momentShown(progress.value.at))
              : ""}
        </p>
        {done.value?.short && <p class="note">{w.short[done.value.short]}</p>}
        <Problem said={problem.value} />
      </section>
      {found.value.length > 0 && <FoundList found={found.value} />}
    </section>
  );
}

/** A run over the days gone by: line by line as the gateway finds it, until it ends or somebody stops it. */
function usePlay() {
  const found = useSignal<readonly Found[]>([]);
  const [progress, done] = [useSignal<Progress | null>(null), useSignal<Done | null>(null)];
  const [playing, problem] = [useSignal<{ from: number; to: number } | null>(null), useSignal("")];
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const play = async (days: number): Promise<void> => {
    const to = gatewayNow();
    const stretch = { from: to - days * DAY, to };
    stop.current = new AbortController();
    [found.value, progress.value, done.value, problem.value, playing.value] = [[], null, null, "", stretch];
    try {
      for await (const line of askLines<BacktestLine>("/backtest", stretch, stop.current.signal)) {
        if (line.kind === "progress") progress.value = line;
        else if (line.kind === "found") found.value = [...found.value, line];
        else if (line.kind === "done") done.value = line;
        else problem.value = line.message;
      }
    } catch (refused) {
      if (!stop.current.signal.aborted) problem.value = refusedBecause(refused);
    }
    playing.value = null;
  };
  return { found, progress, done, playing, problem, stop: () => stop.current.abort(), play };
}

function FoundList({ found }: { found: readonly Found[] }) {
  const w = words.value;
  return (
    <section class="panel" aria-label={w.backtest.found}>
      <h2>{w.backtest.found}</h2>
      <ol class="found-list">
        {found.slice(0, SHOWN).map((one) => (
          <FoundLine key={`${one.t} ${one.rule} ${one.point ?? one.machine}`} found={one} />
        ))}
      </ol>
      {found.length > SHOWN && <p class="note">{w.chart.more(found.length - SHOWN)}</p>}
    </section>
  );
}

function FoundLine({ found: { t, machine, point, rule, level, text } }: { found: Found }) {
  const known = machines.value.find(({ id }) => id === machine);
  const about = point && pointSignal(point)?.peek();
  return (
    <li>
      <Mark tone={level} size={20} />
      <time dateTime={new Date(t).toISOString()}>{momentShown(t)}</time>
      <span>
        {say(text)}
        <small>
          {words.value.alarms[level]} · {known ? nameOf(known) : machine}
          {about && (
            <>
              {" · "}
              <a href={`/history?point=${encodeURIComponent(about.id)}`}>{titleOf(about)}</a>
            </>
          )}{" "}
          · {rule}
        </small>
      </span>
    </li>
  );
}
