import { useSignal } from "@preact/signals";
import type { RestoreAnswer } from "../../../gateway/core/api.ts";
import { bytesShown, percentShown } from "../format.ts";
import { post, sendPiece } from "../http.ts";
import { refusedBecause } from "../proposal.ts";
import { words } from "../words/index.ts";
import { Problem } from "./problem.tsx";

/** Well within what the gateway takes at once. */
const PIECE = 512 * 1024;

/** A backup is sent in pieces and checked; only a second, warned touch puts it in place. */
export function Restore() {
  const w = words.value.system;
  const share = useSignal<number | null>(null);
  const sound = useSignal<RestoreAnswer | null>(null);
  const done = useSignal(false);
  const problem = useSignal("");
  const fail = (refused: unknown): void => {
    problem.value = refusedBecause(refused);
    share.value = null;
  };
  const send = async (file: File): Promise<void> => {
    problem.value = "";
    sound.value = null;
    share.value = 0;
    const { id } = await post<RestoreAnswer>("/restore", { size: file.size });
    for (let at = 0; at < file.size; at += PIECE) {
      await sendPiece(`/restore/${id}/${at}`, file.slice(at, at + PIECE));
      share.value = Math.min(1, (at + PIECE) / file.size);
    }
    sound.value = await post<RestoreAnswer>(`/restore/${id}/check`);
    share.value = null;
  };
  return (
    <section class="panel" aria-label={w.restore}>
      <h2>{w.restore}</h2>
      <p class="note">{w.restoreHow}</p>
      <label class="field">
        {w.restoreFile}
        <input
          type="file"
          accept=".db"
          disabled={share.value !== null}
          onChange={({ currentTarget: { files } }) => {
            const file = files?.[0];
            if (file) send(file).catch(fail);
          }}
        />
      </label>
      {share.value !== null && (
        <>
          <progress aria-label={w.restore} max={1} value={share.value} />
          <p role="status">{w.restoreSend(percentShown(share.value))}</p>
        </>
      )}
      {sound.value && !done.value && (
        <>
          <p role="status">{w.restoreSound(bytesShown(sound.value.bytes))}</p>
          <p class="advice">{w.restoreWarn}</p>
          <button
            type="button"
            class="primary"
            onClick={() => {
              post(`/restore/${sound.value?.id}`).then(() => {
                done.value = true;
              }, fail);
            }}
          >
            {w.restoreNow}
          </button>
        </>
      )}
      {done.value && <p role="status">{w.restored}</p>}
      <Problem said={problem.value} />
    </section>
  );
}
