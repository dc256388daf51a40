import { createServer, type Server, type Socket } from "node:net";

/** The registers and bits of one slave. A register that is not in the map does not exist: asking for it is exception 2. */
export class Registers {
  readonly holding = new Map<number, number>();
  readonly input = new Map<number, number>();
  readonly coils = new Map<number, number>();
  readonly discrete = new Map<number, number>();

  /** Meters answer for every address of their block, used or not. */
  static withInputs(...blocks: readonly (readonly [from: number, to: number])[]): Registers {
    const registers = new Registers();
    for (const [from, to] of blocks) for (let at = from; at <= to; at++) registers.input.set(at, 0);
    return registers;
  }
}

/** Writes numbers into registers the way the devices do: most significant word first. */
export const put = {
  u16: (table: Map<number, number>, at: number, value: number) => void table.set(at, Math.round(value) & 0xffff),
  u32: (table: Map<number, number>, at: number, value: number) => {
    table.set(at, Math.floor(value / 0x1_0000) & 0xffff);
    table.set(at + 1, value & 0xffff);
  },
  f32: (table: Map<number, number>, at: number, value: number) => {
    scratch.setFloat32(0, value);
    table.set(at, scratch.getUint16(0));
    table.set(at + 1, scratch.getUint16(2));
  },
};

const scratch = new DataView(new ArrayBuffer(4));

/** The slaves of one line, by address. */
export type Line = ReadonlyMap<number, Registers>;

const MAX_FRAME = 260;
const FRAMING = { tcp: answerTcp, rtu: answerRtu };

/** A Modbus server on a TCP port, with Modbus TCP frames or with RTU frames (a serial-to-Ethernet converter). Silent for unknown slaves. */
export function serve(line: Line, framing: "tcp" | "rtu"): Server {
  return createServer({ noDelay: true }, (socket) => {
    let waiting: Buffer = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      waiting = FRAMING[framing](line, Buffer.concat([waiting, chunk]), socket);
      if (waiting.length > MAX_FRAME) socket.destroy();
    });
  });
}

/** Answers every whole Modbus TCP frame in `bytes` and returns what is left. */
function answerTcp(line: Line, bytes: Buffer, socket: Socket): Buffer {
  let rest = bytes;
  while (rest.length >= 8) {
    const length = rest.readUInt16BE(4);
    if (length < 2 || length > MAX_FRAME - 6 || rest.readUInt16BE(2) !== 0) {
      socket.destroy();
      return Buffer.alloc(0);
    }
    if (rest.length < 6 + length) break;
    const registers = line.get(rest.readUInt8(6));
    if (registers) {
      const reply = answer(registers, rest.subarray(7, 6 + length));
      const head = Buffer.from(rest.subarray(0, 7));
      head.writeUInt16BE(reply.length + 1, 4);
      socket.write(Buffer.concat([head, reply]));
    }
    rest = rest.subarray(6 + length);
  }
  return rest;
}

/** Answers every whole RTU request in `bytes` and returns what is left; a frame with a wrong CRC is dropped with all that follows. */
function answerRtu(line: Line, bytes: Buffer, socket: Socket): Buffer {
  let rest = bytes;
  while (rest.length >= 8) {
    const long = rest.readUInt8(1) === 15 || rest.readUInt8(1) === 16;
    const length = long ? 9 + rest.readUInt8(6) : 8;
    if (rest.length < length) break;
    if (crc16(rest.subarray(0, length - 2)) !== rest.readUInt16LE(length - 2)) return Buffer.alloc(0);
    const registers = line.get(rest.readUInt8(0));
    if (registers) {
      const reply = Buffer.concat([
        rest.subarray(0, 1),
        answer(registers, rest.subarray(1, length - 2)),
        Buffer.alloc(2),
      ]);
      reply.writeUInt16LE(crc16(reply.subarray(0, -2)), reply.length - 2);
      socket.write(reply);
    }
    rest = rest.subarray(length);
  }
  return rest;
}

/** The reply to one request, without address and CRC: function codes 1–6, anything else is exception 1. */
export function answer(slave: Registers, request: Buffer): Buffer {
  const code = request.readUInt8(0);
  if (request.length < 5) return exception(code, 3);
  const at = request.readUInt16BE(1);
  const operand = request.readUInt16BE(3);
  if (code === 1 || code === 2) return bits(code === 1 ? slave.coils : slave.discrete, code, at, operand);
  if (code === 3 || code === 4) return words(code === 3 ? slave.holding : slave.input, code, at, operand);
  if (code === 5 || code === 6) {
    const table = code === 5 ? slave.coils : slave.holding;
    if (!table.has(at)) return exception(code, 2);
    table.set(at, code === 5 ? Number(operand === 0xff00) : operand);
    return Buffer.from(request.subarray(0, 5));
  }
  return exception(code, 1);
}

function words(table: ReadonlyMap<number, number>, code: number, at: number, count: number): Buffer {
  if (count < 1 || count > 125) return exception(code, 3);
  const reply = Buffer.alloc(2 + 2 * count);
  reply.writeUInt8(code, 0);
  reply.writeUInt8(2 * count, 1);
  for (let i = 0; i < count; i++) {
    const word = table.get(at + i);
    if (word === undefined) return exception(code, 2);
    reply.writeUInt16BE(word, 2 + 2 * i);
  }
  return reply;
}

function bits(table: ReadonlyMap<number, number>, code: number, at: number, count: number): Buffer {
  if (count < 1 || count > 2000) return exception(code, 3);
  const reply = Buffer.alloc(2 + Math.ceil(count / 8));
  reply.writeUInt8(code, 0);
  reply.writeUInt8(reply.length - 2, 1);
  for (let i = 0; i < count; i++) {
    const bit = table.get(at + i);
    if (bit === undefined) return exception(code, 2);
    const byte = 2 + (i >> 3);
    reply.writeUInt8(reply.readUInt8(byte) | (bit << (i & 7)), byte);
  }
  return reply;
}

const exception = (code: number, reason: number): Buffer => Buffer.from([code | 0x80, reason]);

export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
