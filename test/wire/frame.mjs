/** Function codes that change something: coils, registers, mask write, read-and-write, file record. */
export const WRITES = new Set([5, 6, 15, 16, 21, 22, 23]);
const KNOWN = new Set([1, 2, 3, 4, ...WRITES]);

/** The function code of a Modbus question, TCP or RTU; undefined for bytes that are none. */
export function modbusCode(bytes) {
  return tcpCode(bytes) ?? rtuCode(bytes);
}

/** Header of seven bytes: any id, protocol 0, a length that is right, then unit and code. */
function tcpCode(bytes) {
  if (bytes.length < 12 || bytes[2] !== 0 || bytes[3] !== 0) return undefined;
  if (((bytes[4] << 8) | bytes[5]) !== bytes.length - 6) return undefined;
  const code = bytes[7];
  // An answer to a read is no question; one to a write repeats it.
  return KNOWN.has(code) && (WRITES.has(code) || bytes.length === 12) ? code : undefined;
}

function rtuCode(bytes) {
  const code = bytes[1];
  if (!KNOWN.has(code) || bytes.length < 8) return undefined;
  const most = bytes.length;
  const fits = {
    1: most === 8,
    2: most === 8,
    3: most === 8,
    4: most === 8,
    5: most === 8,
    6: most === 8,
    15: most === 9 + bytes[6],
    16: most === 9 + bytes[6],
    21: most === 5 + bytes[2],
    22: most === 10,
    23: most === 13 + bytes[10],
  }[code];
  return fits && crcFits(bytes) ? code : undefined;
}

function crcFits(bytes) {
  let crc = 0xffff;
  for (let i = 0; i < bytes.length - 2; i++) {
    crc ^= bytes[i];
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return (crc & 255) === bytes[bytes.length - 2] && crc >> 8 === bytes[bytes.length - 1];
}
