import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { Logger } from "pino";
import { ZodError, z } from "zod";
import { ActionRefused } from "../core/alarm.ts";
import type { ErrorAnswer } from "../core/api.ts";
import { HistoryAway } from "../core/history.ts";
import { type Language, languages, sameText, type Text, Told } from "../core/text.ts";

/** An answer other than 200, thrown from anywhere in a route. */
export class HttpError extends Told {
  readonly statusCode: number;
  readonly error: string;

  constructor(statusCode: number, error: string, message: string | Text) {
    super(typeof message === "string" ? sameText(message) : message);
    this.statusCode = statusCode;
    this.error = error;
  }
}

export const notFound = (what: string | Text) => new HttpError(404, "not-found", what);

/** Every error leaves in one shape, with its place in the request, and never with our insides; in the language asked for, else the site's. */
export function answerErrors(app: FastifyInstance, say: Logger, site: Language): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { lang = site } = asked.safeParse(request.query).data ?? {};
    const { status, body } = errorAnswer(error, lang);
    if (status >= 500) say.error(`web: ${request.method} ${request.routeOptions.url ?? "?"}: ${error.message}`);
    // A table that failed before its first row had said already what it is.
    return reply.code(status).removeHeader("content-disposition").type("application/json; charset=utf-8").send(body);
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: "not-found", message: "There is nothing at this address." } satisfies ErrorAnswer),
  );
}

const asked = z.looseObject({ lang: z.enum(languages).optional().catch(undefined) });

function errorAnswer(error: FastifyError, language: Language): { status: number; body: ErrorAnswer } {
  if (error instanceof HttpError)
    return { status: error.statusCode, body: { error: error.error, message: error.text[language] } };
  if (error instanceof HistoryAway)
    return { status: 503, body: { error: "history-away", message: error.text[language] } };
  if (error instanceof ActionRefused) {
    const status = error.code === "unknown-alarm" ? 404 : error.code === "not-now" ? 409 : 403;
    return { status, body: { error: error.code, message: error.message } };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const first = error.validation[0];
    const path = first?.instancePath.split("/").filter(Boolean).join(".");
    const where = [error.validationContext, path].filter(Boolean).join(".");
    return { status: 400, body: { error: "bad-request", message: first?.message ?? "bad request", where } };
  }
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    const where = ["body", ...(issue?.path ?? [])].join(".");
    return { status: 400, body: { error: "bad-request", message: issue?.message ?? "bad request", where } };
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return { status, body: plainRefusal(status, error.code) };
  return {
    status: 500,
    body: { error: "internal", message: "Something went wrong here; the gateway's log says what." },
  };
}

/** Requests that reach no route at all (an address that cannot be decoded) are answered in the same shape. */
export function answerUnroutable(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  const { status, body } = errorAnswer(error, "en");
  void reply.code(status).send(body);
}

/** What the framework refuses before a route is reached, in words: what, where, and what next. Its own codes mean nothing to people. */
function plainRefusal(status: number, code: string | undefined): ErrorAnswer {
  if (status === 413)
    return { error: "too-large", message: "That is more than is taken at once. Send less.", where: "body" };
  if (status === 415)
    return {
      error: "wrong-type",
      message: "This address does not take that kind of body. Send JSON, as content-type: application/json.",
      where: "body",
    };
  if (code === "FST_ERR_CTP_EMPTY_JSON_BODY")
    return { error: "bad-request", message: "The body is empty. Send JSON, {} at least.", where: "body" };
  if (code === "FST_ERR_BAD_URL" || code === "FST_ERR_MAX_PARAM_LENGTH")
    return { error: "bad-request", message: "That is no address: check the part after the last %.", where: "path" };
  if (status === 400)
    return {
      error: "bad-request",
      message: "The body is not JSON that can be read. Check its quotes, commas and braces.",
      where: "body",
    };
  return { error: "refused", message: "That cannot be asked here. /api/docs says what can." };
}
