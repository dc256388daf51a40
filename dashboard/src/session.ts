import { effect, signal } from "@preact/signals";
import type { Language } from "../../gateway/core/text.ts";
import { accountNeeded, get, post, remove } from "./http.ts";
import { hurry } from "./live.ts";

/** What people may do, each including what stands before it. */
export const roles = ["wall", "viewer", "maintenance", "integrator", "admin"] as const;
export type Role = (typeof roles)[number];

/** GET /session. */
export interface Session {
  /** null for a stranger. */
  user: string | null;
  role: Role | null;
  /** No account is needed here. */
  open: boolean;
  /** There is no account yet: the first is made with the code that the console shows. */
  setup: boolean;
  language: Language;
}

export const session = signal<Session | null>(null);

/** Whether the visitor may do what needs `need`. Only decides what is shown: the gateway decides what is done. */
export function may(need: Role): boolean {
  const role = session.value?.role;
  return role !== undefined && role !== null && roles.indexOf(role) >= roles.indexOf(need);
}

export async function refreshSession(): Promise<void> {
  try {
    session.value = await get<Session>("/session");
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
