import {type Tensor, tf} from "../tf.ts";
import type {StoppingRecord} from "./early-stopping.ts";
import {ArgumentError} from "./errors.ts";
import {Key} from "./key.ts";
import {decodeSafetensors, encodeSafetensors, SafetensorsError, type StoredTensor} from "./safetensors.ts";
import type {TrainState} from "./train-step.ts";
import {leaves, type Params} from "./tree.ts";
import {loadTensor, storeTensor} from "./weights.ts";

/** Where a training was: all that it takes to go on with the same bits. */
export interface Checkpoint<P extends Params = Params> {
  state: TrainState<P>;
  key: Key;
  /** The place in the data follows from these and the step. */
  data: {name: string; hash?: string; rows: number; batchSize: number};
  /** What early stopping has seen. */
  stopping?: StoppingRecord<P>;
}

/** In the file's metadata: the checkpoint as JSON, with its tensors by name. */
const METADATA_KEY = "petri.training";
const VERSION = 1;

/** How JSON says what it has no words for. */
const TENSOR = "$tensor";
const NUMBER = "$number";

/**
 * A checkpoint as a safetensors file: weights as params.dense1.kernel, the rest beside them. The tensors stay the caller's.
 *
 * @example
 * import {decodeCheckpoint, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 *
 * const training = fit(mlp([2, 8, 2]), twoMoons(), {steps: 20});
 * for await (const row of training);
 * const saved = decodeCheckpoint(await training.save());
 * display({step: saved.state.step, data: saved.data});
 * saved.dispose();
 * training.dispose();
 */
export async function encodeCheckpoint<P extends Params>(checkpoint: Checkpoint<P>): Promise<Uint8Array> {
  const {state, key, data, stopping} = checkpoint;
  const found = new Map<string, Tensor>();
  const json = outline({...state, key: [...key.words], data, stopping: stopping ?? null}, "", found);
  // Held while they are read: the training may go on meanwhile.
  const held = [...found.values()].map((tensor) => tensor.clone());
  try {
    const stored = await Promise.all(held.map((tensor) => storeTensor(tensor)));
    const tensors = new Map([...found.keys()].map((name, i) => [name, stored[i] as StoredTensor]));
    return encodeSafetensors(tensors, {
      [METADATA_KEY]: JSON.stringify({version: VERSION, ...(json as object)})
    });
  } finally {
    tf.dispose(held);
  }
}

/**
 * What `encodeCheckpoint` wrote. The caller owns the tensors: `dispose` frees them.
 * @throws SafetensorsError when it is damaged, or no training of Petri's.
 */
export function decodeCheckpoint<P extends Params>(file: Uint8Array): Checkpoint<P> & {dispose(): void} {
  const {tensors, metadata} = decodeSafetensors(file);
  const json = parse(metadata[METADATA_KEY]);
  const found: Tensor[] = [];
  try {
    const training = restore(json, tensors, found) as Fields;
    checkFields(training);
    const {params, optimizerState, modelState, step, key, data, stopping} = training;
    return {
      state: {params: params as P, optimizerState, modelState, step},
      key: new Key(key),
      data,
      stopping: (stopping ?? undefined) as StoppingRecord<P> | undefined,
      dispose: () => tf.dispose(found)
    };
  } catch (error) {
    tf.dispose(found);
    throw error;
  }
}

/** What the file's JSON says, once its tensors are in their places. */
interface Fields extends TrainState {
  key: readonly [number, number];
  data: Checkpoint["data"];
  stopping: StoppingRecord | null;
}

function parse(text: string | undefined): unknown {
  if (text === undefined) {
    throw new SafetensorsError("The file holds tensors, not a training: read weights with decodeWeights.");
  }
  let json: {version?: number} | null;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SafetensorsError(`What the file says of its training is not JSON: ${String(error)}`);
  }
  if (json?.version === VERSION) return json;
  throw new SafetensorsError(
    `The training was saved in the form ${String(json?.version)}; this Petri reads ${VERSION}.`
  );
}

const isCount = (value: unknown, low = 0) => Number.isSafeInteger(value) && (value as number) >= low;
const isObject = (value: unknown) => typeof value === "object" && value !== null;
const isText = (value: unknown) => value === undefined || typeof value === "string";
const areTensors = (tree: Params) => leaves<unknown>(tree).every((leaf) => leaf instanceof tf.Tensor);

/** What each part of a saved training must be. */
const checks: Readonly<Record<string, (training: Fields) => boolean>> = {
  params: ({params}) => isObject(params) && areTensors(params),
  "states of layers": ({modelState}) => isObject(modelState) && areTensors(modelState),
  step: ({step}) => isCount(step),
  key: ({key}) => Array.isArray(key) && key.length === 2 && key.every((word) => isCount(word)),
  "place in the data": ({data}) =>
    isObject(data) &&
    isCount(data.rows, 1) &&
    isCount(data.batchSize, 1) &&
    isText(data.name) &&
    isText(data.hash),
  "early stopping": ({stopping}) =>
    !stopping ||
    (isCount(stopping.waited) &&
      (stopping.best === null || typeof stopping.best === "number") &&
      (!stopping.state || (isObject(stopping.state.params) && areTensors(stopping.state.params))))
};

function checkFields(training: Fields): void {
  for (const [name, isFine] of Object.entries(checks)) {
    if (!isFine(training)) throw new SafetensorsError(`The saved training is damaged: it has no ${name}.`);
  }
}

/** A tree as JSON; tensors are noted under their paths. */
function outline(node: unknown, path: string, found: Map<string, Tensor>): unknown {
  if (node instanceof tf.Tensor) {
    // Names may have dots in them, so that two paths read the same.
    let name = path;
    while (found.has(name)) name += "'";
    found.set(name, node);
    return {[TENSOR]: name};
  }
  if (typeof node === "number" && (!Number.isFinite(node) || Object.is(node, -0))) {
    return {[NUMBER]: Object.is(node, -0) ? "-0" : String(node)};
  }
  if (typeof node !== "object" || node === null) return node;
  const at = (name: string | number) => (path === "" ? String(name) : `${path}.${name}`);
  if (Array.isArray(node)) return node.map((each, i) => outline(each, at(i), found));
  const prototype = Object.getPrototypeOf(node);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new ArgumentError(
      `A training that is saved holds tensors and numbers; at ${path} is a ${prototype.constructor?.name}.`
    );
  }
  return Object.fromEntries(
    Object.entries(node).map(([name, each]) => [name, outline(each, at(name), found)])
  );
}

/** What `outline` wrote; new tensors are noted. */
function restore(node: unknown, tensors: ReadonlyMap<string, StoredTensor>, found: Tensor[]): unknown {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map((each) => restore(each, tensors, found));
  const {[TENSOR]: name, [NUMBER]: number} = node as {[TENSOR]?: string; [NUMBER]?: string};
  if (number !== undefined) return Number(number);
  if (name === undefined) {
    return Object.fromEntries(
      Object.entries(node).map(([key, each]) => [key, restore(each, tensors, found)])
    );
  }
  const stored = tensors.get(name);
  if (!stored) throw new SafetensorsError(`The file lacks the tensor ${name} of the training.`);
  const tensor = loadTensor(name, stored);
  found.push(tensor);
  return tensor;
}
