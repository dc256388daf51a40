/**
 * Reads rows straight out of the pages of an SQLite file, for a file that SQLite itself refuses. Follows the file format
 * document (sqlite.org/fileformat2.html, sections 1.6 and 2.1); whatever does not parse is skipped.
 */
export type Field = number | string | Uint8Array | null;

export interface LooseRow {
  /** Undefined for a row of a WITHOUT ROWID table. */
  rowid: number | undefined;
  fields: Field[];
}

const LEAF_TABLE = 0x0d;
const LEAF_INDEX = 0x0a;

export function* looseRows(file: Uint8Array, pageSize: number): Iterable<LooseRow> {
  const pages = Math.floor(file.length / pageSize);
  for (let page = 1; page <= pages; page++) {
    const start = (page - 1) * pageSize;
    const header = start + (page === 1 ? 100 : 0);
    const type = file[header];
    if (type !== LEAF_TABLE && type !== LEAF_INDEX) continue;
    const cells = Math.min(u16(file, header + 3), pageSize / 4);
    for (let i = 0; i < cells; i++) {
      const at = u16(file, header + 8 + 2 * i);
      if (at < 8 || at >= pageSize) continue;
      const row = rowAt(file, start + at, pageSize, type === LEAF_TABLE);
      if (row) yield row;
    }
  }
}

function rowAt(file: Uint8Array, at: number, pageSize: number, table: boolean): LooseRow | undefined {
  try {
    const size = varint(file, at);
    const rowid = table ? varint(file, size.next) : undefined;
    const fields = fieldsOf(payload(file, rowid?.next ?? size.next, size.value, pageSize, table));
    return { rowid: rowid?.value, fields };
  } catch {
    return undefined; // A cell that does not parse is what we came for: leave it, take the others.
  }
}

/** The whole payload of a cell, with the part that overflowed onto other pages. */
function payload(file: Uint8Array, at: number, size: number, page: number, table: boolean): Uint8Array {
  if (size <= 0 || size > file.length) throw new RangeError("no such payload");
  const most = table ? page - 35 : Math.floor(((page - 12) * 64) / 255) - 23;
  const least = Math.floor(((page - 12) * 32) / 255) - 23;
  const spread = least + ((size - least) % (page - 4));
  const local = size <= most ? size : spread <= most ? spread : least;
  if (local === size) return file.subarray(at, at + size);
  const whole = new Uint8Array(size);
  whole.set(file.subarray(at, at + local));
  let next = u32(file, at + local);
  for (let filled = local; filled < size; ) {
    const start = (next - 1) * page;
    if (next === 0 || start + page > file.length) throw new RangeError("broken chain");
    const part = Math.min(page - 4, size - filled);
    whole.set(file.subarray(start + 4, start + 4 + part), filled);
    filled += part;
    next = u32(file, start);
  }
  return whole;
}

function fieldsOf(record: Uint8Array): Field[] {
  const head = varint(record, 0);
  if (head.value > record.length) throw new RangeError("no such record");
  const fields: Field[] = [];
  let body = head.value;
  for (let at = head.next; at < head.value; ) {
    const { value: type, next } = varint(record, at);
    at = next;
    const width = widthOf(type);
    if (body + width > record.length) throw new RangeError("field beyond its record");
    fields.push(fieldOf(record.subarray(body, body + width), type));
    body += width;
  }
  return fields;
}

const INTEGER_WIDTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function widthOf(type: number): number {
  if (type < 12) return INTEGER_WIDTHS[type] ?? 0;
  return (type - (type % 2 === 0 ? 12 : 13)) / 2;
}

function fieldOf(bytes: Uint8Array, type: number): Field {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 7) return view.getFloat64(0);
  if (type === 6) return Number(view.getBigInt64(0));
  if (type < 7) {
    let value = ((bytes[0] ?? 0) << 24) >> 24;
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
    return value;
  }
  return type % 2 === 0 ? bytes.slice() : new TextDecoder().decode(bytes);
}

function varint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  return { value: value * 256 + (bytes[at + 8] ?? 0), next: at + 9 };
}

const u16 = (bytes: Uint8Array, at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const u32 = (bytes: Uint8Array, at: number) => u16(bytes, at) * 65_536 + u16(bytes, at + 2);
