import { useSignal } from "@preact/signals";
import type { NoteAnswer as Note } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { momentShown } from "../format.ts";
import { post, sendPhoto } from "../http.ts";
import { shrunk } from "../photo.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { Waiting } from "./asked.tsx";
import { refusal } from "./entrance.tsx";
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

/** Three taps report a problem: the word, one of the usual sentences, send. */
function NewNote({ path, written }: { path: string; written: (note: Note) => void }) {
  const w = words.value.logbook;
  const kind = useSignal<Kind | null>(null);
  const text = useSignal("");
  const photo = useSignal<File | null>(null);
  const busy = useSignal(false);
  const problem = useSignal("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    problem.value = "";
    try {
      const sent = photo.value && (await sendPhoto(await shrunk(photo.value)));
      written(
        await post<Note>(path, {
          kind: kind.value ?? "note",
          text: text.value.trim(),
          ...(sent && { photo: sent.photo }),
        }),
      );
      kind.value = null;
      text.value = "";
      photo.value = null;
    } catch (refused) {
      problem.value = refusal(refused);
    } finally {
      busy.value = false;
    }
  };
  if (kind.value === null)
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
  return (
    <form class="new-note" onSubmit={send}>
      <Choice
        name="kind"
        label={w.kind}
        options={kinds.map((one) => [one, w.kinds[one]] as const)}
        chosen={kind.value}
        choose={(one) => {
          kind.value = one;
        }}
      />
      {kind.value === "problem" && (
        <div class="usual">
          {w.usual.map((sentence) => (
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
      )}
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
      <label class="button">
        <Icon name="plus" size={20} />
        {photo.value ? photo.value.name : w.photo}
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
      <button type="submit" class="primary" disabled={busy.value || text.value.trim() === ""}>
        {busy.value ? w.sending : w.send}
      </button>
      <button type="button" class="quiet" onClick={() => (kind.value = null)}>
        {words.value.alarms.cancel}
      </button>
      <Problem said={problem.value} />
    </form>
  );
}
