import { useSignal } from "@preact/signals";
import type { BusReport, Frame, SignalReport, WireReport } from "../../../gateway/core/driver.ts";
import type { FaultCode } from "../../../gateway/core/fault.ts";
import { useAsked } from "../ask.ts";
import { clockShown, numberShown, percentShown } from "../format.ts";
import { livePoint } from "../live.ts";
import { titleOf } from "../titles.ts";
import { say, words } from "../words/index.ts";
import { Mark } from "./mark.tsx";

/** The copper of one driver: how busy, what the wiring doctor says, how often each signal really comes, and the frames themselves. */
export function Wires({ driver }: { driver: string }) {
  const report = useAsked<BusReport>(`/buses/${encodeURIComponent(driver)}`, 3_000).value.answer;
  if (!report) return null;
  return (
    <>
      {report.wires.map((wire) => (
        <Wire key={wire.port} wire={wire} />
      ))}
      {report.signals.length > 0 && <Signals signals={report.signals} />}
      {report.wires.map((wire) => (
        <Frames key={wire.port} wire={wire} />
      ))}
    </>
  );
}

/** Above this there is no room left for a repeated question. */
const FULL = 90;

function Wire({ wire: { port, open, use_percent, strays, advice } }: { wire: WireReport }) {
  const w = words.value.bus;
  const odd = Object.entries(strays).filter(([, count]) => count > 0);
  const tone = !open ? "alert" : use_percent > FULL ? "watch" : "ok";
  return (
    <div class="wire">
      <p>
        <Mark tone={tone} size={20} /> <b>{port}</b> · {open ? w.open : w.closed} ·{" "}
        {w.used(percentShown(use_percent / 100))}
      </p>
      <meter
        min={0}
        max={100}
        high={FULL}
        value={Math.min(100, use_percent)}
        aria-label={w.used(percentShown(use_percent / 100))}
      />
      {odd.length > 0 && (
        <p class="note">
          {w.strays}{" "}
          {odd.map(([kind, count]) => `${w.verdicts[kind as keyof typeof w.verdicts] ?? kind} ${count}`).join(" · ")}
        </p>
      )}
      {advice.map((one) => (
        <p key={one.en} class="advice">
          {say(one)}
        </p>
      ))}
    </div>
  );
}

/** Late means: half as slow again as it was planned. */
const isLate = ({ every, period_p50_ms: p50 }: SignalReport): boolean => p50 !== null && p50 > 1.5 * every;

function Signals({ signals }: { signals: readonly SignalReport[] }) {
  const w = words.value.bus;
  const late = signals.filter(isLate).length;
  return (
    <details class="wire-more">
      <summary>
        {w.rates(signals.length)}
        {late > 0 && ` · ${w.late(late)}`}
      </summary>
      <div class="sheet">
        <table>
          <thead>
            <tr>
              {[words.value.chart.point, w.planned, w.median, w.p95, w.errors].map((head) => (
                <th key={head}>{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {signals.map((signal) => (
              <SignalRow key={signal.point} signal={signal} />
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function SignalRow({ signal }: { signal: SignalReport }) {
  const w = words.value;
  const point = livePoint(signal.point);
  const errors = Object.entries(signal.errors).filter(([, count]) => count > 0);
  return (
    <tr>
      <td data-head={w.chart.point}>
        <span>
          <b>{point ? titleOf(point) : signal.point}</b> <small>{signal.point}</small>
        </span>
      </td>
      <td data-head={w.bus.planned}>{periodShown(signal.every)}</td>
      <td data-head={w.bus.median} class={isLate(signal) ? "odd" : ""}>
        {isLate(signal) && <Mark tone="watch" size={16} />} {periodShown(signal.period_p50_ms)}
      </td>
      <td data-head={w.bus.p95}>{periodShown(signal.period_p95_ms)}</td>
      <td data-head={w.bus.errors}>
        {errors.length === 0
          ? "–"
          : errors.map(([kind, count]) => `${w.fault[kind as FaultCode] ?? kind}\u00a0: ${count}`).join(", ")}
      </td>
    </tr>
  );
}

const periodShown = (ms: number | null): string =>
  ms === null
    ? "–"
    : ms < 999.5
      ? `${numberShown(ms, "", 0)}\u00a0ms`
      : `${numberShown(ms / 1_000, "", ms < 9_950 ? 2 : 0)}\u00a0s`;

/** The newest frames as they went over the wire, newest first; held still on request, because nobody reads what runs away. */
function Frames({ wire: { port, frames, frames_total } }: { wire: WireReport }) {
  const w = words.value.bus;
  const held = useSignal<readonly Frame[] | null>(null);
  const shown = held.value ?? frames;
  return (
    <details class="wire-more">
      <summary>{w.frames(numberShown(frames_total, "", 0))}</summary>
      <button
        type="button"
        onClick={() => {
          held.value = held.value ? null : frames;
        }}
      >
        {held.value ? w.goOn : w.hold}
      </button>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls by itself must be reachable by keyboard */}
      <section class="frames" tabIndex={0} aria-label={`${w.frames("")} ${port}`}>
        <table>
          <tbody>
            {shown.toReversed().map((frame) => (
              <tr key={frame.n} class={frame.verdict === "asked" || frame.verdict === "accepted" ? "" : "odd"}>
                <td>{frame.n}</td>
                <td>{clockShown(frame.t, true)}</td>
                <td>
                  {frame.way === "out" ? "→" : "←"} {w.verdicts[frame.verdict]}
                </td>
                <td class="raw">
                  {(frame.hex.match(/../g) ?? []).join(" ")}
                  {frame.length > frame.hex.length / 2 && ` … (${frame.length})`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
