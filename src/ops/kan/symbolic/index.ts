export {type AffineFit, type AffineFitOptions, fitAffine} from "./fit-affine.ts";
export {
  finiteDerivative,
  finiteValue,
  pykanLibrary,
  type SymbolicFunction,
  symbolicFunction,
  symbolicFunctions
} from "./functions.ts";
