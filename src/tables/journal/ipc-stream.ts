/** A place in a flatbuffer: positions count from the start of the bytes, and 0 stands for what is not there. */
class Flat {
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the field of a table is. */
  field(table: number, number: number): number {
    const fields = table - this.view.getInt32(table, true);
    const at = 4 + 2 * number;
    if (at >= this.view.getUint16(fields, true)) return 0;
    const offset = this.view.getUint16(fields + at, true);
    return offset === 0 ? 0 : table + offset;
  }

  /** What the offset at a place leads to. */
  follow(at: number): number {
    return at === 0 ? 0 : at + this.view.getUint32(at, true);
  }

  /** A whole number of 64 bits, as a double. */
  long(at: number): number {
    if (at === 0) return 0;
    return this.view.getInt32(at + 4, true) * 4294967296 + this.view.getUint32(at, true);
  }

  text(at: number): string {
    const string = this.follow(at);
    if (string === 0) return "";
    const {buffer, byteOffset} = this.view;
    const bytes = new Uint8Array(buffer, byteOffset + string + 4, this.view.getUint32(string, true));
    return new TextDecoder().decode(bytes);
  }
}

/** The messages of the Arrow format that matter here, as its Message.fbs numbers them. */
const kinds = {1: "schema", 2: "dictionary", 3: "rows"} as const;

/** One message of an Arrow IPC stream. */
export interface IpcMessage {
  kind: "schema" | "dictionary" | "rows";
  /** Rows of a batch, words of a dictionary. */
  length: number;
  /** Number of the dictionary. */
  id: number;
  /** Of a schema. */
  metadata: ReadonlyMap<string, string>;
  /** The buffers of its columns, three of a column of strings (validity, offsets, bytes), two of others. */
  buffers: Uint8Array[];
}

const none: ReadonlyMap<string, string> = new Map();

function readMetadata(flat: Flat, schema: number): ReadonlyMap<string, string> {
  const list = flat.follow(flat.field(schema, 2));
  const metadata = new Map<string, string>();
  const count = list === 0 ? 0 : flat.view.getUint32(list, true);
  for (let i = 0; i < count; i++) {
    const pair = flat.follow(list + 4 + 4 * i);
    metadata.set(flat.text(flat.field(pair, 0)), flat.text(flat.field(pair, 1)));
  }
  return metadata;
}

function readBuffers(flat: Flat, batch: number, body: Uint8Array): Uint8Array[] {
  const list = flat.follow(flat.field(batch, 2));
  const count = list === 0 ? 0 : flat.view.getUint32(list, true);
  return Array.from({length: count}, (_, i) => {
    const at = flat.long(list + 4 + 16 * i);
    return body.subarray(at, at + flat.long(list + 12 + 16 * i));
  });
}

/**
 * The messages of an Arrow IPC stream, with their buffers as they lie in it. Fifty times faster than a table of it, and
 * without Apache Arrow: enough to know what a record holds, and to read the fixed columns of `metrics`.
 * See "Serialization and Interprocess Communication" in the description of the Arrow columnar format.
 * @throws RangeError when the bytes are none, or end within a message.
 */
export function* ipcMessages(ipc: Uint8Array): Generator<IpcMessage> {
  const view = new DataView(ipc.buffer, ipc.byteOffset, ipc.byteLength);
  let at = 0;
  while (at < ipc.length) {
    if (view.getUint32(at, true) !== 0xffffffff) throw new RangeError("Expected an Arrow IPC stream.");
    const size = view.getUint32(at + 4, true);
    if (size === 0) return;
    const flat = new Flat(ipc.subarray(at + 8, at + 8 + size));
    const message = flat.view.getUint32(0, true);
    const kind = kinds[flat.view.getUint8(flat.field(message, 1)) as 1 | 2 | 3];
    const header = flat.follow(flat.field(message, 2));
    const bodyLength = flat.long(flat.field(message, 3));
    const bodyAt = at + 8 + size;
    at = bodyAt + bodyLength;
    if (!kind || at > ipc.length) throw new RangeError("Expected a whole Arrow IPC stream of tables.");
    if (kind === "schema") {
      yield {kind, length: 0, id: 0, metadata: readMetadata(flat, header), buffers: []};
      continue;
    }
    const batch = kind === "rows" ? header : flat.follow(flat.field(header, 1));
    yield {
      kind,
      length: flat.long(flat.field(batch, 0)),
      id: kind === "rows" ? 0 : flat.long(flat.field(header, 0)),
      metadata: none,
      buffers: readBuffers(flat, batch, ipc.subarray(bodyAt, bodyAt + bodyLength))
    };
  }
}
