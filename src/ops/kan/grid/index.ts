// Grids that follow the data, in float64: adaptedKnots and refinedKnots make new knots, refitted the coefficients that keep
// the curves on them, updatedGrid both at once from samples.
export {type AdaptedGrid, adaptedKnots, refinedKnots} from "./adapted.ts";
export {type Refit, refitted} from "./refitted.ts";
export {type GridUpdate, interiorPoints, type Splines, updatedGrid} from "./updated.ts";
