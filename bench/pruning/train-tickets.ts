// The lottery ticket experiment of one seed in a process of its own, on wasm; prints one line of JSON: node train-tickets.js <wasm files> <seed> <quick|whole> <data, empty for the digits>
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import type {TicketResult, TicketRow} from "../../src/ops/pruning/methods/lottery-ticket.ts";
import {openWasmInNode} from "../support/open-wasm-in-node.ts";

/** What the experiment came to. */
export interface Tickets {
  adapter: string;
  data: string;
  steps: number;
  batchSize: number;
  results: TicketResult[];
  cpuSeconds: number;
}

/** Rounds that lose a fifth each: 0.8^15 leaves 3.5%. */
const ROUNDS = 15;

async function main([wasmPaths, seed, size, dataFolder]: string[]): Promise<void> {
  const adapter = await openWasmInNode(wasmPaths);
  const {train, validation, test} = await load(dataFolder);
  const steps = size === "quick" ? 60 : 1000;
  const batchSize = 60;
  const busy = process.cpuUsage();
  const rows: TicketRow[] = [];
  const found = ops.pruning.lotteryTicket(
    ops.zoo.lenet300100({inputs: train.inputShape.reduce((a, b) => a * b, 1)}),
    train,
    {
      rounds: size === "quick" ? 2 : ROUNDS,
      isControlled: (round) => size === "quick" || round % 3 === 0,
      scope: "local",
      distribution: ops.pruning.slowerOutput(),
      steps,
      batchSize,
      logEvery: steps,
      key: ops.key(Number(seed)),
      optimizer: ops.adam({learningRate: 1.2e-3}),
      evaluations: {
        validation: {data: validation, every: steps / 20},
        test: {data: test, every: steps / 20}
      }
    }
  );
  for await (const row of found) {
    rows.push(row);
    if (row.roundStep === steps)
      console.error(`seed ${seed}, ${row.arm}, sparsity ${row.sparsity}: ${row.testAccuracy}`);
  }
  const {user, system} = process.cpuUsage(busy);
  const tickets: Tickets = {
    adapter,
    data: dataFolder ? "MNIST" : "the digits",
    steps,
    batchSize,
    results: ops.pruning.ticketResults(rows, {stopBy: "validation"}),
    cpuSeconds: (user + system) / 1e6
  };
  console.log(JSON.stringify(tickets));
}

/** Rows to train on: few enough that the loss on others rises again within the steps that there is time for. */
const ROWS = 10_000;

async function load(dataFolder: string | undefined) {
  const fetchBytes = async (path: string) =>
    new Uint8Array(
      await readFile(dataFolder ? join(dataFolder, path.replace(/^data\//, "")) : join("notebooks", path))
    );
  ops.datasets.configureDatasets({fetchBytes});
  const {mnist, digits, split, rowCount, subset} = ops.datasets;
  const whole = dataFolder ? await mnist() : split(await digits(), {test: 0.2, seed: 1});
  const first = (data: Dataset, most: number) =>
    subset(
      data,
      Int32Array.from({length: Math.min(most, rowCount(data))}, (_, i) => i)
    );
  const known = split(whole.train, {test: Math.min(1000 / rowCount(whole.train), 0.2), seed: 1});
  return {train: first(known.train, ROWS), validation: known.test, test: first(whole.test, 2000)};
}

await main(process.argv.slice(2));
