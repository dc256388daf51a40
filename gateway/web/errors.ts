import type { FastifyError, FastifyInstance } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { Logger } from "pino";
import { ZodError } from "zod";
import { ActionRefused } from "../core/alarm.ts";
import type { ErrorAnswer } from "../core/api.ts";

/** An answer other than 200, thrown from anywhere in a route. */
export class HttpError extends Error {
  readonly statusCode: number;
  readonly error: string;

  constructor(statusCode: number, error: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.error = error;
  }
}

export const notFound = (what: string) => new HttpError(404, "not-found", what);

/** Every error leaves in one shape, with its place in the request, and never with our insides. */
export function answerErrors(app: FastifyInstance, say: Logger): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, body } = errorAnswer(error);
    if (status >= 500) say.error(`web: ${request.method} ${request.routeOptions.url ?? "?"}: ${error.message}`);
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: "not-found", message: "There is nothing at this address." } satisfies ErrorAnswer),
  );
}

function errorAnswer(error: FastifyError): { status: number; body: ErrorAnswer } {
  if (error instanceof HttpError)
    return { status: error.statusCode, body: { error: error.error, message: error.message } };
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
  if (status >= 400 && status < 500) {
    const where = status === 413 || status === 400 || status === 415 ? { where: "body" } : {};
    return { status, body: { error: error.code ?? "bad-request", message: error.message, ...where } };
  }
  return {
    status: 500,
    body: { error: "internal", message: "Something went wrong here; the gateway's log says what." },
  };
}
