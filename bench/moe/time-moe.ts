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

/** A pass that takes longer is done once. */
const LONG_MS = 3000;

/** Forward passes, and passes with all gradients, of each contender in turn. */
export async function timeMoe({task, contenders, rounds}: MoeEffort): Promise<MoeTimings> {
  const running: {timing: MoeTiming; contender: MoeContender}[] = [];
  const failed: MoeTimings["failed"] = [];
  for (const name of contenders) {
    const contender = CONTENDERS[name](task);
    try {
      running.push({timing: {name, forward: 0, both: 0, ...(await watched(contender))}, contender});
    } catch (error) {
      contender.dispose();
      if (name === "petri") throw error;
      failed.push({name, reason: String(error)});
    }
  }
  for (const pass of ["forward", "both"] as const) {
    const times: number[][] = running.map(() => []);
    for (let round = 0; round < rounds; ++round)
      for (const [i, {contender}] of running.entries()) {
        const own = times[i] as number[];
        if ((own[0] ?? 0) > LONG_MS) continue;
        const start = performance.now();
        await contender[pass]();
        own.push(performance.now() - start);
      }
    running.forEach(({timing}, i) => {
      timing[pass] = median(times[i] as number[]);
    });
  }
  for (const {contender} of running) contender.dispose();
  return {timings: running.map(({timing}) => timing), failed};
}

/** Both passes for the first time, with what they ask of the backend: after each of tfjs's operations its engine tells what it holds. */
async function watched(contender: MoeContender): Promise<Omit<MoeTiming, "name" | "forward" | "both">> {
  await contender.forward();
  const {dispatches: outputs} = await counted(() => contender.outputs());
  const engine = tf.engine();
  const {runKernel} = engine;
  const before = engine.state.numBytes;
  let peakBytes = 0;
  let loss = 0;
  engine.runKernel = (...args) => {
    const out = runKernel.apply(engine, args);
    peakBytes = Math.max(peakBytes, engine.state.numBytes - before);
    return out as never;
  };
  try {
    const {dispatches: both} = await counted(async () => {
      loss = await contender.both();
    });
    return {loss, peakBytes, dispatches: {outputs, both}};
  } finally {
    engine.runKernel = runKernel;
  }
}
