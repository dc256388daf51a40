import type { Socket } from "node:net";

/** What the first byte of a TLS handshake is. */
export const HANDSHAKE = 22;

/** Waits for the first byte that a socket sends, and leaves it where it is for whoever reads on; who sends none is closed. */
export function firstByte(socket: Socket, within: number, go: (first: number | undefined) => void): void {
  const timer = setTimeout(() => socket.destroy(), within);
  socket.once("close", () => clearTimeout(timer));
  socket.once("data", (bytes: Buffer) => {
    clearTimeout(timer);
    socket.pause();
    socket.unshift(bytes);
    go(bytes[0]);
    process.nextTick(() => socket.resume());
  });
}
