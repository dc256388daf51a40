import { createServer } from "node:http";
import helmet from "@fastify/helmet";
import swagger from "@fastify/swagger";
import fastify from "fastify";
import { jsonSchemaTransform, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { isLoopback } from "../core/address.ts";
import type { Follower } from "../core/log.ts";
import type { Reading } from "../core/reading.ts";
import { closeGate } from "./access/gate.ts";
import type { App, Desk } from "./app.ts";
import { answerErrors } from "./errors.ts";
import { Events } from "./events.ts";
import { Live } from "./live.ts";
import type { WebParts } from "./parts.ts";
import { alarmRoutes } from "./routes/alarms.ts";
import { docsRoutes } from "./routes/docs.ts";
import { gatewayRoutes, probeRoutes } from "./routes/gateway.ts";
import { historyRoutes } from "./routes/history.ts";
import { pageRoutes } from "./routes/pages.ts";
import { answerState, siteRoutes } from "./routes/site.ts";

export interface Web {
  url: string;
  /** To be followed from the head of the readings log. */
  live: Follower<Reading>;
  close(): Promise<void>;
}

/** What one client and all of them together may take. */
const bounds = { body: 1024 * 1024, head: 16 * 1024, sockets: 300, requestWithin: 15_000, headWithin: 10_000 } as const;

/** Opens the web server: the contract under `/api/v1`, the dashboard, and what watchdogs and Prometheus ask. */
export async function createWeb(parts: WebParts): Promise<Web> {
  const { settings, clock } = parts;
  if (!isLoopback(settings.host)) throw new Error("web.host: without accounts only 127.0.0.1 is allowed");
  const startedAt = clock.monotonic();
  const live = new Live(parts.points, parts.steady);
  const events = new Events(live, parts.notices, () => answerState(parts, startedAt), parts.meters);
  const app: App = newApp();
  const desk: Desk = { ...parts, live, events };
  answerErrors(app, parts.say);
  closeGate(app, {
    names: settings.names,
    meters: parts.meters,
    whoIs: () => (settings.open ? { name: "local", role: "admin" } : undefined),
  });
  await app.register(helmet, { contentSecurityPolicy, referrerPolicy: { policy: "no-referrer" }, hsts: false });
  await app.register(swagger, {
    openapi: { info: { title: "Vigie", version: parts.version, description: "Times are epoch ms, ages ms." } },
    transform: jsonSchemaTransform,
  });
  await app.register(
    async (api: App) => {
      siteRoutes(api, desk);
      historyRoutes(api, desk);
      alarmRoutes(api, desk);
      gatewayRoutes(api, desk, startedAt);
    },
    { prefix: "/api/v1" },
  );
  await app.register(async (outside: App) => {
    docsRoutes(outside);
    probeRoutes(outside, desk, startedAt);
    await pageRoutes(outside, desk);
  });
  await app.listen({ host: settings.host, port: settings.port });
  events.start();
  return {
    url: urlOf(app, "http", settings.host),
    live,
    close: async () => {
      await events.close();
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

function newApp(): App {
  const app = fastify({
    bodyLimit: bounds.body,
    requestTimeout: bounds.requestWithin,
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    serverFactory: (handler) => {
      const server = createServer(
        { maxHeaderSize: bounds.head, headersTimeout: bounds.headWithin, requestTimeout: bounds.requestWithin },
        handler,
      );
      server.maxConnections = bounds.sockets;
      return server;
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(validatorCompiler);
  // Answers are our own types; their schemas are for readers, not for stripping what was added since.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  return app;
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

function urlOf(app: App, scheme: "http" | "https", host: string): string {
  const address = app.server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
