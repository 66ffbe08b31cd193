import {ops} from "../../src/ops/index.ts";
import {counted} from "../steps/counts.ts";
import {median} from "../support/median.ts";
import {dense, einsum, loop, ours} from "./contenders.ts";
import type {MoeContender, MoeTask} from "./task.ts";

const {tf} = ops;

const CONTENDERS = {petri: ours, "einsum dispatch": einsum, "a loop in plain tfjs": loop, dense} as const;

export type MoeContenderName = keyof typeof CONTENDERS;

export interface MoeEffort {
  task: MoeTask;
  /** Ours first. */
  contenders: readonly MoeContenderName[];
  rounds: number;
}

/** What one contender did. */
export interface MoeTiming {
  name: MoeContenderName;
  /** Milliseconds. */
  forward: number;
  both: number;
  loss: number;
  /** Bytes that tfjs held at most while gradients were computed, more than before. */
  peakBytes: number;
  /** On webgpu: of the outputs alone, and of the loss with all gradients. */
  dispatches: {outputs: number; both: number};
}

export interface MoeTimings {
  timings: MoeTiming[];
  failed: {name: MoeContenderName; reason: string}[];
}

/** A pass that takes longer the first time is not done again. */
const LONG_MS = 10000;

/** Forward passes, and passes with all gradients, of each contender in turn. */
export async function timeMoe({task, contenders, rounds}: MoeEffort): Promise<MoeTimings> {
  const running: {timing: MoeTiming; contender: MoeContender}[] = [];
  const failed: MoeTimings["failed"] = [];
  for (const name of contenders) {
    const contender = CONTENDERS[name](task);
    try {
      running.push({timing: {name, ...(await watched(contender))}, contender});
    } catch (error) {
      contender.dispose();
      if (name === "petri") throw error;
      failed.push({name, reason: String(error)});
    }
  }
  for (const pass of ["forward", "both"] as const) {
    const times: number[][] = running.map(() => []);
    for (let round = 0; round < rounds; ++round)
      for (const [i, {contender, timing}] of running.entries())
        if (timing[pass] <= LONG_MS) times[i]?.push(await timed(() => contender[pass]()));
    running.forEach(({timing}, i) => {
      const own = times[i] as number[];
      if (own.length > 0) timing[pass] = median(own);
    });
  }
  for (const {contender} of running) contender.dispose();
  return {timings: running.map(({timing}) => timing), failed};
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** All passes for the first time, with what they ask of the backend: after each of tfjs's operations its engine tells what it holds. */
async function watched(contender: MoeContender): Promise<Omit<MoeTiming, "name">> {
  const {dispatches: outputs} = await counted(() => contender.outputs());
  const forward = await timed(() => contender.forward());
  const engine = tf.engine();
  const {runKernel} = engine;
  const before = engine.state.numBytes;
  let [peakBytes, loss, both] = [0, 0, 0];
  engine.runKernel = (...args) => {
    const out = runKernel.apply(engine, args);
    peakBytes = Math.max(peakBytes, engine.state.numBytes - before);
    return out as never;
  };
  try {
    const counts = await counted(async () => {
      both = await timed(async () => {
        loss = await contender.both();
      });
    });
    return {forward, both, loss, peakBytes, dispatches: {outputs, both: counts.dispatches}};
  } finally {
    engine.runKernel = runKernel;
  }
}
