import {CaptureError} from "../errors.ts";
import {isModule, kindOf, pageAdvice, valueHint} from "./hints.ts";

/** Takes a value that is not copied but referred to; false when it is not one. */
type Divert = (value: unknown, path: string, target: object, key: string | number) => boolean;

/** Objects of the platform that structured clone takes whole and that nobody changes in place. */
const wholes = ["Blob", "File", "FileList", "ImageData", "ImageBitmap", "CryptoKey", "DOMException"].flatMap(
  (name) => {
    const type = (globalThis as Record<string, unknown>)[name];
    return typeof type === "function" ? [type as new () => object] : [];
  }
);

const isPlain = (value: object) => {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // A plain object of another realm (a frame, a test's environment) has a prototype without a prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/**
 * Copies values as structured clone would, at once rather than when they are posted, and says precisely what cannot
 * be copied. Identity within everything that one Copier has copied is kept, cycles included.
 */
export class Copier {
  readonly #copies = new Map<object, object>();
  readonly #divert: Divert;
  /** The buffers of all copies: they are nobody else's, so they can be transferred. */
  readonly buffers: ArrayBuffer[] = [];

  readonly #destination: string;

  constructor(divert: Divert, destination = "the training worker") {
    this.#divert = divert;
    this.#destination = destination;
  }

  /** Puts a copy of `value` at `target[key]`, or leaves a hole there for what is diverted. */
  put(value: unknown, path: string, target: object, key: string | number): void {
    const slot = target as Record<string | number, unknown>;
    const isReference = typeof value === "function" || (typeof value === "object" && value !== null);
    if (isReference && this.#divert(value, path, target, key)) slot[key] = null;
    else slot[key] = this.#copy(value, path);
  }

  #copy(value: unknown, path: string): unknown {
    if (typeof value === "symbol" || typeof value === "function") throw this.#refuse(value, path);
    if (typeof value !== "object" || value === null) return value;
    const known = this.#copies.get(value);
    if (known) return known;
    const copy = this.#copyObject(value, path);
    this.#copies.set(value, copy);
    return copy;
  }

  #copyObject(value: object, path: string): object {
    if (Array.isArray(value)) {
      const copy: unknown[] = new Array(value.length);
      this.#copies.set(value, copy);
      for (const [i, item] of value.entries()) {
        // Long lists of numbers and strings are common; a path for each of them is not free.
        if (typeof item === "number" || typeof item === "string") copy[i] = item;
        else this.put(item, `${path}[${i}]`, copy, i);
      }
      return copy;
    }
    // Only what the view shows: a slice of a large buffer must not drag the buffer along.
    if (ArrayBuffer.isView(value)) return this.#copyView(value);
    if (value instanceof ArrayBuffer) return this.#copyBuffer(value, 0, value.byteLength);
    if (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer) return value;
    if (value instanceof Date) return new Date(value);
    if (value instanceof RegExp) return new RegExp(value);
    if (value instanceof Map) return this.#copyMap(value, path);
    if (value instanceof Set) {
      const copy = new Set<unknown>();
      this.#copies.set(value, copy);
      for (const item of value) copy.add(this.#copy(item, `an element of ${path}`));
      return copy;
    }
    if (value instanceof Error || wholes.some((type) => value instanceof type)) return value;
    if (value instanceof Number || value instanceof String || value instanceof Boolean) return value;
    if (isModule(value)) {
      const reason = `${path} is a library, which lives on the page and cannot be sent to ${this.#destination}.`;
      throw new CaptureError(path, `${reason} ${pageAdvice}`);
    }
    if (!isPlain(value)) throw this.#refuse(value, path);
    const copy: Record<string, unknown> = {};
    this.#copies.set(value, copy);
    for (const key of Object.keys(value)) {
      this.put((value as Record<string, unknown>)[key], `${path}.${key}`, copy, key);
    }
    return copy;
  }

  #refuse(value: unknown, path: string): CaptureError {
    const reason = `${path} is ${kindOf(value)}, which cannot be sent to ${this.#destination}.`;
    return new CaptureError(path, `${reason} ${valueHint(value, this.#destination)}`);
  }

  #copyBuffer(buffer: ArrayBufferLike, start: number, end: number): ArrayBuffer {
    const copy = new ArrayBuffer(end - start);
    new Uint8Array(copy).set(new Uint8Array(buffer, start, end - start));
    this.buffers.push(copy);
    return copy;
  }

  #copyView(view: ArrayBufferView): ArrayBufferView {
    const type = view.constructor as new (buffer: ArrayBuffer) => ArrayBufferView;
    return new type(this.#copyBuffer(view.buffer, view.byteOffset, view.byteOffset + view.byteLength));
  }

  #copyMap(value: Map<unknown, unknown>, path: string): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>();
    this.#copies.set(value, copy);
    for (const [key, item] of value) {
      copy.set(this.#copy(key, `a key of ${path}`), this.#copy(item, `${path}.get(${String(key)})`));
    }
    return copy;
  }
}

/** A copy of plain data and its buffers. @throws CaptureError where it holds functions or anything else that is not data. */
export function copyData<T>(value: T, path: string, destination?: string): {copy: T; buffers: ArrayBuffer[]} {
  const holder: {copy?: T} = {};
  const copier = new Copier(() => false, destination);
  copier.put(value, path, holder, "copy");
  return {copy: holder.copy as T, buffers: copier.buffers};
}
