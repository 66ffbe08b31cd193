// Options that a function does not have are refused, with the name that is right here where other libraries have another one for
// the same thing: a misspelt option that is passed over makes another network than the one that was asked for.
import {ArgumentError, checkOptions} from "../core/errors.ts";

type Names = Readonly<Record<string, true>>;

/** What pykan, efficient-kan, FastKAN and others call what is called this here. Case and underscores do not count. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  order: ["k", "spline_order", "degree"],
  degree: ["order", "deg", "k"],
  grid: ["grid_size", "num_grids", "num", "g", "intervals", "size"],
  intervals: ["grid", "grid_size", "num_grids", "num", "g"],
  size: ["grid", "grid_size", "num_grids", "num"],
  frequencies: ["grid", "grid_size", "frequency", "num_frequencies", "size", "degree"],
  range: ["grid_range", "domain", "grid_min", "grid_max"],
  noise: ["noise_scale", "scale_noise", "mag"],
  blend: ["grid_eps"],
  at: ["mode"],
  kind: ["wavelet_type", "wavelet", "type"],
  base: ["base_fun", "base_function", "base_activation", "base_act", "residual"],
  pool: ["bases"],
  squash: ["use_layernorm"],
  normalise: ["normalize", "layer_norm"],
  useScale: ["enable_standalone_scale_spline", "standalone_scale"],
  useBias: ["bias"],
  units: ["out_features", "out_dim", "output_dim", "outputs"],
  filters: ["out_channels", "channels"],
  strides: ["stride"],
  arity: ["mult_arity"],
  width: ["widths", "layers", "layers_hidden", "layer_sizes"],
  sizes: ["widths", "width", "layers", "hidden", "layers_hidden"],
  baseMean: ["scale_base_mu"],
  baseSpread: ["scale_base_sigma", "scale_base"],
  splineScale: ["scale_sp", "scale_spline"],
  heads: ["num_heads"],
  activation: ["base_activation", "act", "func"],
  combination: ["function_type"],
  optimizer: ["opt"],
  learningRate: ["lr"],
  batchSize: ["batch"],
  gridUpdates: ["grid_update_num"],
  gridUpdateStart: ["start_grid_update_step"],
  gridUpdateStop: ["stop_grid_update_step"],
  metric: ["reg_metric"],
  logEvery: ["log"],
  weight: ["lamb", "lambda"],
  lambCoefDiff: ["lamb_coefdiff"],
  l1: ["lamb_l1", "regularize_activation", "activation"],
  entropy: ["lamb_entropy", "regularize_entropy"],
  coefficients: ["lamb_coef", "coef"],
  differences: ["lamb_coefdiff", "coefdiff"],
  nodes: ["node_th", "neuron_th", "node"],
  edges: ["edge_th", "edge"],
  features: ["feature_th", "feature"],
  library: ["lib"],
  simplicity: ["weight_simple"],
  atLeast: ["r2_threshold", "threshold"],
  points: ["grid_number"],
  rounds: ["iteration", "iterations"],
  names: ["var", "vars", "variables"],
  digits: ["floating_digit", "ex_round"],
  value: ["fun", "function"],
  complexity: ["c"],
  inner: ["a"],
  offset: ["b"],
  scale: ["c"],
  shift: ["d"],
  slopes: ["slope"],
  curvatures: ["curvature"],
  tolerance: ["rcond"]
};

/** Options that belong to a basis, by the basis. */
const OF_BASES: Readonly<Record<string, Names>> = {
  bspline: {grid: true, order: true, range: true, adaptive: true, noise: true, form: true},
  chebyshev: {degree: true},
  fourier: {frequencies: true},
  rbf: {size: true},
  wavelet: {kind: true, levels: true}
};

const WHOSE: Readonly<Record<string, string>> = {
  bspline: "B-splines",
  chebyshev: "Chebyshev polynomials",
  fourier: "waves",
  rbf: "bumps",
  wavelet: "wavelets"
};

/** Throws an ArgumentError unless options are an object and every one of them is `known`; it names the option that may be meant. */
export function checkOptionNames(of: string, options: object, known: Names): void {
  const other = unknownIn(options, known);
  const meant = other && meantBy(other, known);
  if (meant)
    throw new ArgumentError(
      `${of} has no option ${other}: it is called ${meant} here. There are ${Object.keys(known).join(", ")}.`
    );
  checkOptions(of, options, known);
}

/** The same for layers, which take a basis: what is an option of a basis belongs there. */
export function checkLayerNames(of: string, options: object, known: Names): void {
  const other = unknownIn(options, known);
  const owner = other && !meantBy(other, known) ? ownerOf(other) : undefined;
  if (owner)
    throw new ArgumentError(
      `${of} has no option ${other}: ${owner.name} is an option of ${owner.whose}: {basis: ${owner.basis}({${owner.name}: ...})}.`
    );
  checkOptionNames(of, options, known);
}

/** Whose option it is: by its own name first, since a degree is an order too. */
function ownerOf(other: string): {name: string; whose: string; basis: string} | undefined {
  const bases = Object.entries(OF_BASES);
  const [basis, names] = bases.find(([, own]) => Object.hasOwn(own, other)) ??
    bases.find(([, own]) => meantBy(other, own)) ?? ["", {}];
  const name = meantBy(other, names);
  return name === undefined ? undefined : {name, whose: WHOSE[basis] as string, basis};
}

function unknownIn(options: object, known: Names): string | undefined {
  return Object.keys(options ?? {}).find((name) => !Object.hasOwn(known, name));
}

function meantBy(other: string, known: Names): string | undefined {
  const names = Object.keys(known);
  return (
    names.find((name) => plain(name) === plain(other)) ??
    names.find((name) => SYNONYMS[name]?.some((synonym) => plain(synonym) === plain(other)))
  );
}

function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}
