import * as core from "./core/index.ts";
import * as datasets from "./datasets/index.ts";
import * as forwardForward from "./forward-forward/index.ts";
import * as kan from "./kan/index.ts";
import * as moe from "./moe/index.ts";
import * as pruning from "./pruning/index.ts";
import {tf} from "./tf.ts";
import * as zoo from "./zoo/index.ts";

/** What a training function gets as `ops`: everything of core, and the packages by name. */
export const ops = {...core, forwardForward, kan, moe, pruning, datasets, zoo, tf};

/** The type of `ops`. */
export type Ops = typeof ops;
