// Headers of Parquet's pages, in Thrift's compact protocol: read before a page is, to know what it will take.

/** What a page's header says of it. */
export interface PageHeader {
  /** Where the page's bytes begin. */
  start: number;
  /** Bytes in the file. */
  stored: number;
  /** Bytes when unpacked. */
  unpacked: number;
  /** Values of a page of data, 0 for other pages. */
  values: number;
  /** Values of a dictionary, 0 for other pages. */
  entries: number;
}

/** Fields by number; what is neither a number nor a struct is passed over. */
type Struct = Map<number, number | Struct>;

// Fields of a page's header, and of the headers within it for plain pages, dictionaries and pages of version 2.
const UNPACKED = 2;
const STORED = 3;
const PLAIN = 5;
const DICTIONARY = 7;
const VERSION_2 = 8;
const VALUES = 1;
const NULLS = 2;
const ROWS = 3;
const DEFINITION_BYTES = 5;
const REPETITION_BYTES = 6;

/** The header of the page that begins at this byte. @throws RangeError where the bytes end within it or are none. */
export function readPageHeader(bytes: Uint8Array, at: number): PageHeader {
  const reader = new CompactReader(bytes, at);
  const header = reader.struct();
  const count = (field: number) => {
    const inner = header.get(field);
    return inner instanceof Map ? numberIn(inner, VALUES, 2 ** 31) : 0;
  };
  const unpacked = numberIn(header, UNPACKED, 2 ** 31);
  const second = header.get(VERSION_2);
  if (second instanceof Map) checkVersion2(second, unpacked);
  return {
    start: reader.at,
    stored: numberIn(header, STORED, 2 ** 31),
    unpacked,
    values: count(PLAIN) + count(VERSION_2),
    entries: count(DICTIONARY)
  };
}

/** A negative count of nulls would be added to the values. */
function checkVersion2(header: Struct, unpacked: number): void {
  const values = numberIn(header, VALUES, 2 ** 31);
  numberIn(header, NULLS, values);
  numberIn(header, ROWS, values);
  const definitions = numberIn(header, DEFINITION_BYTES, unpacked);
  numberIn(header, REPETITION_BYTES, unpacked - definitions);
}

function numberIn(struct: Struct, field: number, most: number): number {
  const value = struct.get(field);
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw new RangeError(
    `a page's header with ${String(value)} in field ${field}, where 0 to ${most} was expected`
  );
}

class CompactReader {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number
  ) {}

  struct(): Struct {
    const fields: Struct = new Map();
    for (let field = 0; ; ) {
      const head = this.byte();
      if (head === 0) return fields;
      const step = head >> 4;
      field = step > 0 ? field + step : this.signed();
      const value = this.value(head & 15);
      if (value !== undefined) fields.set(field, value);
    }
  }

  private value(type: number): number | Struct | undefined {
    // True and false are in the field's head.
    if (type === 1 || type === 2) return undefined;
    if (type === 3) this.byte();
    else if (type <= 6) return this.signed();
    else if (type === 7) this.at += 8;
    else if (type === 8) this.at += this.varint();
    else if (type === 12) return this.struct();
    else throw new RangeError(`a page's header with a field of the unknown type ${type}`);
    return undefined;
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError("the end within a page's header");
    this.at += 1;
    return byte;
  }

  private varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Zigzag: 0, -1, 1, -2, ... */
  private signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
