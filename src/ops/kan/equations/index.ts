// Derivatives of networks by their inputs, and networks that solve differential equations, in float64.
export type {Condition} from "./condition-residuals.ts";
export {derivatives, type KanDerivatives} from "./derivatives.ts";
export {type EquationOptions, type EquationRow, fitEquation} from "./fit.ts";
