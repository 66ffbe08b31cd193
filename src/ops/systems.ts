// What exists of the catalogue: `npm run systems` prints it, notebooks and tests are found through it.

import {forwardForwardSystems} from "./systems/forward-forward.ts";
import {kanSystems} from "./systems/kan.ts";
import {moeSystems} from "./systems/moe.ts";
import {pruningSystems} from "./systems/pruning.ts";
import type {System} from "./systems/system.ts";

/** Every implemented system, a family after the other. */
export const systems: readonly System[] = [
  ...pruningSystems,
  ...moeSystems,
  ...kanSystems,
  ...forwardForwardSystems
];
