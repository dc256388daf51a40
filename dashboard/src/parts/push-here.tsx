import { useSignal } from "@preact/signals";
import type { PushAnswer, PushDevice } from "../../../gateway/core/notice.ts";
import { useAsked } from "../ask.ts";
import { momentShown } from "../format.ts";
import { get, post, remove } from "../http.ts";
import { refusedBecause } from "../proposal.ts";
import { session } from "../session.ts";
import { words } from "../words/index.ts";
import { Icon } from "./icon.tsx";

/** Whether this browser can do it at all, and what stands in the way. */
function obstacle(): "insecure" | "unable" | undefined {
  if (!isSecureContext) return "insecure";
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  return able ? undefined : "unable";
}

/** Notifications of this browser: an extra that needs the internet, signed up for on one's own page. */
export function PushHere() {
  const w = words.value.push;
  const changed = useSignal(0);
  const said = useSignal("");
  const { answer } = useAsked<PushAnswer>(`/push?${changed.value}`).value;
  if (!answer?.there) return null;
  const again = (words: string): void => {
    said.value = words;
    changed.value++;
  };
  const start = (): Promise<void> => signUp(answer.key).then(again, (refused) => again(refusedBecause(refused)));
  const stop = (id: string): Promise<void> =>
    signOff(id).then(
      () => again(""),
      (refused) => again(refusedBecause(refused)),
    );
  const blocked = obstacle();
  return (
    <section class="panel" aria-label={w.title}>
      <h2>{w.title}</h2>
      <p class="note">{w.internet}</p>
      <p>{answer.person ? w.forWhom(answer.person) : w.forNobody(session.value?.user ?? "")}</p>
      <ul class="rows">
        {answer.devices.map(({ id, name, since }) => (
          <li key={id}>
            <span>
              <b>{name}</b>
              <small>{w.since(momentShown(since))}</small>
            </span>
            <button type="button" onClick={() => void stop(id)}>
              {w.off}
            </button>
          </li>
        ))}
      </ul>
      {blocked ? (
        <p class="note">{words.value.push[blocked]}</p>
      ) : (
        <button type="button" class="primary" onClick={() => void start()}>
          <Icon name="bell" size={20} />
          {w.on}
        </button>
      )}
      <p role="status">{said.value}</p>
    </section>
  );
}

/** Asks the person, then the browser's vendor, then tells the gateway where. Resolves with what went wrong, in words. */
async function signUp(key: string): Promise<string> {
  const w = words.peek().push;
  if ((await Notification.requestPermission()) !== "granted") return w.refused;
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager
    .subscribe({ userVisibleOnly: true, applicationServerKey: key })
    .catch(() => undefined);
  const { endpoint, keys } = subscription?.toJSON() ?? {};
  if (!endpoint || !keys) return w.noService;
  await post<PushDevice>("/push", {
    name: deviceName(),
    subscription: { endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } },
  });
  return "";
}

/** The gateway forgets that browser; where it is this one, its vendor does too. */
async function signOff(id: string): Promise<void> {
  await remove(`/push/${encodeURIComponent(id)}`);
  const left = await get<PushAnswer>("/push");
  if (!left.there || left.devices.length > 0 || obstacle()) return;
  const worker = await navigator.serviceWorker.getRegistration();
  await (await worker?.pushManager.getSubscription())?.unsubscribe();
}

/** `Android, Chrome`: enough to tell one's telephone from one's desk. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const system = ["Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux"].find((name) => agent.includes(name));
  const browser = ["Firefox", "Edg", "Chrome", "Safari"].find((name) => agent.includes(name));
  return [system, browser?.replace("Edg", "Edge")].filter(Boolean).join(", ") || "?";
}
