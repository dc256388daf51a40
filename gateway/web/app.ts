import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { People } from "./access/people.ts";
import type { Events } from "./events.ts";
import type { Live } from "./live.ts";
import type { WebParts } from "./parts.ts";

/** The server as routes see it: bodies and queries have the types of their zod schemas. */
export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

/** What routes work with. */
export interface Desk extends WebParts {
  live: Live;
  events: Events;
  people: People;
}
