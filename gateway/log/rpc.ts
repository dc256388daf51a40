import { flushCompileCache } from "node:module";
import { type MessagePort, type Transferable, Worker } from "node:worker_threads";
import type { Answer, Trouble } from "./protocol.ts";

/** An error that happened in a worker, with its class. */
export class StoreTrouble extends Error {
  /** Every one is told in words that a person can act on. */
  readonly code = "STORE";
  readonly trouble: Trouble;

  constructor(trouble: Trouble, message: string) {
    super(message);
    this.name = "StoreTrouble";
    this.trouble = trouble;
  }
}

/** What a thread allocates is mostly blobs, which are not its heap. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 96 };

/** A worker that answers every call once, in order. */
export class Line<Call extends { call: string }, Answers> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;
  #ended: Error | undefined;

  constructor(file: URL, name: string) {
    // A worker inherits the parent's flags; those meant for a test runner or an inspector are none of its business.
    this.#worker = new Worker(file, { name, execArgv: [], resourceLimits: LIMITS });
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error(`the ${name} thread has ended`)));
    this.#worker.unref();
  }

  ask<K extends Call["call"] & keyof Answers>(
    call: Extract<Call, { call: K }>,
    transfer: Transferable[] = [],
  ): Promise<Answers[K]> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#next++;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#worker.ref();
    this.#worker.postMessage({ id, call }, transfer);
    return waiting.promise as Promise<Answers[K]>;
  }

  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (answer.ok) waiting?.resolve(answer.value);
    else waiting?.reject(new StoreTrouble(answer.trouble, answer.message));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** The worker's side: answers each call with what `serve` returns, blobs moved rather than copied. */
export function answerOn<Call extends { call: string }>(
  port: MessagePort,
  serve: (call: Call) => unknown,
  troubleOf: (error: unknown) => Trouble,
): void {
  flushCompileCache();
  port.on("message", ({ id, call }: { id: number; call: Call }) => {
    try {
      const value = serve(call) ?? null;
      port.postMessage({ id, ok: true, value } satisfies Answer);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ id, ok: false, trouble: troubleOf(error), message } satisfies Answer);
    }
  });
}
