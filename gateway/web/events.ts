import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { AlarmEvent } from "../core/alarm.ts";
import type { StateAnswer } from "../core/api.ts";
import type { Entry, Log } from "../core/log.ts";
import type { Meters, Series } from "../core/meter.ts";
import type { Language } from "../core/text.ts";
import { answerAlarm } from "./answers.ts";
import { HttpError } from "./errors.ts";
import type { Live } from "./live.ts";

/** Points go out at most four times a second, however often they change. */
const POINTS_EVERY = 250;
const STATE_EVERY = 1_000;
/** A page that is so far behind has stopped reading; it comes back by itself. */
const BEHIND_BYTES = 1024 * 1024;
const CLIENTS = 100;
const REPLAY_CHUNK = 200;

interface Client {
  response: ServerResponse;
  language: Language;
}

/** The live pages: points, alarms and the gateway's own state as server-sent events. */
export class Events {
  readonly #live: Live;
  readonly #notices: Log<AlarmEvent>;
  readonly #state: () => StateAnswer;
  readonly #clients = new Set<Client>();
  readonly #closedBehind: Series;
  readonly #stop = new AbortController();
  #timers: NodeJS.Timeout[] = [];
  #alarmSeq: number;
  #following: Promise<void> | undefined;

  constructor(live: Live, notices: Log<AlarmEvent>, state: () => StateAnswer, meters: Meters) {
    this.#live = live;
    this.#notices = notices;
    this.#state = state;
    this.#alarmSeq = notices.head().newest;
    this.#closedBehind = meters.counter("web_events_behind_total", "Live pages closed because they stopped reading");
    meters.probe(() => {
      meters.gauge("web_events_clients", "Live pages connected").value = this.#clients.size;
    });
  }

  start(): void {
    this.#following = this.#followNotices();
    this.#timers = [
      setInterval(() => this.#tellPoints(), POINTS_EVERY),
      setInterval(() => this.#tell("state", this.#state()), STATE_EVERY),
    ];
  }

  /** Takes over a request: a snapshot, the alarm events missed since `lastEventId`, then everything as it happens. */
  async join(reply: FastifyReply, language: Language, lastEventId: string | undefined): Promise<void> {
    if (this.#clients.size >= CLIENTS) throw new HttpError(503, "too-many", "Too many live pages are open.");
    const missed = lastEventId?.match(/^\d{1,15}\.(\d{1,15})$/)?.[1];
    reply.hijack();
    const response = reply.raw;
    const headers = reply.getHeaders();
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    response.socket?.setKeepAlive(true, 30_000);
    const client: Client = { response, language };
    response.once("close", () => this.#clients.delete(client));
    this.#write(client, "retry: 1000\n\n");
    this.#write(client, this.#format("state", this.#state()));
    // For the first page the snapshot holds every change so far.
    if (this.#clients.size === 0) this.#live.takeChanged();
    this.#write(client, this.#format("points", this.#live.all()));
    if (missed !== undefined) await this.#replay(client, Number(missed));
    if (!response.destroyed) this.#clients.add(client);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearInterval(timer);
    for (const { response } of this.#clients) response.destroy();
    await this.#following;
  }

  /** Every alarm event after `seq` up to now. No await between the last look and joining: nothing falls in between. */
  async #replay(client: Client, seq: number): Promise<void> {
    let at = seq;
    while (at < this.#alarmSeq && !client.response.destroyed) {
      const entries = await this.#notices.after(at, REPLAY_CHUNK);
      const due = entries.filter((entry) => entry.seq <= this.#alarmSeq);
      for (const entry of due) this.#write(client, this.#alarm(entry, client.language));
      at = due.at(-1)?.seq ?? this.#alarmSeq;
    }
  }

  async #followNotices(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const grown = this.#notices.grown(signal);
      // A log that cannot be read now is asked again when it has grown; the events are not lost, they are in it.
      const entries = await this.#notices.after(this.#alarmSeq, REPLAY_CHUNK).catch(() => []);
      for (const entry of entries) {
        this.#alarmSeq = entry.seq;
        for (const client of this.#clients) this.#write(client, this.#alarm(entry, client.language));
      }
      if (entries.length === 0) await grown;
    }
  }

  #tellPoints(): void {
    if (this.#clients.size === 0) return;
    const changed = this.#live.takeChanged();
    if (changed) this.#tell("points", changed);
  }

  #tell(event: "points" | "state", body: unknown): void {
    if (this.#clients.size === 0) return;
    const words = this.#format(event, body);
    for (const client of this.#clients) this.#write(client, words);
  }

  #alarm(entry: Entry<AlarmEvent>, language: Language): string {
    return this.#format("alarm", answerAlarm(entry.item.alarm, language), entry.seq);
  }

  #format(event: string, body: unknown, alarmSeq = this.#alarmSeq): string {
    return `id: ${this.#live.seq}.${alarmSeq}\nevent: ${event}\ndata: ${JSON.stringify(body)}\n\n`;
  }

  #write(client: Client, words: string): void {
    const { response } = client;
    if (response.destroyed) return;
    response.write(words);
    if (response.writableLength <= BEHIND_BYTES) return;
    this.#closedBehind.value += 1;
    this.#clients.delete(client);
    response.destroy();
  }
}
