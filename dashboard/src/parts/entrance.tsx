import { useSignal } from "@preact/signals";
import { Refused } from "../http.ts";
import { session, setUp, signIn } from "../session.ts";
import { words } from "../words/index.ts";
import { Field } from "./field.tsx";
import { Problem } from "./problem.tsx";

/** The door: a name and a password, or, on a box that has no account yet, the code that its console shows. */
export function Entrance() {
  const w = words.value.account;
  const first = session.value?.setup === true;
  const [code, name, password] = [useSignal(""), useSignal(""), useSignal("")];
  const busy = useSignal(false);
  const problem = useSignal("");
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    problem.value = "";
    try {
      await (first
        ? setUp(code.value.trim(), name.value.trim(), password.value)
        : signIn(name.value.trim(), password.value));
    } catch (refused) {
      problem.value = refusal(refused);
    } finally {
      busy.value = false;
    }
  };
  return (
    <section class="entrance panel" aria-labelledby="title">
      <h1 id="title" tabIndex={-1}>
        {first ? w.setupTitle : w.signInTitle}
      </h1>
      <p>{first ? w.setupHow : w.needed}</p>
      <form onSubmit={enter}>
        {first && <Field label={w.code} value={code} autocomplete="one-time-code" />}
        <Field label={w.name} value={name} autocomplete="username" />
        <Field
          label={w.password}
          value={password}
          type="password"
          autocomplete={first ? "new-password" : "current-password"}
        />
        {first && <p class="note">{w.passwordRule}</p>}
        <button type="submit" class="primary" disabled={busy.value}>
          {first ? w.create : w.signIn}
        </button>
        <Problem said={problem.value} />
      </form>
      {location.protocol === "https:" && (
        <p class="note">
          <a href="/trust">{words.value.trust.title}</a>
        </p>
      )}
    </section>
  );
}

/** The gateway refuses in English words with a status; people read their own language. */
export function refusal(refused: unknown): string {
  const w = words.peek().account.refused;
  if (!(refused instanceof Refused)) return String(refused);
  const known = { 0: w.unreachable, 401: w.wrong, 403: w.forbidden, 409: w.closed, 422: w.weak, 429: w.slow } as const;
  return known[refused.status as keyof typeof known] ?? refused.message;
}
