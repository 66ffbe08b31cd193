import {ops} from "../../src/ops/index.ts";
import type {JaxDevice} from "../steps/peers/jax-js.ts";
import {median} from "../support/median.ts";
import {composed} from "./composed.ts";
import {jaxJs} from "./jax-js.ts";
import {mlp, ours} from "./ours.ts";
import type {KanContender, KanTask} from "./task.ts";

const {tf} = ops;

const CONTENDERS = {petri: ours, "plain tfjs": composed, "jax-js": jaxJs, MLP: mlp} as const;

export type KanContenderName = keyof typeof CONTENDERS;

export interface KanEffort {
  task: KanTask;
  backend: JaxDevice;
  /** Ours among them. */
  contenders: readonly KanContenderName[];
  rounds: number;
}

/** What one contender did. */
export interface KanTiming {
  name: KanContenderName;
  /** Milliseconds. */
  forward: number;
  both: number;
  loss: number;
  /** Bytes that tfjs held at most while gradients were computed, more than before; not known of others. */
  peakBytes?: number;
}

export interface KanTimings {
  timings: KanTiming[];
  failed: {name: KanContenderName; reason: string}[];
}

/** Forward passes, and passes with all gradients, of each contender in turn. A pass of seconds is done once. */
export async function timeKan({task, backend, contenders, rounds}: KanEffort): Promise<KanTimings> {
  const timings: KanTiming[] = [];
  const failed: KanTimings["failed"] = [];
  const running: {name: KanContenderName; contender: KanContender; peak: {loss: number; bytes: number}}[] =
    [];
  for (const name of contenders) {
    try {
      const contender = await CONTENDERS[name](task, backend);
      await contender.forward();
      running.push({name, contender, peak: await withPeak(() => contender.both())});
    } catch (error) {
      if (name === "petri") throw error;
      failed.push({name, reason: String(error)});
    }
  }
  const times = running.map(() => ({forward: [] as number[], both: [] as number[]}));
  for (let round = 0; round < rounds; ++round)
    for (const [i, {contender}] of running.entries())
      for (const pass of ["forward", "both"] as const) {
        const own = times[i]?.[pass] as number[];
        if ((own[0] ?? 0) > LONG_MS) continue;
        const start = performance.now();
        await contender[pass]();
        own.push(performance.now() - start);
      }
  running.forEach(({name, peak}, i) => {
    timings.push({
      name,
      forward: median(times[i]?.forward ?? []),
      both: median(times[i]?.both ?? []),
      loss: peak.loss,
      ...(name !== "jax-js" && {peakBytes: peak.bytes})
    });
  });
  return {timings, failed};
}

const LONG_MS = 3000;

/** Watches what tfjs's engine holds after each of its operations. */
async function withPeak(work: () => Promise<number>): Promise<{loss: number; bytes: number}> {
  const engine = tf.engine();
  const {runKernel} = engine;
  const before = engine.state.numBytes;
  let bytes = 0;
  engine.runKernel = (...args) => {
    const out = runKernel.apply(engine, args);
    bytes = Math.max(bytes, engine.state.numBytes - before);
    return out as never;
  };
  try {
    return {loss: await work(), bytes};
  } finally {
    engine.runKernel = runKernel;
  }
}
