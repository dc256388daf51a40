import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { Ms } from "./core/time.ts";

export interface Question {
  method: string;
  headers: Record<string, string>;
  body?: string;
  timeout: Ms;
  /** Of the server, in PEM, where the machine does not know it. `fetch` could not be told. */
  ca?: string | undefined;
}

/** One question to the server and its whole answer, whatever that is, within the time-out. */
export async function ask(url: URL, question: Question): Promise<{ status: number; text: string }> {
  const { method, headers, body, timeout, ca } = question;
  const signal = AbortSignal.timeout(timeout);
  const over = await (url.protocol === "https:" ? import("node:https") : import("node:http"));
  const request = over.request(url, { method, headers, signal, ...(ca !== undefined && { ca }) });
  // Once there is an answer, what goes wrong is told by that; here it must only not go unheard.
  request.on("error", () => undefined);
  try {
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { status: response.statusCode ?? 0, text: await text(response) };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/** The server is there, and shows a certificate that nobody vouches for. */
export const isCertificate = (code: string): boolean =>
  /CERT|SELF_SIGNED|TLS|SSL|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code);
