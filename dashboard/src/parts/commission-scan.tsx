import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ScanLine } from "../../../gateway/core/api.ts";
import { type FoundDevice, scanLines } from "../commission.ts";
import { valueShown } from "../format.ts";
import { Refused } from "../http.ts";
import { say, words } from "../words/index.ts";
import { Mark } from "./mark.tsx";

type Progress = Extract<ScanLine, { kind: "progress" }>;

const SHOWN = 6;

/** Asks the whole wire, shows how far it is, and lists what answers as soon as it does. Leaving the page ends it. */
export function Scanner({ port, choose }: { port: string; choose: (device: FoundDevice) => void }) {
  const w = words.value.commission;
  const progress = useSignal<Progress | null>(null);
  const found = useSignal<readonly FoundDevice[]>([]);
  const ended = useSignal<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const run = async (): Promise<void> => {
      for await (const line of scanLines({ port }, stop.signal)) {
        if (line.kind === "progress") progress.value = line;
        else if (line.kind === "found") found.value = [...found.value, line];
        else if (line.kind === "failed") ended.value = line.message;
      }
      ended.value ??= words.peek().commission.finished(found.value.length);
    };
    run().catch((problem) => {
      if (!stop.signal.aborted)
        ended.value = problem instanceof Refused ? problem.message || words.peek().link.never : String(problem);
    });
    return () => stop.abort();
  }, [port]);
  return (
    <section class="panel" aria-label={w.searching(port)}>
      <h2>{w.searching(port)}</h2>
      {ended.value === null ? (
        <>
          <progress aria-label={w.searching(port)} max={progress.value?.of ?? 1} value={progress.value?.asked ?? 0} />
          <p class="note">
            {progress.value
              ? w.asking(
                  progress.value.slave,
                  progress.value.baud,
                  w.parities[progress.value.parity as keyof typeof w.parities] ?? "",
                )
              : words.value.app.loading}
          </p>
        </>
      ) : (
        <p role="status">{ended.value}</p>
      )}
      <ul class="devices">
        {found.value.map((device) => (
          <Found key={`${device.slave}/${device.baud}/${device.parity}`} device={device} choose={choose} />
        ))}
      </ul>
    </section>
  );
}

function Found({ device, choose }: { device: FoundDevice; choose: (device: FoundDevice) => void }) {
  const w = words.value.commission;
  const best = device.profiles[0];
  return (
    <li class={`device tone-${best ? "ok" : "watch"}`}>
      <header>
        <Mark tone={best ? "ok" : "watch"} />
        <h3>{best ? `${best.vendor} ${best.model}` : w.unknownDevice}</h3>
        <span>{w.slave(device.slave)}</span>
      </header>
      <dl>
        {device.sample.slice(0, SHOWN).map(({ signal, value, unit, title }) => (
          <div key={signal}>
            <dt>{title ? say(title) : signal}</dt>
            <dd>{valueShown(value, unit)}</dd>
          </div>
        ))}
      </dl>
      {best && (
        <button type="button" class="primary" onClick={() => choose(device)}>
          {w.use}
        </button>
      )}
    </li>
  );
}
