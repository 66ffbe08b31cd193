export {type AddedFunction, addSymbolic} from "./add-symbolic.ts";
export {
  type EdgeChange,
  type EdgeCurve,
  edgeCurves,
  type KanCurves,
  type SuggestCurvesOptions,
  type SuggestedCurve,
  suggestCurves,
  withChanges
} from "./edge-curves.ts";
export {
  type AutoSymbolic,
  type AutoSymbolicOptions,
  autoSymbolic,
  type FixedEdge,
  fixSymbolic,
  setSymbolic,
  unfixSymbolic
} from "./edges.ts";
export {type AffineFit, type AffineFitOptions, fitAffine} from "./fit-affine.ts";
export {type Formula, type FormulaOptions, formula} from "./formula.ts";
export {
  finiteDerivative,
  finiteValue,
  pykanLibrary,
  type SymbolicFunction,
  symbolicFunction,
  symbolicFunctions
} from "./functions.ts";
export {type SuggestOptions, type SymbolicSuggestion, suggestSymbolic} from "./suggest.ts";
