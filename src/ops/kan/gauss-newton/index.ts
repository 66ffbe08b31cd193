// Damped Gauss-Newton steps in float64: for networks of up to some thousand numbers.
export {fitGaussNewton, type GaussNewtonOptions, type GaussNewtonRow} from "./fit.ts";
