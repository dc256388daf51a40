import { signal } from "@preact/signals";
import type { ErrorAnswer } from "../../gateway/core/api.ts";
import { hearDate } from "./clock.ts";

/** What went wrong with a request, for a person: the gateway's own words where it had some. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refused";
    this.status = status;
  }
}

/** Set when the gateway wants an account before it answers. */
export const accountNeeded = signal(false);

const PATIENCE = 15_000;

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("POST", path, body);
export const put = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("PUT", path, body);
export const patch = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("PATCH", path, body);
export const remove = <T>(path: string): Promise<T> => ask<T>("DELETE", path);

/** The image as the body; answers its id. */
export const sendPhoto = (photo: Blob): Promise<{ photo: string }> => ask("POST", "/photos", photo);

/** A piece of a file that is too big for one request. */
export const sendPiece = (path: string, piece: Blob): Promise<unknown> =>
  ask("PUT", path, new Blob([piece], { type: "application/octet-stream" }));

/** Nothing is ever kept to be sent later: a write that does not arrive now fails now, in front of the person. */
async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const late = AbortSignal.timeout(PATIENCE);
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      signal: signal ? AbortSignal.any([signal, late]) : late,
      headers: body === undefined ? {} : { "content-type": body instanceof Blob ? body.type : "application/json" },
      ...(body !== undefined && { body: body instanceof Blob ? body : JSON.stringify(body) }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Refused(0, "");
  }
  hearDate(answer.headers.get("date"));
  if (answer.status === 401) accountNeeded.value = true;
  const text = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, messageOf(text));
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** An answer that comes line by line (JSON each), for as long as it takes; ends when it does or when `stop` aborts. */
export async function* askLines<T>(path: string, body: object, stop: AbortSignal): AsyncGenerator<T> {
  const answer = await fetch(`/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: stop,
  });
  if (!answer.ok || !answer.body) throw new Refused(answer.status, messageOf(await answer.text()));
  const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
    const lines = (rest + piece.value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as T;
  }
}

function messageOf(text: string): string {
  try {
    const error = JSON.parse(text) as Partial<ErrorAnswer>;
    return typeof error.message === "string" ? error.message : "";
  } catch {
    return "";
  }
}
