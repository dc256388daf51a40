import { NotNow } from "../core/log.ts";
import { type Ms, SECOND } from "../core/time.ts";

export type Qos = 0 | 1;

/** A message on its way out. */
export interface Outgoing {
  topic: string;
  payload: string | Buffer;
  retain?: boolean;
  /** 1 unless told otherwise; 0 counts as delivered once it has left. */
  qos?: Qos;
}

/** Hands one message to the wire; `acked` is called with its PUBACK or with what went wrong. */
export type Send = (message: Outgoing, acked: (error?: Error | null) => void) => void;

/**
 * Acknowledged, but nobody listens to it. Fails a job when that is so of all its messages, or of some on a topic that was heard
 * on in the same job: then whoever listens came in the middle, and has missed the rest. A topic without any listener fails nothing,
 * so that somebody who looked on for a while and left holds nobody up.
 */
export class Unheard extends NotNow {}

const AGAIN: Ms = 1 * SECOND;

interface Job {
  messages: readonly Outgoing[];
  /** Index of the next message to send. */
  next: number;
  /** Messages without their PUBACK, sent or not. */
  open: number;
  unheard: number;
  /** The topics of those, and of the others. */
  missed: Set<string>;
  heard: Set<string>;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * The in-flight window of one connection: at most `width` messages without their PUBACK, the rest waits here in order.
 * mqtt.js would take any number, and beyond 65,535 it neither sends nor fails them. Everything that waits when the
 * connection breaks is rejected: whoever asked (`follow`) asks again, with the same (boot, seq).
 */
export class Window {
  readonly #width: number;
  readonly #send: Send;
  readonly #jobs: Job[] = [];
  #flying = 0;
  #broken: Error | undefined;
  /** Counts PUBACKs, so that a watcher can tell progress from silence. */
  acked = 0;

  constructor(width: number, send: Send) {
    this.#width = width;
    this.#send = send;
  }

  get flying(): number {
    return this.#flying;
  }

  publish(messages: readonly Outgoing[]): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (messages.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#jobs.push({
        messages,
        next: 0,
        open: messages.length,
        unheard: 0,
        missed: new Set(),
        heard: new Set(),
        resolve,
        reject,
      });
      this.#fill();
    });
  }

  /** The connection is gone: rejects everything that waits, now and later. */
  break(error: Error): void {
    this.#broken ??= error;
    for (const job of this.#jobs.splice(0)) job.reject(error);
    this.#flying = 0;
  }

  #fill(): void {
    while (this.#flying < this.#width && !this.#broken) {
      const job = this.#jobs.find((j) => j.next < j.messages.length);
      const message = job?.messages[job.next];
      if (!job || !message) return;
      job.next += 1;
      this.#flying += 1;
      this.#send(message, (error) => this.#landed(job, message, error));
    }
  }

  #landed(job: Job, { topic }: Outgoing, error?: Error | null): void {
    if (this.#broken) return;
    this.#flying -= 1;
    job.open -= 1;
    if (error instanceof Unheard) {
      job.unheard += 1;
      job.missed.add(topic);
    } else if (error) {
      this.#forget(job);
      job.reject(error);
    } else job.heard.add(topic);
    if (!error || error instanceof Unheard) this.acked += 1;
    if (job.open === 0) this.#end(job, error);
    this.#fill();
  }

  #end(job: Job, last?: Error | null): void {
    this.#forget(job);
    const missed = job.unheard === job.messages.length || [...job.missed].some((topic) => job.heard.has(topic));
    if (missed) job.reject(last instanceof Unheard ? last : new Unheard("who listens came in the middle", AGAIN));
    else job.resolve();
  }

  #forget(job: Job): void {
    const at = this.#jobs.indexOf(job);
    if (at >= 0) this.#jobs.splice(at, 1);
  }
}
