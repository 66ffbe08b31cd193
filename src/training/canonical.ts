import {digest} from "./sha256.ts";

/** Bytes from this size on are hashed apart, so that no large text is ever built. */
const largeBytes = 1024;

/**
 * A value as text that is equal for equal values: keys sorted, types told apart (-0, NaN, BigInt, dates, sets, kinds
 * of typed arrays), shared and cyclic objects by their number. Large binary content is in it as SHA-256.
 */
export async function canonical(value: unknown): Promise<string> {
  const parts: (string | Promise<string>)[] = [];
  write(value, parts, new Map());
  return (await Promise.all(parts)).join("");
}

function write(value: unknown, parts: (string | Promise<string>)[], seen: Map<object, number>): void {
  if (typeof value === "number") parts.push(Object.is(value, -0) ? "n-0;" : `n${value};`);
  else if (typeof value === "string") parts.push(`s${JSON.stringify(value)};`);
  else if (typeof value === "bigint") parts.push(`i${value};`);
  else if (typeof value !== "object" || value === null) parts.push(`${String(value)};`);
  else {
    const known = seen.get(value);
    if (known !== undefined) {
      parts.push(`#${known};`);
      return;
    }
    seen.set(value, seen.size);
    writeObject(value, parts, seen);
  }
}

function writeObject(value: object, parts: (string | Promise<string>)[], seen: Map<object, number>): void {
  const each = (open: string, items: Iterable<unknown>) => {
    parts.push(open);
    for (const item of items) write(item, parts, seen);
    parts.push(")");
  };
  if (Array.isArray(value)) each("a(", value);
  else if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    parts.push(`${value.constructor.name}[${value.byteLength}]`, bytesText(bytes), ";");
  } else if (value instanceof ArrayBuffer) parts.push("buffer", bytesText(new Uint8Array(value)), ";");
  else if (isOf("SharedArrayBuffer", value))
    parts.push("shared", bytesText(new Uint8Array(value).slice()), ";");
  else if (value instanceof Date) parts.push(`d${value.getTime()};`);
  else if (value instanceof RegExp) parts.push(`r${String(value)};`);
  else if (value instanceof Error) parts.push(`e${JSON.stringify([value.name, value.message])};`);
  else if (value instanceof Map) each("map(", [...value].flat());
  else if (value instanceof Set) each("set(", value);
  else if (typeof Blob !== "undefined" && value instanceof Blob) {
    const name = isOf("File", value) ? value.name : "";
    parts.push(
      `blob${JSON.stringify([value.type, name])}`,
      value.arrayBuffer().then((buffer) => digest(new Uint8Array(buffer))),
      ";"
    );
  } else if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    each("boxed(", [value.valueOf()]);
  } else if (isOf("ImageData", value))
    each("image(", [value.width, value.height, value.colorSpace, value.data]);
  else if (Object.prototype.toString.call(value) !== "[object Object]" && !isOf("FileList", value)) {
    // What it holds cannot be seen from here (an ImageBitmap, a key): equal to itself only, and not after a reload.
    parts.push(`own ${ownName(value)};`);
  } else {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    each("o(", entries.flat());
  }
}

interface PlatformTypes {
  SharedArrayBuffer: SharedArrayBuffer;
  ImageData: ImageData;
  File: File;
  FileList: FileList;
}

/** Whether a value is of a type that not every platform has. */
function isOf<N extends keyof PlatformTypes>(name: N, value: object): value is PlatformTypes[N] {
  const type: unknown = (globalThis as Record<string, unknown>)[name];
  return typeof type === "function" && value instanceof type;
}

const ownNames = new WeakMap<object, string>();

function ownName(value: object): string {
  const name = ownNames.get(value) ?? Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-");
  ownNames.set(value, name);
  return name;
}

function bytesText(bytes: Uint8Array): string | Promise<string> {
  if (bytes.length >= largeBytes) return digest(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
