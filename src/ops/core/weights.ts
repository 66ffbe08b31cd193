import {type Tensor, tf, tidy} from "../tf.ts";
import {ArgumentError, ShapeError} from "./errors.ts";
import {decodeSafetensors, encodeSafetensors, SafetensorsError, type StoredTensor} from "./safetensors.ts";
import {entries, type Params, unflatten} from "./tree.ts";

/**
 * A tree of tensors as a safetensors file: names are the paths with dots ("dense1.kernel"), types F32, I32 and BOOL.
 * Kernels stay (in, out) and HWIO.
 *
 * @example
 * import {decodeWeights, encodeWeights, key, mlp} from "petri/core";
 *
 * const params = mlp([4, 8, 2]).init(key(0));
 * const file = await encodeWeights(params, {made: "in a cell"});
 * const again = decodeWeights(file, params);
 * display([file.length, again.dense1.kernel.sub(params.dense1.kernel).abs().max().arraySync()]);
 */
export async function encodeWeights(
  params: Params,
  metadata: Readonly<Record<string, string>> = {}
): Promise<Uint8Array> {
  const stored = await Promise.all(
    entries<Tensor>(params).map(async ({path, leaf}) => [nameOf(path), await storeTensor(leaf)] as const)
  );
  const tensors = new Map(stored);
  if (tensors.size < stored.length)
    throw new ArgumentError("Two tensors would have the same name in the file.");
  return encodeSafetensors(tensors, metadata);
}

/**
 * The tensors of a safetensors file as a tree. With `like`, parameters of the same model, the tree is like that one and
 * every name and shape is checked; without it, dots in names make the branches. F16, BF16 and F64 become float32,
 * whole numbers of all sizes int32 where they fit. The caller owns the tensors.
 * @throws SafetensorsError for a damaged file or a number that does not fit, ShapeError and ArgumentError for another model's.
 */
export function decodeWeights(file: Uint8Array): Record<string, Params>;
export function decodeWeights<P extends Params>(file: Uint8Array, like: P): P;
export function decodeWeights(file: Uint8Array, like?: Params): Params {
  const {tensors} = decodeSafetensors(file);
  return tidy(() => (like ? weightsLike(like, tensors) : nested(tensors)));
}

function weightsLike(like: Params, tensors: ReadonlyMap<string, StoredTensor>): Params {
  const wanted = entries<Tensor>(like).map(({path, leaf}) => ({name: nameOf(path), leaf}));
  const missing = wanted.find(({name}) => !tensors.has(name));
  const extra = [...tensors.keys()].find((name) => !wanted.some((each) => each.name === name));
  if (missing || extra !== undefined) {
    throw new ArgumentError(
      `The file's weights are of another model: ${missing ? `it lacks ${missing.name}` : `it has ${extra} besides`}. It has ${[...tensors.keys()].join(", ")}.`
    );
  }
  const found = wanted.map(({name, leaf}) => {
    const stored = tensors.get(name) as StoredTensor;
    if (stored.shape.join() !== leaf.shape.join()) {
      throw new ShapeError(
        `${name}: expected the shape [${leaf.shape.join(", ")}], the file has [${stored.shape.join(", ")}].`
      );
    }
    return loadTensor(name, stored);
  });
  return unflatten(like, found);
}

function nested(tensors: ReadonlyMap<string, StoredTensor>): Params {
  const root = new Map<string, unknown>();
  for (const [name, stored] of tensors) {
    const path = name.split(".");
    const last = path.pop() as string;
    let at = root;
    for (const part of path) {
      const next = at.get(part) ?? new Map();
      if (!(next instanceof Map))
        throw new SafetensorsError(`${name} lies inside ${part}, which is a tensor itself.`);
      at.set(part, next);
      at = next;
    }
    if (at.has(last)) throw new SafetensorsError(`${name} is a tensor and has others inside.`);
    at.set(last, loadTensor(name, stored));
  }
  return plain(root) as Params;
}

function plain(node: unknown): unknown {
  return node instanceof Map
    ? Object.fromEntries([...node].map(([name, each]) => [name, plain(each)]))
    : node;
}

const nameOf = (path: string) => path.replaceAll("/", ".");

/** A tensor's content in the format's words. @throws ArgumentError for text and complex numbers. */
export async function storeTensor(tensor: Tensor): Promise<StoredTensor> {
  const dtype = {float32: "F32", int32: "I32", bool: "BOOL"}[tensor.dtype as string];
  if (!dtype) throw new ArgumentError(`Weights are float32, int32 or bool; one is ${tensor.dtype}.`);
  const {buffer, byteOffset, byteLength} = (await tensor.data()) as Float32Array;
  return {dtype, shape: tensor.shape, bytes: new Uint8Array(buffer, byteOffset, byteLength)};
}

/** A stored tensor on the current backend. @throws SafetensorsError for a number that has no place in int32. */
export function loadTensor(name: string, {dtype, shape, bytes}: StoredTensor): Tensor {
  const read = readers[dtype] as (bytes: Uint8Array) => Numbers;
  const type = dtype === "BOOL" ? "bool" : /^F|^BF/.test(dtype) ? "float32" : "int32";
  const values = read(bytes);
  if (!Array.isArray(values)) return tf.tensor(values, [...shape], type);
  const large = values.find((value) => Number(value) !== (Number(value) | 0));
  if (large === undefined) return tf.tensor(Int32Array.from(values, Number), [...shape], type);
  throw new SafetensorsError(
    `${name} holds ${large}, which is no int32: tensors have no wider whole numbers.`
  );
}

/** Lists of numbers may hold some that are too large for a tensor. */
type Numbers = Float32Array | Int32Array | Uint8Array | (number | bigint)[];

/** Copies: a file's tensors need not be aligned. */
const readers: Readonly<Record<string, (bytes: Uint8Array) => Numbers>> = {
  F32: (bytes) => new Float32Array(bytes.slice().buffer),
  F64: (bytes) => Float32Array.from(new Float64Array(bytes.slice().buffer)),
  F16: (bytes) => Float32Array.from(new Uint16Array(bytes.slice().buffer), halfToFloat),
  BF16: (bytes) =>
    new Float32Array(Uint32Array.from(new Uint16Array(bytes.slice().buffer), (bits) => bits << 16).buffer),
  I32: (bytes) => new Int32Array(bytes.slice().buffer),
  I64: (bytes) => [...new BigInt64Array(bytes.slice().buffer)],
  U64: (bytes) => [...new BigUint64Array(bytes.slice().buffer)],
  U32: (bytes) => [...new Uint32Array(bytes.slice().buffer)],
  I16: (bytes) => Int32Array.from(new Int16Array(bytes.slice().buffer)),
  U16: (bytes) => Int32Array.from(new Uint16Array(bytes.slice().buffer)),
  I8: (bytes) => Int32Array.from(new Int8Array(bytes.slice().buffer)),
  U8: (bytes) => Int32Array.from(bytes),
  BOOL: (bytes) => bytes.slice()
};

/** The value of IEEE 754 binary16 bits. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
