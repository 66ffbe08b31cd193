import {decodeSafetensors, encodeSafetensors, type StoredTensor} from "../../ops/core/safetensors.ts";
import {arrayKinds, isTensorValues, tensorDtype, tensorShape} from "./tensor-kinds.ts";

/** A value that has no form in a file, such as an image bitmap or a key. */
export class NotStorableError extends Error {
  override name = "NotStorableError";
}

/** In the file's metadata: the value as JSON, with its tensors by name. */
const metadataKey = "petri";

/** How JSON says what it has no words for. A plain object with such a field is written as a list of its fields. */
const mark = "$";

/**
 * A value that structured clone could carry, as a safetensors file: typed arrays and tensors under their paths
 * (`layers.0.weight`), so that other readers find them; all else as JSON in the metadata.
 * @throws NotStorableError for what is neither data nor a file.
 */
export async function encodeValue(value: unknown): Promise<Uint8Array> {
  const writer = new Writer();
  const json = writer.write(value, "");
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of writer.tensors) tensors.set(name, await tensor);
  return encodeSafetensors(tensors, {[metadataKey]: JSON.stringify(json)});
}

/** What `encodeValue` wrote. @throws SafetensorsError when it is damaged. */
export function decodeValue(file: Uint8Array): unknown {
  const {tensors, metadata} = decodeSafetensors(file);
  const json = metadata[metadataKey];
  if (json !== undefined) return new Reader(tensors).read(JSON.parse(json));
  throw new NotStorableError(
    "The file has tensors but does not say of which value: it was not written by Petri."
  );
}

type Fields = Record<string, unknown>;

class Writer {
  readonly tensors = new Map<string, StoredTensor | Promise<StoredTensor>>();
  readonly #seen = new Map<object, number>();

  write(value: unknown, path: string): unknown {
    if (typeof value === "number") {
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : {[mark]: "number", text: Object.is(value, -0) ? "-0" : String(value)};
    }
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    if (value === undefined) return {[mark]: "undefined"};
    if (typeof value === "bigint") return {[mark]: "bigint", text: String(value)};
    if (typeof value !== "object") throw notStorable(value, path);
    const known = this.#seen.get(value);
    if (known !== undefined) return {[mark]: "same", as: known};
    this.#seen.set(value, this.#seen.size);
    return this.#writeObject(value, path);
  }

  #writeObject(value: object, path: string): unknown {
    if (Array.isArray(value)) return value.map((item, i) => this.write(item, join(path, i)));
    if (isTensorValues(value)) {
      const {shape, dtype, values} = value;
      const tensor = this.#tensor(tensorDtype(dtype), tensorShape(value), bytesOf(values), path);
      return {[mark]: "tensor", tensor, shape, dtype, array: values.constructor.name};
    }
    if (value instanceof ArrayBuffer) {
      return {[mark]: "buffer", tensor: this.#tensor("U8", [value.byteLength], new Uint8Array(value), path)};
    }
    if (ArrayBuffer.isView(value)) {
      const kind = arrayKinds[value.constructor.name];
      if (!kind) throw notStorable(value, path);
      const {length = value.byteLength} = value as Partial<Uint8Array>;
      return {
        [mark]: "array",
        array: value.constructor.name,
        tensor: this.#tensor(kind.dtype, [length], bytesOf(value), path)
      };
    }
    if (value instanceof Date) return {[mark]: "date", ms: this.write(value.getTime(), path)};
    if (value instanceof RegExp) return {[mark]: "regexp", source: value.source, flags: value.flags};
    if (value instanceof Error) return {[mark]: "error", name: value.name, message: value.message};
    if (value instanceof Map) {
      const items = [...value].map(([key, item], i) => [
        this.write(key, join(path, `${i}.key`)),
        this.write(item, join(path, String(key)))
      ]);
      return {[mark]: "map", items};
    }
    if (value instanceof Set)
      return {[mark]: "set", items: [...value].map((item, i) => this.write(item, join(path, i)))};
    if (value instanceof Blob) {
      const bytes = value.arrayBuffer().then((buffer) => new Uint8Array(buffer));
      const name = this.#name(path);
      this.tensors.set(
        name,
        bytes.then((read) => ({dtype: "U8", shape: [read.length], bytes: read}))
      );
      return {[mark]: "blob", type: value.type, tensor: name};
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw notStorable(value, path);
    const entries = Object.entries(value).map(([key, item]) => [key, this.write(item, join(path, key))]);
    return mark in value ? {[mark]: "object", entries} : Object.fromEntries(entries);
  }

  #tensor(dtype: string, shape: readonly number[], bytes: Uint8Array, path: string): string {
    const name = this.#name(path);
    this.tensors.set(name, {dtype, shape, bytes});
    return name;
  }

  #name(path: string): string {
    const base = path || "value";
    for (let i = 1; ; ++i) {
      const name = i === 1 ? base : `${base}~${i}`;
      if (!this.tensors.has(name) && name !== "__metadata__") return name;
    }
  }
}

/** Objects are numbered in the order in which the writer met them. */
class Reader {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #seen: object[] = [];

  constructor(tensors: ReadonlyMap<string, StoredTensor>) {
    this.#tensors = tensors;
  }

  read(json: unknown): unknown {
    if (typeof json !== "object" || json === null) return json;
    if (Array.isArray(json)) {
      const list = this.#note([] as unknown[]);
      for (const item of json) list.push(this.read(item));
      return list;
    }
    const fields = json as Fields;
    const kind = fields[mark];
    if (kind === undefined || kind === "object") {
      const object = this.#note({} as Fields);
      const entries = kind === "object" ? (fields.entries as [string, unknown][]) : Object.entries(fields);
      // Defined, not assigned: a field may be called __proto__.
      for (const [key, item] of entries) {
        Object.defineProperty(object, key, {
          value: this.read(item),
          writable: true,
          enumerable: true,
          configurable: true
        });
      }
      return object;
    }
    return this.#readMarked(String(kind), fields);
  }

  #readMarked(kind: string, fields: Fields): unknown {
    if (kind === "number") return Number(fields.text);
    if (kind === "undefined") return undefined;
    if (kind === "bigint") return BigInt(String(fields.text));
    if (kind === "same") return this.#seen[Number(fields.as)];
    if (kind === "date") return this.#note(new Date(this.read(fields.ms) as number));
    if (kind === "regexp") return this.#note(new RegExp(String(fields.source), String(fields.flags)));
    if (kind === "error")
      return this.#note(Object.assign(new Error(String(fields.message)), {name: String(fields.name)}));
    if (kind === "map") {
      const map = this.#note(new Map<unknown, unknown>());
      for (const [key, item] of fields.items as [unknown, unknown][])
        map.set(this.read(key), this.read(item));
      return map;
    }
    if (kind === "set") {
      const set = this.#note(new Set<unknown>());
      for (const item of fields.items as unknown[]) set.add(this.read(item));
      return set;
    }
    const bytes = this.#bytes(String(fields.tensor));
    if (kind === "buffer") return this.#note(bytes.buffer);
    if (kind === "blob") return this.#note(new Blob([bytes], {type: String(fields.type)}));
    const values = makeArray(String(fields.array), bytes);
    if (kind === "array") return this.#note(values);
    if (kind === "tensor") return this.#note({shape: fields.shape, dtype: fields.dtype, values});
    throw new NotStorableError(`The file has a value of the unknown kind ${kind}: a newer Petri wrote it.`);
  }

  #bytes(name: string): Uint8Array<ArrayBuffer> {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new NotStorableError(`The file lacks the tensor ${name}.`);
    return tensor.bytes as Uint8Array<ArrayBuffer>;
  }

  #note<T extends object>(value: T): T {
    this.#seen.push(value);
    return value;
  }
}

function makeArray(name: string, bytes: Uint8Array<ArrayBuffer>): ArrayBufferView {
  const kind = arrayKinds[name];
  if (!kind) throw new NotStorableError(`This browser has no ${name}.`);
  return new kind.type(bytes.buffer, bytes.byteOffset, bytes.byteLength / kind.sizeBytes);
}

const bytesOf = ({buffer, byteOffset, byteLength}: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

const join = (path: string, key: string | number) => (path === "" ? String(key) : `${path}.${key}`);

function notStorable(value: unknown, path: string): NotStorableError {
  const kind = typeof value === "object" ? (value?.constructor?.name ?? "object") : typeof value;
  return new NotStorableError(`${path || "The value"} is of the kind ${kind}, which cannot be stored.`);
}
