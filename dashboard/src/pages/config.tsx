import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ConfigAnswer } from "../../../gateway/core/api.ts";
import { changedLines } from "../diff.ts";
import { get, post, put } from "../http.ts";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { inWords, refusedBecause } from "../proposal.ts";
import { words } from "../words/index.ts";

/** The site file: seen, changed, checked while typing, compared, saved. What does not start is undone by the gateway. */
export default function Config() {
  const w = words.value.config;
  const { saved, text, problems, said, busy, touched, load, save } = useSiteFile();
  if (!saved.value)
    return <p class={said.value ? "empty" : "empty loading"}>{said.value || words.value.app.loading}</p>;
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        <button type="button" disabled={!touched} onClick={() => void load()}>
          {w.undo}
        </button>
        <button
          type="button"
          class="primary"
          disabled={!touched || busy.value || problems.value.length > 0}
          onClick={() => void save()}
        >
          {w.save}
        </button>
      </PageHead>
      <p class="note">{w.how}</p>
      {said.value && (
        <p class="advice" role="status">
          {said.value}
        </p>
      )}
      <textarea
        class="config-text"
        aria-label={w.title}
        spellcheck={false}
        rows={24}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <Problems problems={problems.value} />
      {touched && <Changes before={saved.value.text} after={text.value} />}
    </section>
  );
}

/** The file as the gateway has it and as it is being written, checked a moment after every change. */
function useSiteFile() {
  const saved = useSignal<ConfigAnswer | null>(null);
  const text = useSignal("");
  const problems = useSignal<readonly string[]>([]);
  const said = useSignal("");
  const busy = useSignal(false);
  const load = async (): Promise<void> => {
    try {
      const answer = await get<ConfigAnswer>(inWords("/config"));
      saved.value = answer;
      text.value = answer.text;
      problems.value = answer.problems;
    } catch (refused) {
      said.value = refusedBecause(refused);
    }
  };
  useEffect(() => void load(), []);
  const touched = saved.value !== null && text.value !== saved.value.text;
  useEffect(() => {
    if (!touched) return;
    const soon = setTimeout(async () => {
      const answer = await post<ConfigAnswer>(inWords("/config/check"), { text: text.value }).catch(() => undefined);
      if (answer) problems.value = answer.problems;
    }, 600);
    return () => clearTimeout(soon);
  }, [text.value]);
  const save = async (): Promise<void> => {
    busy.value = true;
    try {
      saved.value = await put<ConfigAnswer>(inWords("/config"), {
        text: text.value,
        revision: saved.value?.revision ?? "",
      });
      said.value = words.peek().config.savedNow;
    } catch (refused) {
      said.value = refusedBecause(refused);
    } finally {
      busy.value = false;
    }
  };
  return { saved, text, problems, said, busy, touched, load, save };
}

function Problems({ problems }: { problems: readonly string[] }) {
  const w = words.value.config;
  return (
    <section class="panel" aria-label={w.check} aria-live="polite">
      <header class="panel-head">
        <Mark tone={problems.length === 0 ? "ok" : "alert"} />
        <h2>{problems.length === 0 ? w.fine : w.problems(problems.length)}</h2>
      </header>
      <ul class="rows">
        {problems.map((problem) => (
          <li key={problem}>
            <span>{problem}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const Changes = ({ before, after }: { before: string; after: string }) => (
  <section class="panel" aria-label={words.value.config.changes}>
    <h2>{words.value.config.changes}</h2>
    <pre class="diff">
      {changedLines(before, after).map(({ sign, line, at }) => (
        <span key={`${sign}${at}`} class={sign === "+" ? "added" : "removed"}>
          {sign} {line}
          {"\n"}
        </span>
      ))}
    </pre>
  </section>
);
