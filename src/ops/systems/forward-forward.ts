import type {System} from "./system.ts";

/** The methods of petri/forward-forward, in the order of the catalogue. */
export const forwardForwardSystems: readonly System[] = [
  {
    id: "a-stable-fast-and-fully-automatic-learning-algorithm",
    family: "forward-forward",
    title: "A Stable, Fast, and Fully Automatic Learning Algorithm for Predictive Coding Networks",
    export: "petri/forward-forward#predictiveCoding",
    notebook: "reference/forward-forward/predictive-coding.html",
    test: "test/ops/ff-energy.test.ts",
    verdict: ""
  },
  {
    id: "a-theoretical-framework-for-inference-learning",
    family: "forward-forward",
    title: "A Theoretical Framework for Inference Learning",
    export: "petri/forward-forward#predictiveCoding",
    notebook: "reference/forward-forward/predictive-coding.html",
    test: "test/ops/ff-energy.test.ts",
    verdict: ""
  },
  {
    id: "can-forward-gradient-match-backpropagation",
    family: "forward-forward",
    title: "Can Forward Gradient Match Backpropagation?",
    export: "petri/forward-forward#forwardGradient",
    notebook: "reference/forward-forward/forward-gradient.html",
    test: "test/ops/ff-forward-gradient.test.ts",
    verdict: ""
  },
  {
    id: "counter-current-learning",
    family: "forward-forward",
    title: "Counter-Current Learning: A Biologically Plausible Dual Network Approach for Deep Learning",
    export: "petri/forward-forward#counterCurrent",
    notebook: "reference/forward-forward/counter-current.html",
    test: "test/ops/ff-counter-current.test.ts",
    verdict: ""
  },
  {
    id: "deep-learning-without-weight-symmetry",
    family: "forward-forward",
    title: "Deep Learning without Weight Symmetry",
    export: "petri/forward-forward#productFeedback",
    notebook: "reference/forward-forward/product-feedback.html",
    test: "test/ops/ff-feedback.test.ts",
    verdict: ""
  },
  {
    id: "dense-hebbian-neural-networks",
    family: "forward-forward",
    title: "Dense Hebbian neural networks: a replica symmetric picture of supervised learning",
    export: "petri/forward-forward#denseHebbian",
    notebook: "reference/forward-forward/dense-hebbian.html",
    test: "test/ops/ff-hopfield.test.ts",
    verdict: ""
  },
  {
    id: "dense-hebbian-neural-networks-2",
    family: "forward-forward",
    title: "Dense Hebbian neural networks: a replica symmetric picture of unsupervised learning",
    export: "petri/forward-forward#denseHebbian",
    notebook: "reference/forward-forward/dense-hebbian.html",
    test: "test/ops/ff-hopfield.test.ts",
    verdict: ""
  },
  {
    id: "direct-feedback-alignment-scales-to-modern-deep-learning",
    family: "forward-forward",
    title: "Direct Feedback Alignment Scales to Modern Deep Learning Tasks and Architectures",
    export: "petri/forward-forward#directFeedbackAlignment",
    notebook: "reference/forward-forward/direct-feedback-alignment.html",
    test: "test/ops/ff-feedback.test.ts",
    verdict: ""
  },
  {
    id: "does-federated-learning-really-need-backpropagation",
    family: "forward-forward",
    title: "Does Federated Learning Really Need Backpropagation?",
    export: "petri/forward-forward#seededPerturbations",
    notebook: "reference/forward-forward/seeded-perturbations.html",
    test: "test/ops/ff-seeded.test.ts",
    verdict: ""
  },
  {
    id: "fast-training-of-recurrent-neural-networks-with-stationary",
    family: "forward-forward",
    title: "Fast Training of Recurrent Neural Networks with Stationary State Feedbacks",
    export: "petri/forward-forward#stationaryFeedback",
    notebook: "reference/forward-forward/stationary-feedback.html",
    test: "test/ops/ff-stationary.test.ts",
    verdict: ""
  },
  {
    id: "forward-learning-with-top-down-feedback",
    family: "forward-forward",
    title: "Forward Learning with Top-Down Feedback: Empirical and Analytical Characterization",
    export: "petri/forward-forward#pepita",
    notebook: "reference/forward-forward/pepita.html",
    test: "test/ops/ff-pepita.test.ts",
    verdict: ""
  },
  {
    id: "gradients-without-backpropagation",
    family: "forward-forward",
    title: "Gradients without Backpropagation",
    export: "petri/forward-forward#forwardGradient",
    notebook: "reference/forward-forward/forward-gradient.html",
    test: "test/ops/ff-forward-gradient.test.ts",
    verdict: ""
  },
  {
    id: "hardware-beyond-backpropagation",
    family: "forward-forward",
    title: "Hardware Beyond Backpropagation: a Photonic Co-Processor for Direct Feedback Alignment",
    export: "petri/forward-forward#ternaryError",
    notebook: "reference/forward-forward/direct-feedback-alignment.html",
    test: "test/ops/ff-feedback.test.ts",
    verdict: ""
  },
  {
    id: "hebbian-deep-learning-without-feedback",
    family: "forward-forward",
    title: "Hebbian Deep Learning Without Feedback",
    export: "petri/forward-forward#softHebbConv2d",
    notebook: "reference/forward-forward/soft-hebb.html",
    test: "test/ops/ff-hebbian.test.ts",
    verdict: ""
  },
  {
    id: "mono-forward",
    family: "forward-forward",
    title:
      "Mono-Forward: Backpropagation-Free Algorithm for Efficient Neural Network Training Harnessing Local Errors",
    export: "petri/forward-forward#monoForward",
    notebook: "reference/forward-forward/mono-forward.html",
    test: "test/ops/local-network.test.ts",
    verdict: ""
  },
  {
    id: "noprop",
    family: "forward-forward",
    title: "NoProp: Training Neural Networks without Back-propagation or Forward-propagation",
    export: "petri/forward-forward#noProp",
    notebook: "reference/forward-forward/no-prop.html",
    test: "test/ops/ff-diffusion.test.ts",
    verdict: ""
  },
  {
    id: "parallel-learning-by-multitasking-neural-networks",
    family: "forward-forward",
    title: "Parallel Learning by Multitasking Neural Networks",
    export: "petri/forward-forward#randomPatterns",
    notebook: "reference/forward-forward/patterns.html",
    test: "test/ops/ff-hopfield.test.ts",
    verdict: ""
  },
  {
    id: "diffusionblocks",
    family: "forward-forward",
    title: "DiffusionBlocks: Blockwise Training for Generative Models via Score-Based Diffusion",
    export: "petri/forward-forward#diffusionBlocks",
    notebook: "reference/forward-forward/diffusion-blocks.html",
    test: "test/ops/ff-diffusion.test.ts",
    verdict: ""
  },
  {
    id: "global-convergence-of-block-coordinate-descent-in-deep",
    family: "forward-forward",
    title: "Global Convergence of Block Coordinate Descent in Deep Learning",
    export: "petri/forward-forward#blockCoordinateDescent",
    notebook: "reference/forward-forward/block-coordinate-descent.html",
    test: "test/ops/ff-block-coordinates.test.ts",
    verdict: ""
  }
];
