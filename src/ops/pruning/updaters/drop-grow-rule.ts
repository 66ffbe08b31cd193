// What SET, RigL and SNFS have in common: when they drop and grow, and how much.
import {checkCount, checkNumber} from "../../core/errors.ts";
import type {Tensor} from "../../tf.ts";
import {checkSparsity} from "../kept-counts.ts";
import {cosineDrop} from "../schedules.ts";
import {dropAndGrow} from "./drop-and-grow.ts";
import type {MaskChange, MaskRule, UpdaterOptions} from "./sparse.ts";
import {randomTopology, type TopologyOptions} from "./topology.ts";

/** What sparse trainings that drop and grow take. */
export interface DropGrowOptions extends TopologyOptions, UpdaterOptions {
  /** The step after which masks stay as they are. */
  end: number;
  /** Steps between changes of the masks, 100 by default. */
  every?: number;
  /** Share of a layer's weights that is dropped, by a function of the step or as a number that falls to 0 at `end` by a cosine; 0.3 by default. */
  drop?: number | ((step: number) => number);
}

/** When such a training changes its masks, and the share that it drops. */
export function dropTimes(title: string, {end, every = 100, drop = 0.3}: DropGrowOptions) {
  checkCount(`${title}: end`, end);
  checkCount(`${title}: every`, every);
  const dropAt = typeof drop === "number" ? cosineDrop({init: drop, end}) : drop;
  return {
    isUpdate: (step: number) => step > 0 && step < end && step % every === 0,
    dropAt: (step: number) => {
      const share = dropAt(step);
      checkNumber(`${title}: drop`, share, 0, 1);
      return share;
    }
  };
}

/** Random masks, of which the smallest weights are dropped from time to time and as many grown by a score. */
export function dropGrowRule(
  title: string,
  options: DropGrowOptions,
  growScores: (change: MaskChange, path: string, index: number) => Tensor
): MaskRule {
  checkSparsity(options.sparsity);
  const {isUpdate, dropAt} = dropTimes(title, options);
  return {
    title,
    isUpdate,
    begin: (start) => randomTopology(start, options),
    skipsGradient: true,
    choose: (change) =>
      Object.fromEntries(
        Object.entries(change.masks).map(([path, mask], index) => {
          const scores = growScores(change, path, index);
          return [
            path,
            dropAndGrow({weight: change.weights[path] as Tensor, mask, scores}, dropAt(change.step))
          ];
        })
      )
  };
}
