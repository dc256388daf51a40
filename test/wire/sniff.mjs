// Loaded into every process of a test run (NODE_OPTIONS, test/wire/watch.ts): looks at each byte that goes out of a socket or a
// serial port and writes down every Modbus frame that would change something in a machine. Plain JavaScript, because the
// processes it is loaded into may be of any Node.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { modbusCode, WRITES } from "./frame.mjs";

const log = process.env.VIGIE_WIRE_LOG;
/** Questions are told in bunches: a process that is killed says nothing at its end. */
const BUNCH = 20;
let seen = 0;
/** Open from the beginning: a process that has no descriptor left must not lose its wires to who watches them. */
const file = log ? fs.openSync(log, "a") : undefined;

if (file !== undefined) {
  const { _write, _writev } = net.Socket.prototype;
  net.Socket.prototype._write = function (chunk, ...rest) {
    look(chunk);
    return _write.call(this, chunk, ...rest);
  };
  net.Socket.prototype._writev = function (chunks, ...rest) {
    for (const { chunk } of chunks) look(chunk);
    return _writev.call(this, chunks, ...rest);
  };
  // A serial port is a file: these two are what writes to it, one by serialport, one by drivers/lib/tty.ts.
  for (const name of ["write", "writeSync"]) {
    const write = fs[name];
    fs[name] = Object.assign((fd, bytes, ...rest) => {
      look(bytes);
      return write(fd, bytes, ...rest);
    }, write);
  }
  // Without this, modules that import { writeSync } by name go on with the old one.
  syncBuiltinESMExports();
  process.on("exit", () => {
    if (seen > 0) note({ reads: seen });
  });
}

function look(bytes) {
  if (!(bytes instanceof Uint8Array) || bytes.length > 600) return;
  const code = modbusCode(bytes);
  if (code === undefined) return;
  if (!WRITES.has(code)) {
    seen += 1;
    if (seen < BUNCH) return;
    note({ reads: seen });
    seen = 0;
    return;
  }
  note({ code, frame: Buffer.from(bytes).toString("hex") });
}

function note(what) {
  const test = process.env.VIGIE_TEST_FILE ?? "?";
  const program = process.argv.slice(1, 3).join(" ");
  fs.appendFileSync(file, `${JSON.stringify({ test, program, main: isMainThread, ...what })}\n`);
}
