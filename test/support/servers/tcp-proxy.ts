import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/** From the client's side: what it sends, and what it is answered. */
export type Direction = "requests" | "answers";

/** Where connections through the proxy lead. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * A TCP proxy in the test process, with the faults of a network: what is on its way can be held back in one direction
 * or both, delayed, cut at a byte, and every connection reset. What was held back arrives when the fault is over, as
 * after a broken route, unless the connection was reset.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: ProxyTarget;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #held = new Set<Direction>();
  #delayMs = 0;
  #refuses = false;
  #cut: PendingCut | undefined;
  #accepted = 0;

  private constructor(server: Server, target: ProxyTarget) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (client) => this.#accept(client));
  }

  /** Listens on a free port of loopback. Keeps nothing alive by itself. */
  static async start(target: ProxyTarget): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new TcpProxy(server, target);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    server.unref();
    return proxy;
  }

  readonly host = "127.0.0.1";

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#connections.size;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Ends every fault: what was held back goes on. */
  heal(): void {
    this.#held.clear();
    this.#delayMs = 0;
    this.#refuses = false;
    this.#cut = undefined;
    for (const connection of this.#connections) connection.flow();
  }

  /** Accepts and reads, and passes nothing on, in old connections and new ones. */
  blackhole(): void {
    this.hold("requests");
    this.hold("answers");
  }

  /** Passes nothing on in one direction: a half-open connection. */
  hold(direction: Direction): void {
    this.#held.add(direction);
  }

  /** Passes everything on so much later, each way. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Resets every connection; from now on each new one too, until healed. */
  refuse(): void {
    this.#refuses = true;
    this.reset();
  }

  /** Resets every connection there is (RST, both sides). */
  reset(): number {
    const count = this.#connections.size;
    for (const connection of this.#connections) connection.reset();
    return count;
  }

  /**
   * Lets pass only `bytes` of what goes next in this direction, on whichever connection, and resets that connection.
   * Resolves when it did; a later call takes the place of one that has not met its connection.
   */
  cutNext(direction: Direction, bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cut = { direction, bytes, done: resolve };
    });
  }

  /** Stops listening and resets what is open. */
  async stop(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    client.on("error", () => undefined);
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const connection = new ProxiedConnection(client, this.#target, {
      isHeld: (direction) => this.#held.has(direction),
      delayMs: () => this.#delayMs,
      takeCut: (direction) => this.#takeCut(direction),
      ended: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  #takeCut(direction: Direction): PendingCut | undefined {
    if (this.#cut?.direction !== direction) return undefined;
    const cut = this.#cut;
    this.#cut = undefined;
    return cut;
  }
}

const READ_WITHIN_MS = 3;

interface PendingCut {
  readonly direction: Direction;
  readonly bytes: number;
  readonly done: () => void;
}

/** What a connection asks its proxy. */
interface ProxyFaults {
  isHeld(direction: Direction): boolean;
  delayMs(): number;
  /** A cut that no connection has met yet; it is this one's from then on. */
  takeCut(direction: Direction): PendingCut | undefined;
  ended(): void;
}

/** `undefined` stands for the end of what the sender had to say. */
type Chunk = Buffer | undefined;

class ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #faults: ProxyFaults;
  /** Held back until `flow`. */
  readonly #waiting: Record<Direction, Chunk[]> = { requests: [], answers: [] };
  /** Delayed, in the order in which they came. */
  readonly #late: Record<Direction, Chunk[]> = { requests: [], answers: [] };
  #cut: { readonly direction: Direction; left: number; readonly done: () => void } | undefined;
  #isOver = false;

  constructor(client: Socket, target: ProxyTarget, faults: ProxyFaults) {
    this.#client = client;
    this.#faults = faults;
    this.#server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    this.#listen(client, "requests");
    this.#listen(this.#server, "answers");
  }

  /** Goes on with what was held back. */
  flow(): void {
    for (const direction of ["requests", "answers"] as const) {
      for (const chunk of this.#waiting[direction].splice(0)) this.#pass(direction, chunk);
    }
  }

  reset(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
    this.#cut?.done();
    this.#faults.ended();
  }

  #listen(from: Socket, direction: Direction): void {
    from.unref();
    from.on("data", (chunk: Buffer) => this.#receive(direction, chunk));
    from.on("end", () => this.#receive(direction, undefined));
    // A reset of one side is one of the other; so is a target that takes no connection.
    from.on("error", () => this.reset());
    from.on("close", () => {
      if (this.#client.destroyed && this.#server.destroyed) this.reset();
    });
  }

  /** Whichever timer fires, the oldest goes on: a delay that ends must not let what comes later overtake. */
  #receive(direction: Direction, chunk: Chunk): void {
    const ms = this.#faults.delayMs();
    const late = this.#late[direction];
    if (ms === 0 && late.length === 0) return this.#pass(direction, chunk);
    late.push(chunk);
    setTimeout(() => this.#pass(direction, late.shift()), ms).unref();
  }

  #pass(direction: Direction, chunk: Chunk): void {
    if (this.#isOver) return;
    if (this.#faults.isHeld(direction)) {
      this.#waiting[direction].push(chunk);
      return;
    }
    const to = direction === "requests" ? this.#server : this.#client;
    if (chunk === undefined) to.end();
    else if (!this.#cutShort(direction, chunk, to)) to.write(chunk);
  }

  /** Whether the chunk reaches the byte at which this connection is cut; then what is before it is the last to pass. */
  #cutShort(direction: Direction, chunk: Buffer, to: Socket): boolean {
    const fresh = this.#cut === undefined ? this.#faults.takeCut(direction) : undefined;
    if (fresh !== undefined) this.#cut = { direction, left: fresh.bytes, done: fresh.done };
    const cut = this.#cut;
    if (cut?.direction !== direction) return false;
    if (chunk.length < cut.left) {
      cut.left -= chunk.length;
      return false;
    }
    // Read together with the last bytes, a reset would look to Node like an ordinary end.
    to.write(chunk.subarray(0, cut.left), () => setTimeout(() => this.reset(), READ_WITHIN_MS).unref());
    cut.left = 0;
    return true;
  }
}
