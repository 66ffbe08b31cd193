import type {Dataset} from "./dataset.ts";
import {sha256} from "./source.ts";

/**
 * SHA-256 (hex) of what a dataset holds: inputs, labels, targets, tokens, their shapes and the classes. Its name and its
 * attribution do not count; the order of the rows and the kind of the arrays do.
 *
 * @example
 * import {dataHash, twoMoons} from "petri/datasets";
 *
 * display(await dataHash(twoMoons({seed: 1})));
 * display(await dataHash(twoMoons({seed: 2})));
 */
export async function dataHash(data: Dataset): Promise<string> {
  const {
    inputs,
    inputShape,
    labels,
    labelShape = [],
    targets,
    targetShape = [],
    tokens,
    stride = 1,
    classes
  } = data;
  const arrays = await Promise.all([
    hashOf(inputs, "Float32Array"),
    hashOf(labels, "Int32Array"),
    targets && hashOf(targets, "Float32Array"),
    tokens && hashOf(tokens, "Int32Array")
  ]);
  const described = {
    arrays: arrays.map((hash) => hash ?? null),
    inputShape,
    labelShape,
    targetShape,
    stride,
    classes
  };
  return sha256(new TextEncoder().encode(JSON.stringify(described)));
}

// Every machine that runs this keeps numbers little-endian, so the bytes are the same everywhere.
async function hashOf(array: Float32Array | Int32Array, usual: string): Promise<string> {
  const {buffer, byteOffset, byteLength} = array;
  const hash = await sha256(new Uint8Array(buffer, byteOffset, byteLength));
  // A cell may hold arrays of another kind, whose bytes can be the same.
  const kind = array.constructor.name;
  return kind === usual ? hash : `${kind} ${hash}`;
}
