import type {TensorValues} from "../row-types.ts";

interface ArrayKind {
  /** What safetensors calls its elements. */
  dtype: string;
  sizeBytes: number;
  type: new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;
}

/** The kinds of typed arrays that this platform has, by the name of their constructor. */
export const arrayKinds: Readonly<Record<string, ArrayKind | undefined>> = Object.fromEntries(
  Object.entries({
    Float64Array: "F64",
    Float32Array: "F32",
    Float16Array: "F16",
    BigInt64Array: "I64",
    BigUint64Array: "U64",
    Int32Array: "I32",
    Uint32Array: "U32",
    Int16Array: "I16",
    Uint16Array: "U16",
    Int8Array: "I8",
    Uint8Array: "U8",
    Uint8ClampedArray: "U8",
    DataView: "U8"
  }).flatMap(([name, dtype]) => {
    const type = (globalThis as unknown as Record<string, ArrayKind["type"] | undefined>)[name];
    const {BYTES_PER_ELEMENT: sizeBytes = 1} = (type ?? {}) as {BYTES_PER_ELEMENT?: number};
    return type ? [[name, {dtype, sizeBytes, type}]] : [];
  })
);

interface NumericTensor extends TensorValues {
  values: Exclude<TensorValues["values"], string[]>;
}

const dtypes: Readonly<Record<string, string | undefined>> = {
  float32: "F32",
  int32: "I32",
  bool: "BOOL",
  complex64: "F32"
};

/** The word of safetensors for a dtype of the tensor library. */
export const tensorDtype = (dtype: string): string => dtypes[dtype] ?? "U8";

/** As the file has it: a complex number is a pair. */
export const tensorShape = ({shape, dtype}: TensorValues): number[] =>
  dtype === "complex64" ? [...shape, 2] : shape;

/** Whether a value is a tensor's content, of numbers. Text is stored as the list that it is. */
export function isTensorValues(value: object): value is NumericTensor {
  const {shape, dtype, values, ...rest} = value as Partial<TensorValues>;
  if (!Array.isArray(shape) || dtype === undefined || Object.keys(rest).length > 0) return false;
  if (!dtypes[dtype] || !ArrayBuffer.isView(values)) return false;
  const count = tensorShape({shape, dtype, values}).reduce((a, b) => a * b, 1);
  const sizeBytes = dtype === "bool" ? 1 : 4;
  return values.byteLength === count * sizeBytes && values.constructor.name in arrayKinds;
}
