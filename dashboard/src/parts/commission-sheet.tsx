import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ConfigAnswer } from "../../../gateway/core/api.ts";
import { gatewayNow } from "../clock.ts";
import { numberOf, type Row, withinTolerance } from "../commission.ts";
import { momentShown, numberShown, unitShown, valueShown } from "../format.ts";
import { get } from "../http.ts";
import { livePoint, machines, tick } from "../live.ts";
import { nameOf } from "../titles.ts";
import { words } from "../words/index.ts";
import { Ago } from "./age.tsx";
import { rowTitle } from "./commission-signals.tsx";
import { Mark } from "./mark.tsx";

interface Props {
  machine: string;
  rows: readonly Row[];
  titles: Readonly<Record<string, string>>;
  /** Device, port and address, as the head of the sheet says them. */
  where: string;
  /** The site file that is on trial. */
  saved: string | undefined;
}

/** The first live values, and a sheet to print: where each value lies, what came over the wire, what it means, and what a reference instrument says. */
export function Sheet({ machine, rows, titles, where, saved }: Props) {
  const w = words.value.commission;
  const known = machines.value.find(({ id }) => id === machine);
  const made = useSignal(gatewayNow());
  const tolerance = useSignal("1");
  useEffect(() => scrollTo(0, 0), []);
  return (
    <section class="panel" aria-label={w.live}>
      <h2>{w.live}</h2>
      <p>
        {known ? <a href={`/m/${encodeURIComponent(known.code)}`}>{nameOf(known)}</a> : machine} · {where} ·{" "}
        {momentShown(made.value)}
      </p>
      {saved !== undefined && <TrialState saved={saved} />}
      <label class="compare">
        {w.tolerance}
        <input
          type="text"
          inputMode="decimal"
          size={4}
          value={tolerance.value}
          onInput={(event) => (tolerance.value = event.currentTarget.value)}
        />
        %
      </label>
      <div class="sheet">
        <table>
          <thead>
            <tr>
              {[w.measureName, w.register, w.raw, w.atReading, w.read, w.reference, w.verdict].map((head) => (
                <th key={head}>{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <SheetRow
                key={row.signal}
                id={`${machine}/${row.signal}`}
                row={row}
                title={titles[row.signal] || rowTitle(row)}
                tolerance={tolerance}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p class="note">{w.sign}</p>
      <button type="button" class="no-print" onClick={() => print()}>
        {words.value.labels.print}
      </button>
    </section>
  );
}

/** Every cell says its head too: on a telephone a row is a card. */
function SheetRow({ id, row, title, tolerance }: { id: string; row: Row; title: string; tolerance: Signal<string> }) {
  const w = words.value;
  const point = livePoint(id);
  const reference = useSignal("");
  const [wanted, percent] = [numberOf(reference.value), numberOf(tolerance.value) ?? 1];
  const value = point?.value ?? null;
  const fits = wanted !== undefined && value !== null ? withinTolerance(value, wanted, percent) : undefined;
  return (
    <tr>
      <td data-head={w.commission.measureName}>
        <b>{title}</b>
      </td>
      <td data-head={w.commission.register}>
        {row.table} {row.at} {row.type}
      </td>
      <td data-head={w.commission.raw} class="raw">
        {row.raw ?? "–"}
      </td>
      <td data-head={w.commission.atReading}>{row.value === null ? "–" : numberShown(row.value, row.unit)}</td>
      <td data-head={w.commission.read}>
        {point && point.value !== null ? (
          <b>{valueShown(point.value, point.unit)}</b>
        ) : (
          <span>{point?.why ? w.fault[point.why] : w.quality.never}</span>
        )}{" "}
        {point && <Ago point={point} />}
      </td>
      <td data-head={w.commission.reference}>
        <input
          type="text"
          inputMode="decimal"
          size={7}
          aria-label={`${w.commission.reference} ${title}`}
          value={reference.value}
          onInput={(event) => (reference.value = event.currentTarget.value)}
        />{" "}
        {unitShown(row.unit)}
      </td>
      <td data-head={w.commission.verdict}>
        {fits !== undefined && (
          <>
            <Mark tone={fits ? "ok" : "alert"} size={20} /> {fits ? w.commission.within : w.commission.beyond}
          </>
        )}
      </td>
    </tr>
  );
}

const TRIAL = 75;

/** For a minute the new file is on trial; then it is known whether it stayed. */
function TrialState({ saved }: { saved: string }) {
  const w = words.value.commission;
  const began = useSignal(tick.peek());
  const outcome = useSignal<"kept" | "back" | null>(null);
  const passed = tick.value - began.value;
  useEffect(() => {
    if (outcome.peek() !== null || passed % 5 !== 4) return;
    get<ConfigAnswer>("/config").then(
      ({ text }) => {
        if (text !== saved) outcome.value = "back";
        else if (passed > TRIAL) outcome.value = "kept";
      },
      // The gateway is starting with the new file: asked again in five seconds.
      () => undefined,
    );
  }, [passed]);
  if (outcome.value === "back")
    return (
      <p class="problem" role="alert">
        {w.cameBack}
      </p>
    );
  return (
    <p class="note no-print" role="status">
      {outcome.value === "kept" ? w.keptNow : w.onTrial}
    </p>
  );
}
