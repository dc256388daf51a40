import { readFileSync } from "node:fs";
import type { IClientOptions, MqttClient } from "mqtt";
import { shownAddress } from "../core/address.ts";
import { Fault } from "../core/fault.ts";
import { NotNow } from "../core/log.ts";
import type { Series } from "../core/meter.ts";
import { SECOND } from "../core/time.ts";
import type { MqttConnection, MqttParts, OnMessage } from "./connection.ts";
import { matches } from "./filter.ts";
import { presenceOf } from "./presence.ts";
import { watchAcks, watchListeners } from "./watch.ts";
import { type Outgoing, Window } from "./window.ts";

/** What waits for its PUBACK at any time; enough to fill a link of 100 ms with 600 messages/s. */
const WINDOW = 64;
/** Messages whose handler has not resolved yet; beyond it we stop reading, so the broker holds the rest. */
const UNACKED = 1_000;
const CONNECT_TIMEOUT = 10 * SECOND;
const PAUSE_MIN = 1 * SECOND;
const PAUSE_MAX = 30 * SECOND;

/** A broker reached over a socket, through mqtt.js. */
export class RemoteConnection implements MqttConnection {
  readonly #parts: MqttParts;
  readonly #url: string;
  /** The address as it may be told. */
  readonly #where: string;
  readonly #subscriptions = new Map<string, OnMessage>();
  readonly #up: Series;
  readonly #reconnects: Series;
  #client: MqttClient | undefined;
  #window: Window | undefined;
  #waiting: (() => void)[] = [];
  #failures = 0;
  #opening = false;
  #unacked = 0;
  #blocked: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #closed = false;
  #told = "";

  constructor(parts: MqttParts, url: string) {
    this.#parts = parts;
    this.#url = url;
    this.#where = shownAddress(url);
    this.#up = parts.meters.gauge("mqtt_connected", "1 while the broker is reached", { link: parts.name });
    this.#reconnects = parts.meters.counter("mqtt_connects_total", "Connections made", { link: parts.name });
  }

  get connected(): boolean {
    return this.#window !== undefined;
  }

  async publish(messages: readonly Outgoing[], signal?: AbortSignal): Promise<void> {
    const window = await this.#ready(signal);
    signal?.throwIfAborted();
    await window.publish(messages);
  }

  subscribe(filter: string, onMessage: OnMessage): void {
    this.#subscriptions.set(filter, onMessage);
    if (this.#client && this.#window) this.#ask(this.#client, filter);
    else this.#open();
  }

  async close(): Promise<void> {
    const { presence } = this.#parts;
    if (presence && this.#window) {
      // A clean end sends no last will, so say goodbye ourselves; not worth more than a second of shutting down.
      const said = this.#window.publish([
        { topic: presence, payload: presenceOf("offline", this.#parts.clock), retain: true },
      ]);
      await Promise.race([said.catch(() => undefined), new Promise((done) => setTimeout(done, SECOND).unref())]);
    }
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    const client = this.#client;
    this.#lost(new Fault("connection", `${this.#parts.name}: closing`));
    if (client) await client.endAsync(!client.connected).catch(() => undefined);
  }

  /**
   * The window of the live connection, waiting for the first one that is being made. While there is none, whoever follows
   * may ask every second: that costs no packet, and nothing is lost to a back-off of theirs on top of ours.
   */
  async #ready(signal?: AbortSignal): Promise<Window> {
    this.#open();
    if (!this.#window && this.#failures === 0 && !this.#closed) {
      await new Promise<void>((done) => {
        this.#waiting.push(done);
        signal?.addEventListener("abort", () => done(), { once: true });
      });
    }
    if (!this.#window) throw new NotNow(`${this.#parts.name}: no connection to ${this.#where}`, SECOND);
    return this.#window;
  }

  #open(): void {
    if (this.#client || this.#timer || this.#opening || this.#closed) return;
    this.#opening = true;
    // Loaded here, because it costs 16 MB, and a gateway with the embedded broker alone needs none of it.
    import("mqtt")
      .then(({ default: { connect } }) => !this.#closed && this.#hold(connect(this.#url, this.#options())))
      .catch((error: Error) => this.#lost(error))
      .finally(() => {
        this.#opening = false;
      });
  }

  #hold(client: MqttClient): void {
    this.#client = client;
    client.handleMessage = (packet, next) => {
      // The PUBACK is ours to send, when the handler is done; an "error" here only keeps mqtt.js from sending its own.
      const last = new Error("acknowledged later");
      this.#incoming(client, packet, () => next(packet.qos === 1 ? last : undefined));
    };
    let why = new Error("connection closed");
    client.on("error", (error) => {
      why = error;
    });
    client.once("connect", () => this.#connected(client));
    client.once("close", () => {
      if (this.#client !== client) return;
      client.end(true);
      this.#lost(why);
    });
  }

  #options(): IClientOptions {
    const { link, clientId, session, presence } = this.#parts;
    const { username, password } = link;
    return {
      clientId: link.client_id ?? clientId,
      protocolVersion: link.version === "5" ? 5 : 4,
      clean: !session,
      ...(session && link.version === "5" && { properties: { sessionExpiryInterval: 7 * 24 * 3600 } }),
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(link.ca && { ca: readFileSync(link.ca) }),
      ...(link.cert && { cert: readFileSync(link.cert) }),
      ...(link.key && { key: readFileSync(link.key) }),
      keepalive: 30,
      connectTimeout: CONNECT_TIMEOUT,
      // We reconnect ourselves, each time with a fresh client: mqtt.js would send again what it still holds.
      reconnectPeriod: 0,
      // Otherwise the library keeps a Buffer for each of 65,536 packet numbers: 10 MB.
      writeCache: false,
      queueQoSZero: false,
      // The library writes a line for its debugger for every packet, whoever listens.
      log: () => undefined,
      resubscribe: false,
      ...(presence && {
        will: { topic: presence, payload: Buffer.from(presenceOf("offline", this.#parts.clock)), qos: 1, retain: true },
      }),
    };
  }

  #connected(client: MqttClient): void {
    const { name, say, presence, onConnect, needsListener } = this.#parts;
    this.#failures = 0;
    this.#told = "";
    this.#up.value = 1;
    this.#reconnects.value += 1;
    const unheard = needsListener ? watchListeners(client, `${name}: nobody listens at ${this.#where} yet`) : undefined;
    const window = new Window(WINDOW, (message, acked) =>
      client.publish(
        message.topic,
        message.payload,
        { qos: message.qos ?? 1, retain: message.retain ?? false },
        (error, packet) => acked(error ? this.#fault("lost the connection", error) : unheard?.(packet)),
      ),
    );
    this.#window = window;
    this.#watch = watchAcks(window, () => client.stream.destroy(new Error("no PUBACK")));
    say.info(`${name}: connected to ${this.#where}`);
    for (const filter of this.#subscriptions.keys()) this.#ask(client, filter);
    if (presence) {
      const birth = { topic: presence, payload: presenceOf("online", this.#parts.clock), retain: true };
      // Should it fail, the connection is gone, and the next one says it again.
      window.publish([birth]).catch(() => undefined);
    }
    onConnect?.();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #lost(why: Error): void {
    const { name, say } = this.#parts;
    this.#client = undefined;
    this.#up.value = 0;
    clearInterval(this.#watch);
    this.#window?.break(this.#fault("lost the connection", why));
    this.#window = undefined;
    this.#unacked = 0;
    for (const resume of this.#blocked.splice(0)) resume();
    this.#failures += 1;
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.#closed) return;
    // Full jitter, so that a hundred gateways do not come back in the same second.
    const top = Math.min(PAUSE_MAX, PAUSE_MIN * 2 ** Math.min(this.#failures, 6));
    const pause = PAUSE_MIN / 5 + Math.random() * top;
    if (why.message !== this.#told) {
      this.#told = why.message;
      const text = why.message || "no answer";
      say.warn(`${name}: no connection to ${this.#where} (${text}), trying again in ${Math.ceil(pause / SECOND)} s`);
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#open();
    }, pause);
    this.#timer.unref();
  }

  #ask(client: MqttClient, filter: string): void {
    client.subscribe(filter, { qos: 1 }, (error, granted) => {
      const refused = granted?.some((grant) => grant.qos > 2);
      if (this.#client !== client || (!error && !refused)) return;
      this.#parts.say.error(`${this.#parts.name}: the broker refuses to hand out ${filter}`);
    });
  }

  #incoming(client: MqttClient, packet: Packet, next: () => void): void {
    const { name, say, meters } = this.#parts;
    const notTaken = meters.counter("mqtt_not_taken_total", "Messages left to the broker", { link: name });
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    const meant = [...this.#subscriptions].filter(([filter]) => matches(filter, packet.topic));
    const handlers = new Set(meant.map(([, onMessage]) => onMessage));
    this.#unacked += 1;
    Promise.all([...handlers].map(async (onMessage) => onMessage(packet.topic, payload, packet.retain)))
      .then(() => {
        if (packet.qos === 1 && this.#client === client && packet.messageId !== undefined)
          client.stream.write(Buffer.from([0x40, 2, packet.messageId >> 8, packet.messageId & 0xff]));
      })
      .catch((error: Error) => {
        notTaken.value += 1;
        say.debug(`${name}: a message on ${packet.topic} was not taken: ${error.message}`);
      })
      .finally(() => {
        if (this.#client !== client) return;
        this.#unacked -= 1;
        this.#blocked.shift()?.();
      });
    if (this.#unacked < UNACKED) next();
    else this.#blocked.push(next);
  }

  #fault(what: string, cause?: Error): Fault {
    return new Fault("connection", `${this.#parts.name}: ${what} to ${this.#where}`, { cause });
  }
}

interface Packet {
  topic: string;
  payload: string | Buffer;
  qos: number;
  retain: boolean;
  messageId?: number;
}
