// Trains one network on MNIST in a process of its own, on wasm, and prints one line of JSON: node train.js <wasm files> <contender> <seed> <steps> <data>
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import {openWasmInNode} from "../support/open-wasm-in-node.ts";
import {BATCH, contenders} from "./recipes.ts";

/** What a training came to. */
export interface Trained {
  adapter: string;
  parameters: number;
  accuracy: number;
  /** What the processor was busy with the training. */
  cpuSeconds: number;
  /** Tensors that a gradient makes and needs at the same time. */
  bytes: number;
}

async function main([wasmPaths, name = "", seed, steps, dataFolder = ""]: string[]): Promise<void> {
  const contender = contenders[name];
  if (!contender) throw new Error(`There is no contender ${name}.`);
  const adapter = await openWasmInNode(wasmPaths);
  ops.datasets.configureDatasets({
    fetchBytes: async (path) => new Uint8Array(await readFile(join(dataFolder, path.replace(/^data\//, ""))))
  });
  const {train, test} = await ops.datasets.mnist();
  const model = contender.model();
  const total = Number(steps);
  const schedule = ops.cosineSchedule({from: contender.learningRate, steps: total});
  const busy = process.cpuUsage();
  const training = ops.fit(model, train, {
    steps: total,
    batchSize: BATCH,
    optimizer: ops.adam({learningRate: schedule}),
    key: ops.key(Number(seed)),
    logEvery: 100
  });
  for await (const {step, loss} of training)
    console.error(`${name}, seed ${seed}: step ${step}, loss ${loss}`);
  const {user, system} = process.cpuUsage(busy);
  const {accuracy = 0} = await ops.evaluate(model, training.params, test, {batchSize: 250});
  const trained: Trained = {
    adapter,
    parameters: ops.tree.size(training.params),
    accuracy,
    cpuSeconds: (user + system) / 1e6,
    bytes: await bytesOf(model, training.params, train)
  };
  console.log(JSON.stringify(trained));
}

/** The most bytes that a gradient has at once, of what it makes itself. */
async function bytesOf(model: Layer, params: Params, data: Dataset): Promise<number> {
  const {tf} = ops;
  const size = BATCH * 784;
  const x = tf.tensor((data.inputs as Float32Array).slice(0, size), [BATCH, ...data.inputShape]);
  const y = tf.tensor1d(data.labels.slice(0, BATCH), "int32");
  const gradient = ops.grad((at: Params) => ops.softmaxCrossEntropy(model.apply(at, x, {training: true}), y));
  const before = tf.memory().numBytes;
  const {peakBytes} = await tf.profile(() => {
    ops.tree.dispose(gradient(params));
    return tf.scalar(0);
  });
  return peakBytes - before;
}

await main(process.argv.slice(2));
