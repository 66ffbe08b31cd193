import type {System} from "./system.ts";

/** The methods of petri/kan, in the order of the catalogue. */
export const kanSystems: readonly System[] = [
  {
    id: "activation-space-selectable-kolmogorov-arnold-networks",
    family: "kan",
    title: "Activation Space Selectable Kolmogorov-Arnold Networks",
    export: "petri/kan#selectableKan",
    notebook: "reference/kan/selectable.html",
    test: "test/ops/kan-variants.test.ts",
    verdict: ""
  },
  {
    id: "af-kan",
    family: "kan",
    title:
      "AF-KAN: Activation Function-Based Kolmogorov-Arnold Networks for Efficient Representation Learning",
    export: "petri/kan#afKan",
    notebook: "reference/kan/af-kan.html",
    test: "test/ops/kan-variants.test.ts",
    verdict: ""
  },
  {
    id: "kan",
    family: "kan",
    title: "KAN: Kolmogorov-Arnold Networks",
    export: "petri/kan#kan",
    notebook: "kan-scaling.html",
    test: "test/ops/kan-layers.test.ts",
    verdict:
      "at most 5 × 10⁻⁷ at a grid of 50 intervals: held (2.2 × 10⁻⁷); the error falls at least with the third power of the grid: held (slope -3.55); with more parameters the KAN's error falls faster than the MLP's: held (-5.11 against -0.84) (a function of four variables, float64)"
  },
  {
    id: "kolmogorov-arnold-attention",
    family: "kan",
    title: "Kolmogorov-Arnold Attention: Is Learnable Attention Better For Vision Transformers?",
    export: "petri/kan#kolmogorovArnoldAttention",
    notebook: "reference/kan/kan-attention.html",
    test: "test/ops/kan-variants.test.ts",
    verdict: ""
  },
  {
    id: "kolmogorov-arnold-network-autoencoders",
    family: "kan",
    title: "Kolmogorov-Arnold Network Autoencoders",
    export: "petri/kan#kanAutoencoder",
    notebook: "reference/kan/kan-autoencoder.html",
    test: "test/ops/kan-variants.test.ts",
    verdict: ""
  },
  {
    id: "matrixkan",
    family: "kan",
    title: "MatrixKAN: Parallelized Kolmogorov-Arnold Network",
    export: "petri/kan#bspline",
    notebook: "matrix-kan.html",
    test: "test/ops/kan-layers.test.ts",
    verdict:
      "the matrix form is faster than the recursion: held from order 4 on; the speed-up rises with the order: held; the speed-up rises with the batch: held; the matrix form is about 40 times as fast: did not hold (a layer of 64 x 32 on WebAssembly, forward and backward)"
  }
];
