import { readSync, writeSync } from "node:fs";

/** What serialport's own port on Unix is made of. */
interface UnixPort {
  fd: number | null;
  poller: { once(event: "readable", done: (error: Error | null) => void): unknown };
  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }>;
  write(buffer: Buffer): Promise<void>;
}

/**
 * Takes the thread pool out of a serial port. serialport asks a thread for every read and write, twice for most reads, though
 * the device is open without blocking and the kernel answers at once: on a busy box each hand-over costs the bus up to a
 * millisecond between an answer and the next question. A port of another kind is left as it is.
 */
export function hasten(port: unknown): void {
  if (!isUnixPort(port)) return;
  const slowWrite = port.write.bind(port);
  port.read = async (buffer, offset, length) => {
    for (;;) {
      await new Promise<void>((resolve, reject) => {
        port.poller.once("readable", (error) => (error ? reject(error) : resolve()));
      });
      const bytesRead = readNow(port.fd, buffer, offset, length);
      if (bytesRead > 0) return { buffer, bytesRead };
    }
  };
  port.write = async (buffer) => {
    const written = writeNow(port.fd, buffer);
    if (written < buffer.length) await slowWrite(buffer.subarray(written));
  };
}

const isUnixPort = (port: unknown): port is UnixPort =>
  typeof port === "object" && port !== null && "fd" in port && "poller" in port && "read" in port && "write" in port;

/** 0 where there is nothing after all. */
function readNow(fd: number | null, buffer: Buffer, offset: number, length: number): number {
  if (fd === null) throw Object.assign(new Error("the port was closed"), { canceled: true });
  try {
    return readSync(fd, buffer, offset, length, null);
  } catch (error) {
    return nothingYet(error);
  }
}

/** What the kernel takes at once, which for a question is all of it. */
function writeNow(fd: number | null, buffer: Buffer): number {
  if (fd === null) return 0;
  try {
    return writeSync(fd, buffer);
  } catch (error) {
    return nothingYet(error);
  }
}

function nothingYet(error: unknown): 0 {
  if (error instanceof Error && "code" in error && ["EAGAIN", "EINTR"].includes(String(error.code))) return 0;
  throw error;
}
