import { hostname } from "node:os";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import swagger from "@fastify/swagger";
import fastify from "fastify";
import { jsonSchemaTransform, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { isLoopback } from "../core/address.ts";
import { CannotStart } from "../core/cannot-start.ts";
import type { Follower } from "../core/log.ts";
import type { Reading } from "../core/reading.ts";
import { closeGate } from "./access/gate.ts";
import { openPeople } from "./access/people.ts";
import type { Need } from "./access/roles.ts";
import type { App, Desk } from "./app.ts";
import { answerErrors, answerUnroutable } from "./errors.ts";
import { Events } from "./events.ts";
import { Live } from "./live.ts";
import type { WebParts } from "./parts.ts";
import { alarmRoutes } from "./routes/alarms.ts";
import { backtestRoutes } from "./routes/backtest.ts";
import { commissioningRoutes } from "./routes/commissioning.ts";
import { configRoutes } from "./routes/config.ts";
import { docsRoutes } from "./routes/docs.ts";
import { energyRoutes } from "./routes/energy.ts";
import { exportRoutes } from "./routes/export.ts";
import { gatewayRoutes, probeRoutes } from "./routes/gateway.ts";
import { historyRoutes } from "./routes/history.ts";
import { logRoutes } from "./routes/logs.ts";
import { noteRoutes } from "./routes/notes.ts";
import { ackPage, noticeRoutes } from "./routes/notices.ts";
import { officeRoutes } from "./routes/office.ts";
import { pageRoutes } from "./routes/pages.ts";
import { restoreRoutes } from "./routes/restore.ts";
import { sessionRoutes } from "./routes/session.ts";
import { answerState, siteRoutes } from "./routes/site.ts";
import { spectrumRoutes } from "./routes/spectra.ts";
import { systemRoutes } from "./routes/system.ts";
import { trustRoutes } from "./routes/trust.ts";
import { userRoutes } from "./routes/users.ts";
import type { Identity } from "./tls/certificate.ts";
import { bounds, openDoor, serverFor, showCertificate } from "./tls/door.ts";
import { boxIdentity, keepFresh, ownIdentity } from "./tls/identity.ts";

export interface Web {
  url: string;
  /** To be followed from the head of the readings log. */
  live: Follower<Reading>;
  /** Makes the first account, for an hour: to be shown on the console, once. Undefined when there is one. */
  setupCode: string | undefined;
  /** Who may call what; a test walks it with every role. */
  routes: readonly RouteNeed[];
  /** Writes a line of the audit list, for what happens outside the web server (updates, clock steps). */
  audit(what: string, detail: string): Promise<void>;
  close(): Promise<void>;
}

export interface RouteNeed {
  method: string;
  url: string;
  need: Need;
}

/** Opens the web server: the contract under `/api/v1`, the dashboard, and what watchdogs and Prometheus ask. */
export async function createWeb(parts: WebParts): Promise<Web> {
  const { settings, clock } = parts;
  const secure = !isLoopback(settings.host);
  // The site file was checked, but a command line may have said another host since.
  if (secure && settings.open)
    throw new CannotStart({
      fr: `La page est ouverte sans compte (web: { open: true }) : elle ne peut alors servir que cette machine, pas ${settings.host}.\n  Enlevez open, la passerelle demandera un compte ; ou gardez --host 127.0.0.1.`,
      en: `The page is open without an account (web: { open: true }), so it may serve this machine only, not ${settings.host}.\n  Take open out, and the gateway will ask for an account; or keep --host 127.0.0.1.`,
    });
  let identity = secure ? await identityFor(parts) : undefined;
  const startedAt = clock.monotonic();
  const people = await openPeople(parts, secure);
  const live = new Live(parts.points, parts.steady);
  const events = new Events(live, parts.notices, () => answerState(parts, startedAt), parts.meters);
  const app = await newApp(parts, identity);
  const desk: Desk = { ...parts, live, events, people };
  const routes: RouteNeed[] = [];
  app.addHook("onRoute", ({ method, url, config }) => {
    for (const one of [method].flat()) if (config?.need) routes.push({ method: one, url, need: config.need });
  });
  answerErrors(app, parts.say, parts.site.language);
  closeGate(app, desk);
  await app.register(
    async (api: App) => {
      siteRoutes(api, desk);
      historyRoutes(api, desk);
      exportRoutes(api, desk);
      energyRoutes(api, desk);
      spectrumRoutes(api, desk);
      alarmRoutes(api, desk);
      officeRoutes(api, desk);
      noticeRoutes(api, desk);
      noteRoutes(api, desk);
      gatewayRoutes(api, desk, startedAt);
      systemRoutes(api, desk, startedAt);
      logRoutes(api, desk);
      restoreRoutes(api, desk);
      configRoutes(api, desk);
      commissioningRoutes(api, desk);
      backtestRoutes(api, desk);
      sessionRoutes(api, desk);
      userRoutes(api, desk);
    },
    { prefix: "/api/v1" },
  );
  await app.register(async (outside: App) => {
    docsRoutes(outside);
    ackPage(outside, desk);
    probeRoutes(outside, desk, startedAt);
    trustRoutes(outside, () => identity?.ca);
    await pageRoutes(outside, desk);
  });
  await app.ready();
  const door = await openDoor(app.server, secure, settings.host, settings.port);
  const use = (fresh: typeof identity) => {
    if (fresh) showCertificate(app.server, fresh);
    identity = fresh;
  };
  const stopLooking = identity && keepFresh(identity, () => identityFor(parts), use, parts.say);
  events.start();
  return {
    url: `${secure ? "https" : "http"}://${shownHost(settings.host)}:${door.port}`,
    live,
    setupCode: people.setupCode,
    routes,
    audit: (what, detail) => people.audit.note({ who: "system", from: "", what, detail }),
    close: async () => {
      stopLooking?.();
      const closed = door.close();
      await events.close();
      await closed;
      await app.close();
    },
  };
}

async function identityFor(parts: WebParts): Promise<Identity & { ca?: string }> {
  const { settings, clock, folder, say } = parts;
  if (settings.tls) return ownIdentity(settings.tls, clock.now(), say);
  return boxIdentity({ folder, names: settings.names, now: clock.now(), say });
}

async function newApp({ version, settings }: WebParts, identity: Identity | undefined): Promise<App> {
  const app: App = fastify({
    bodyLimit: bounds.body,
    forceCloseConnections: true,
    frameworkErrors: answerUnroutable,
    // HEAD would run the handler of GET, a whole backup too.
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 200 },
    serverFactory: (handler) => serverFor(identity, handler),
    // Ours are set below; where none is named here, fastify loads its own, and all of Ajv with them.
    schemaController: { compilersFactory: { buildValidator: notAsked, buildSerializer: notAsked } },
  }).withTypeProvider<ZodTypeProvider>();
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(validatorCompiler);
  // Answers are our own types; their schemas are for readers, not for stripping what was added since.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  await app.register(cookie);
  await app.register(helmet, {
    contentSecurityPolicy,
    referrerPolicy: { policy: "no-referrer" },
    // Only with a certificate that browsers know: with our own, a new authority would lock people out for a year.
    hsts: settings.tls ? { maxAge: 365 * 86_400 } : false,
  });
  await app.register(swagger, {
    openapi: { info: { title: "Vigie", version, description: "Times are epoch ms, ages ms." } },
    transform: jsonSchemaTransform,
  });
  return app;
}

function notAsked(): never {
  throw new Error("a schema that is not for our compilers");
}

/** Nothing inline, nothing from elsewhere. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "data:", "blob:"],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    manifestSrc: ["'self'"],
    workerSrc: ["'self'"],
    mediaSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

const shownHost = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return hostname();
  return host.includes(":") ? `[${host}]` : host;
};
