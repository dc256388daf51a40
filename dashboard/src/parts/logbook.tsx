import { type Signal, useSignal } from "@preact/signals";
import type { NoteAnswer as Note } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { momentShown } from "../format.ts";
import { post, sendPhoto } from "../http.ts";
import { shrunk } from "../photo.ts";
import { refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { Waiting } from "./asked.tsx";
import { Icon } from "./icon.tsx";
import { Problem } from "./problem.tsx";
import { Choice } from "./settings.tsx";

type Kind = Note["kind"];

const kinds = ["note", "problem", "repair"] as const;
const NEWEST = 20;

/** What people wrote about a machine and photographed. Nothing in it is ever changed or removed. */
export function Logbook({ machine }: { machine: string }) {
  const w = words.value.logbook;
  const path = `/machines/${encodeURIComponent(machine)}/notes`;
  const added = useSignal<readonly Note[]>([]);
  const asked = useAsked<Note[]>(path, 15_000).value;
  if (!may("viewer")) return null;
  const notes = (known: readonly Note[]) =>
    [...added.value.filter(({ id }) => !known.some((note) => note.id === id)), ...known].slice(0, NEWEST);
  return (
    <section class="panel" aria-label={w.title}>
      <h2>{w.title}</h2>
      <NewNote
        path={path}
        written={(note) => {
          added.value = [note, ...added.value];
        }}
      />
      <Waiting asked={asked}>
        {(known) => (
          <ol class="notes">
            {notes(known).map((note) => (
              <NoteLine key={note.id} note={note} />
            ))}
          </ol>
        )}
      </Waiting>
    </section>
  );
}

const NoteLine = ({ note: { t, by, kind, text, photo } }: { note: Note }) => (
  <li class={kind === "problem" ? "tone-watch" : ""}>
    <p class="note">
      <b>{words.value.logbook.kinds[kind]}</b> {momentShown(t)} {by}
    </p>
    <p>{text}</p>
    {photo && (
      <a href={`/api/v1/photos/${photo}`} target="_blank" rel="noreferrer">
        <img src={`/api/v1/photos/${photo}`} alt={words.value.logbook.photoOf} loading="lazy" />
      </a>
    )}
  </li>
);

interface Draft {
  kind: Signal<Kind | null>;
  text: Signal<string>;
  photo: Signal<File | null>;
}

/** Three taps report a problem: the word, one of the usual sentences, send. */
function NewNote({ path, written }: { path: string; written: (note: Note) => void }) {
  const w = words.value.logbook;
  const draft: Draft = { kind: useSignal(null), text: useSignal(""), photo: useSignal(null) };
  const { kind } = draft;
  if (kind.value) return <NoteForm path={path} draft={draft} kind={kind.value} written={written} />;
  return (
    <div class="page-tools">
      <button type="button" class="primary" onClick={() => (kind.value = "problem")}>
        <Icon name="bell" />
        {w.report}
      </button>
      <button type="button" onClick={() => (kind.value = "note")}>
        <Icon name="note" />
        {w.write}
      </button>
    </div>
  );
}

interface Writing {
  path: string;
  draft: Draft;
  kind: Kind;
  written: (note: Note) => void;
}

function NoteForm({ path, draft: { kind: chosen, text, photo }, kind, written }: Writing) {
  const w = words.value.logbook;
  const [busy, problem] = [useSignal(false), useSignal("")];
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    problem.value = "";
    try {
      const sent = photo.value && (await sendPhoto(await shrunk(photo.value)));
      written(await post<Note>(path, { kind, text: text.value.trim(), ...(sent && { photo: sent.photo }) }));
      [chosen.value, text.value, photo.value] = [null, "", null];
    } catch (refused) {
      problem.value = refusedBecause(refused);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="new-note" onSubmit={send}>
      <Choice
        name="kind"
        label={w.kind}
        options={kinds.map((one) => [one, w.kinds[one]] as const)}
        chosen={kind}
        choose={(one) => {
          chosen.value = one;
        }}
      />
      {kind === "problem" && <UsualSentences text={text} />}
      <textarea
        rows={3}
        maxLength={4000}
        required
        aria-label={w.text}
        placeholder={w.text}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <PhotoButton photo={photo} />
      <button type="submit" class="primary" disabled={busy.value || text.value.trim() === ""}>
        {busy.value ? w.sending : w.send}
      </button>
      <button type="button" class="quiet" onClick={() => (chosen.value = null)}>
        {words.value.alarms.cancel}
      </button>
      <Problem said={problem.value} />
    </form>
  );
}

const UsualSentences = ({ text }: { text: Signal<string> }) => (
  <div class="usual">
    {words.value.logbook.usual.map((sentence) => (
      <button
        key={sentence}
        type="button"
        aria-pressed={text.value === sentence}
        onClick={() => {
          text.value = sentence;
        }}
      >
        {sentence}
      </button>
    ))}
  </div>
);

const PhotoButton = ({ photo }: { photo: Signal<File | null> }) => (
  <label class="button">
    <Icon name="plus" size={20} />
    {photo.value ? photo.value.name : words.value.logbook.photo}
    <input
      class="unseen"
      type="file"
      accept="image/jpeg,image/png,image/webp"
      capture="environment"
      onChange={(event) => {
        photo.value = event.currentTarget.files?.[0] ?? null;
      }}
    />
  </label>
);
