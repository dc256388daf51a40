import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * What the network between the gateway and a TCP slave does: `through`; `hole`: nothing arrives any more and nobody is told; `deaf`:
 * accepts calls and says nothing; `reset`: hangs up at every question; `refuse`: nobody listens.
 */
export type LinkState = "through" | "hole" | "deaf" | "reset" | "refuse";

/** A proxy before a slave, for its faults and for what a small device allows. */
export class Link {
  /** When each call was accepted. */
  readonly calls: number[] = [];
  /** Connections that it takes at once; a further one is hung up on. */
  most = Number.POSITIVE_INFINITY;
  #state: LinkState = "through";
  readonly #target: number;
  readonly #server: Server;
  #port = 0;
  readonly #callers = new Set<Socket>();

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (caller) => this.#take(caller));
  }

  static async to(target: number): Promise<Link> {
    const link = new Link(target);
    await link.#listen();
    return link;
  }

  get port(): number {
    return this.#port;
  }

  get open(): number {
    return this.#callers.size;
  }

  async turn(state: LinkState): Promise<void> {
    const [before, now] = [this.#state, state];
    this.#state = now;
    if (now === "refuse") await this.close();
    else if (before === "refuse") await this.#listen();
  }

  async close(): Promise<void> {
    for (const caller of this.#callers) caller.resetAndDestroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #take(caller: Socket): void {
    this.calls.push(performance.now());
    caller.on("error", () => undefined);
    if (this.#callers.size >= this.most) return void caller.end();
    this.#callers.add(caller);
    const slave = this.#state === "deaf" ? undefined : connect(this.#target, "127.0.0.1");
    slave?.on("error", () => undefined);
    caller.on("data", (bytes) => {
      if (this.#state === "reset") caller.resetAndDestroy();
      else if (this.#state === "through") slave?.write(bytes);
    });
    slave?.on("data", (bytes) => this.#state === "through" && caller.write(bytes));
    caller.on("close", () => {
      this.#callers.delete(caller);
      slave?.destroy();
    });
  }
}
