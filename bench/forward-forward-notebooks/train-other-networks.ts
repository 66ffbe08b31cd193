// Graphs, a transformer, modules, tasks in turn and students, learning without backpropagation beside it, on wasm; prints a line of JSON for a topic: node train-other-networks.js <wasm files> <steps> <seeds> <topic>, or the topics: <wasm files> names
import {type Figure, notebookFiles, record} from "../support/recorded-in-node.ts";
import {assembling} from "./other-networks/assembling.ts";
import {graphs} from "./other-networks/graphs.ts";
import type {Effort} from "./other-networks/searched.ts";
import {students} from "./other-networks/students.ts";
import {tasks} from "./other-networks/tasks.ts";
import {transformer} from "./other-networks/transformer.ts";

const TOPICS: Record<string, (effort: Effort) => Promise<Figure[]>> = {
  graphs,
  transformer,
  assembling,
  tasks,
  students
};

async function main([wasmPaths, steps, seeds, topic = ""]: string[]): Promise<void> {
  if (steps === "names") {
    console.log(JSON.stringify(Object.keys(TOPICS)));
    return;
  }
  notebookFiles();
  const figuresOf = TOPICS[topic] as (effort: Effort) => Promise<Figure[]>;
  await record(wasmPaths, () => figuresOf({steps: Number(steps), seeds: Number(seeds)}));
}

await main(process.argv.slice(2));
