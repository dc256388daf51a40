// Keeps the shell, so that the page opens without the gateway and can say that it is out of reach. Readings are the page's own
// business (it keeps the last ones it saw, marked as such); nothing under /api is ever answered from here, no write is ever replayed.
const SHELL = "vigie-shell";

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin || pathname.startsWith("/api/")) return;
  if (event.request.mode === "navigate") event.respondWith(newestPage(event.request));
  else if (pathname.startsWith("/assets/")) event.respondWith(keptAsset(event.request));
});

async function newestPage(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) void keepShell();
    // A gateway that is just starting anew refuses pages for a second; the shell waits for it better than an error does.
    return answer.status >= 500 ? ((await caches.match("/")) ?? answer) : answer;
  } catch {
    return (await caches.match("/")) ?? Response.error();
  }
}

// Assets carry their content in their name: what is kept is right for ever, what is not in use any more is thrown out by keepShell.
async function keptAsset(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(SHELL)).put(request, answer.clone());
  return answer;
}

async function keepShell() {
  const cache = await caches.open(SHELL);
  const page = await fetch("/", { cache: "no-cache" });
  if (!page.ok) return;
  const html = await page.clone().text();
  const known = await cache.match("/");
  if (known && (await known.text()) === html) return;
  const list = await fetch("/assets.json", { cache: "no-cache" });
  const assets = list.ok ? await list.json() : [];
  for (const old of await cache.keys()) await cache.delete(old);
  await cache.put("/", page);
  await cache.addAll(["/icon.svg", "/manifest.webmanifest", ...assets]);
}

// Web Push: what the gateway sent through the browser's vendor, opened by this browser alone. A message must always be shown,
// whatever is in it. The proof tells the gateway that it arrived; where the gateway is out of reach, nothing is lost but that.
self.addEventListener("push", (event) => event.waitUntil(showMessage(event.data)));

async function showMessage(sent) {
  let message = {};
  try {
    message = sent?.json() ?? {};
  } catch {
    // Not one of ours; shown all the same.
  }
  await self.registration.showNotification(message.title ?? "Vigie", {
    body: message.body ?? "",
    tag: message.id,
    lang: message.language,
    icon: "/icon.svg",
    requireInteraction: message.priority === "high",
    data: { link: message.link },
  });
  if (!message.proof) return;
  const body = JSON.stringify({ proof: message.proof });
  await fetch("/api/v1/push/shown", { method: "POST", headers: { "content-type": "application/json" }, body }).catch(
    () => undefined,
  );
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data?.link ?? "/alarms"));
});
