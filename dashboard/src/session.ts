import { effect, signal } from "@preact/signals";
import type { Role, SessionAnswer } from "../../gateway/core/api.ts";
import { accountNeeded, get, post, remove } from "./http.ts";
import { hurry } from "./live.ts";

/** What people may do, each including what stands before it. */
const roles: readonly Role[] = ["wall", "viewer", "maintenance", "integrator", "admin"];

export const session = signal<SessionAnswer | null>(null);

/** Whether the visitor may do what needs `need`. Only decides what is shown: the gateway decides what is done. */
export function may(need: Role): boolean {
  const role = session.value?.role;
  return role !== undefined && role !== null && roles.indexOf(role) >= roles.indexOf(need);
}

export async function refreshSession(): Promise<void> {
  try {
    session.value = await get<SessionAnswer>("/session");
  } catch {
    // Asked again when the gateway is back: followGateway wakes the effect below.
  }
}

export function startSession(): void {
  void openWall().then(refreshSession);
  effect(() => {
    if (accountNeeded.value) void refreshSession();
  });
}

/** A wall screen comes with its token behind the #, where no log and no referrer sees it; it is good once. */
async function openWall(): Promise<void> {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  await post("/session/wall", { token }).then(entered, () => undefined);
}

export const signIn = (name: string, password: string): Promise<void> =>
  post("/session", { name, password }).then(entered);

export const setUp = (code: string, name: string, password: string): Promise<void> =>
  post("/setup", { code, name, password }).then(entered);

export async function signOut(): Promise<void> {
  await remove("/session");
  location.assign("/");
}

async function entered(): Promise<void> {
  accountNeeded.value = false;
  await refreshSession();
  hurry();
}
