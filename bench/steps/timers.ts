import {timeDepth} from "../forward-forward/time-depth.ts";
import {timeGoodness} from "../forward-forward/time-layer.ts";
import {timeFit} from "../gpu/time-fit.ts";
import {timePacking} from "../gpu/time-packing.ts";
import {timeKan} from "../kan/time-kan.ts";
import {timeGrouped} from "../moe/time-grouped.ts";
import {timeMoe} from "../moe/time-moe.ts";
import {timeSelection} from "../pruning/time-selection.ts";
import {timeShrunk} from "../pruning/time-shrunk.ts";
import {timeSparse} from "../pruning/time-sparse.ts";
import {timeSteps} from "./time-steps.ts";

/** What a page or a process can be asked to measure. */
export const timers = {
  /** Only tells the adapter. */
  look: async () => {},
  timeSteps,
  timeFit,
  timePacking,
  timeKan,
  timeGrouped,
  timeMoe,
  timeDepth,
  timeGoodness,
  timeSelection,
  timeShrunk,
  timeSparse
};
export type Timers = typeof timers;
