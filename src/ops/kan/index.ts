// petri/kan: Kolmogorov-Arnold networks. In float64 as plain data (network.ts), and as layers of tensors that core's fit trains.
export * from "./network.ts";
export * from "./spline/index.ts";
export {
  finiteDerivative,
  finiteValue,
  pykanLibrary,
  type SymbolicFunction,
  symbolicFunction,
  symbolicFunctions
} from "./symbolic/functions.ts";
