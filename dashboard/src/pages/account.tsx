import { useSignal } from "@preact/signals";
import type { OpenSessionAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { gatewayNow } from "../clock.ts";
import { agoShown, momentShown } from "../format.ts";
import { post, remove } from "../http.ts";
import { Waiting } from "../parts/asked.tsx";
import { refusal } from "../parts/entrance.tsx";
import { Field } from "../parts/field.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { PushHere } from "../parts/push-here.tsx";
import { session, signOut } from "../session.ts";
import { words } from "../words/index.ts";

/** One's own account: password, and every place where one is signed in. */
export default function Account() {
  const w = words.value.account;
  const who = session.value;
  if (!who) return <p class="empty loading">{words.value.app.loading}</p>;
  return (
    <section aria-labelledby="title">
      <PageHead title={who.user ?? w.title} />
      {who.open ? (
        <p class="empty">{w.openHere}</p>
      ) : (
        <>
          <p>{who.role && w.roles[who.role]}</p>
          <PushHere />
          <Password />
          <Sessions />
        </>
      )}
    </section>
  );
}

function Password() {
  const w = words.value.account;
  const [old, fresh] = [useSignal(""), useSignal("")];
  const said = useSignal("");
  const change = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await post("/password", { old: old.value, new: fresh.value });
      old.value = "";
      fresh.value = "";
      said.value = w.passwordChanged;
    } catch (refused) {
      said.value = refusal(refused);
    }
  };
  return (
    <section class="panel" aria-label={w.changePassword}>
      <h2>{w.changePassword}</h2>
      <form onSubmit={change}>
        <Field label={w.oldPassword} value={old} type="password" autocomplete="current-password" />
        <Field label={w.newPassword} value={fresh} type="password" autocomplete="new-password" />
        <p class="note">{w.passwordRule}</p>
        <button type="submit" class="primary">
          {w.changePassword}
        </button>
        <p role="status">{said.value}</p>
      </form>
    </section>
  );
}

function Sessions() {
  const w = words.value.account;
  const asked = useAsked<OpenSessionAnswer[]>("/sessions", 5_000).value;
  const end = async (id: string): Promise<void> => {
    await remove(`/sessions/${encodeURIComponent(id)}`).catch(() => undefined);
  };
  const endAll = async (): Promise<void> => {
    await remove("/sessions").catch(() => undefined);
    location.assign("/");
  };
  return (
    <section class="panel" aria-label={w.sessions}>
      <h2>{w.sessions}</h2>
      <Waiting asked={asked}>
        {(sessions) => (
          <ul class="rows">
            {sessions.map(({ id, seen, created, address, agent, current }) => (
              <li key={id}>
                <span>
                  <b>{address}</b> {current && <em>{w.thisOne}</em>}
                  <small>{agent}</small>
                  <small>
                    {momentShown(created)} · {agoShown(gatewayNow() - seen)}
                  </small>
                </span>
                {!current && (
                  <button type="button" onClick={() => void end(id)}>
                    {w.end}
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Waiting>
      <div class="page-tools">
        <button type="button" onClick={() => void signOut()}>
          {w.signOut}
        </button>
        <button type="button" onClick={() => void endAll()}>
          {w.signOutEverywhere}
        </button>
      </div>
    </section>
  );
}
