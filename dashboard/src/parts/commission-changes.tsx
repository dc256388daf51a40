import { useSignal } from "@preact/signals";
import type { Text } from "../../../gateway/core/text.ts";
import { changedLines } from "../diff.ts";
import { put } from "../http.ts";
import { inWords, type Proposal, refusedBecause } from "../proposal.ts";
import { say, words } from "../words/index.ts";
import { Problem } from "./problem.tsx";

/** What changes in the site file and on the buses, and the button that makes it so. */
export function Changes({ proposal: { before, after }, done }: { proposal: Proposal; done: () => void }) {
  const w = words.value.commission;
  const problem = useSignal("");
  const apply = (): Promise<void> =>
    put(inWords("/config"), { text: after.text, revision: before.revision }).then(done, (refused) => {
      problem.value = refusedBecause(refused);
    });
  return (
    <>
      <h2>{words.value.config.changes}</h2>
      <pre class="diff">
        {changedLines(before.text, after.text).map(({ sign, line, at }) => (
          <span key={`${sign}${at}`} class={sign === "+" ? "added" : "removed"}>
            {sign} {line}
            {"\n"}
          </span>
        ))}
      </pre>
      {after.problems.length > 0 ? (
        <ul class="rows problem">
          {after.problems.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      ) : (
        <>
          <Budget before={before.report} after={after.report} />
          <p class="note">{w.trial}</p>
          <button type="button" class="primary" onClick={() => void apply()}>
            {words.value.config.save}
          </button>
        </>
      )}
      <Problem said={problem.value} />
    </>
  );
}

/** The buses that change, before and after. */
function Budget({ before, after }: { before: readonly Text[]; after: readonly Text[] }) {
  const w = words.value.commission;
  const known = new Set(before.map(({ en }) => en));
  const still = new Set(after.map(({ en }) => en));
  const gone = before.filter(({ en }) => !still.has(en));
  const fresh = after.filter(({ en }) => !known.has(en));
  if (gone.length + fresh.length === 0) return null;
  return (
    <dl class="budget">
      {gone.map((line) => (
        <div key={line.en}>
          <dt>{w.busBefore}</dt>
          <dd>{say(line)}</dd>
        </div>
      ))}
      {fresh.map((line) => (
        <div key={line.en}>
          <dt>{gone.length > 0 ? w.busAfter : w.busNew}</dt>
          <dd>{say(line)}</dd>
        </div>
      ))}
    </dl>
  );
}
