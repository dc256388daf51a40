import { type Signal, useSignal } from "@preact/signals";
import type { AuditAnswer, Role, UserAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { clockShown, momentShown } from "../format.ts";
import { patch, post, remove } from "../http.ts";
import { Waiting } from "../parts/asked.tsx";
import { refusal } from "../parts/entrance.tsx";
import { Field } from "../parts/field.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { session } from "../session.ts";
import { words } from "../words/index.ts";

const given = ["viewer", "maintenance", "integrator", "admin"] as const;

/** Who may come in and what they may do; wall screens; and the list of who did what. */
export default function Users() {
  const w = words.value.users;
  const said = useSignal("");
  const asked = useAsked<UserAnswer[]>("/users", 5_000).value;
  if (session.value?.open)
    return (
      <>
        <PageHead title={w.title} />
        <p class="empty">{words.value.account.openHere}</p>
      </>
    );
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title} />
      <p role="status" class={said.value ? "problem" : ""}>
        {said.value}
      </p>
      <Waiting asked={asked}>
        {(users) => (
          <ul class="rows panel">
            {users.map((user) => (
              <UserRow key={user.name} user={user} said={said} />
            ))}
          </ul>
        )}
      </Waiting>
      <NewUser said={said} />
      <WallLink said={said} />
      <Audit />
    </section>
  );
}

/** Says what was refused; a list that is asked again every few seconds shows what was done. */
async function tried(said: Signal<string>, work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    said.value = "";
    return true;
  } catch (refused) {
    said.value = refusal(refused);
    return false;
  }
}

function UserRow({ user: { name, role, disabled }, said }: { user: UserAnswer; said: Signal<string> }) {
  const w = words.value.users;
  const path = `/users/${encodeURIComponent(name)}`;
  const self = session.value?.user === name;
  return (
    <li>
      <span>
        <b>{name}</b> {disabled && <em>{w.disabled}</em>}
      </span>
      <RoleSelect
        label={w.roleOf(name)}
        role={role}
        disabled={self}
        choose={(next) => void tried(said, patch(path, { role: next }))}
      />
      {!self && (
        <>
          <button type="button" onClick={() => void tried(said, patch(path, { disabled: !disabled }))}>
            {disabled ? w.enable : w.disable}
          </button>
          <button type="button" onClick={() => confirm(w.removeSure(name)) && void tried(said, remove(path))}>
            {w.remove}
          </button>
        </>
      )}
    </li>
  );
}

function RoleSelect({
  label,
  role,
  disabled,
  choose,
}: {
  label: string;
  role: Role;
  disabled?: boolean;
  choose: (role: Role) => void;
}) {
  return (
    <select
      aria-label={label}
      value={role}
      disabled={disabled}
      onChange={(event) => choose(given.find((one) => one === event.currentTarget.value) ?? "viewer")}
    >
      {given.map((one) => (
        <option key={one} value={one}>
          {words.value.account.roles[one]}
        </option>
      ))}
    </select>
  );
}

function NewUser({ said }: { said: Signal<string> }) {
  const w = words.value.users;
  const [name, password] = [useSignal(""), useSignal("")];
  const role = useSignal<Role>("maintenance");
  const create = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await tried(said, post("/users", { name: name.value.trim(), role: role.value, password: password.value }))))
      return;
    name.value = "";
    password.value = "";
  };
  return (
    <section class="panel" aria-label={w.create}>
      <h2>{w.create}</h2>
      <form onSubmit={create}>
        <Field label={words.value.account.name} value={name} />
        <Field label={words.value.account.password} value={password} type="password" autocomplete="new-password" />
        <p class="note">{words.value.account.passwordRule}</p>
        <RoleSelect
          label={w.role}
          role={role.value}
          choose={(next) => {
            role.value = next;
          }}
        />{" "}
        <button type="submit" class="primary">
          {w.create}
        </button>
      </form>
    </section>
  );
}

function WallLink({ said }: { said: Signal<string> }) {
  const w = words.value.users;
  const name = useSignal("");
  const address = useSignal("");
  const create = (event: Event): void => {
    event.preventDefault();
    const asked = post<{ path: string }>("/walls", { name: name.value.trim() });
    void tried(
      said,
      asked.then(({ path }) => {
        address.value = location.origin + path;
      }),
    );
  };
  return (
    <section class="panel" aria-label={w.wall}>
      <h2>{w.wall}</h2>
      <p class="note">{w.wallHow}</p>
      <form onSubmit={create}>
        <Field label={w.wallName} value={name} />
        <button type="submit">{w.wallCreate}</button>
      </form>
      {address.value && <output class="link-once">{address.value}</output>}
    </section>
  );
}

function Audit() {
  const w = words.value.users;
  const asked = useAsked<AuditAnswer[]>("/audit?limit=100", 15_000).value;
  return (
    <section class="panel" aria-label={w.audit}>
      <h2>{w.audit}</h2>
      <Waiting asked={asked}>
        {(lines) => (
          <ol class="events">
            {lines.map((line) => (
              <li key={line.n} class="event">
                <time dateTime={new Date(line.t).toISOString()} title={clockShown(line.t, true)}>
                  {momentShown(line.t)}
                </time>
                <div>
                  <b>{line.who}</b> {line.what} {line.detail} <small>{line.from}</small>
                </div>
              </li>
            ))}
          </ol>
        )}
      </Waiting>
    </section>
  );
}
