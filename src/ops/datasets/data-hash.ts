import type {Dataset} from "./dataset.ts";
import {sha256} from "./source.ts";

/**
 * SHA-256 (hex) of what a dataset holds: inputs, labels, targets, tokens, their shapes and the classes. Its name and its
 * attribution do not count; the order of the rows does.
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
  const arrays = await Promise.all([inputs, labels, targets, tokens].map((array) => array && hashOf(array)));
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
const hashOf = ({buffer, byteOffset, byteLength}: Float32Array | Int32Array) =>
  sha256(new Uint8Array(buffer, byteOffset, byteLength));
