import { render } from "preact";
import { App } from "./app.tsx";
import { showLastKnown, startKeeping } from "./last-known.ts";
import { followGateway, startClock } from "./live.ts";
import { startRouter } from "./router.ts";
import { startSession } from "./session.ts";
import { startTheme } from "./theme.ts";

startTheme();
startRouter();
startClock();
startKeeping();
startSession();
void followGateway(new AbortController().signal, showLastKnown);

const root = document.getElementById("app");
if (root) render(<App />, root);

// Without it (plain HTTP, private window) the page is the same, it only cannot be opened while the gateway is away.
if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => undefined);
