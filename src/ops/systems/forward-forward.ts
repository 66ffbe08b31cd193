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
    id: "parallel-learning-by-multitasking-neural-networks",
    family: "forward-forward",
    title: "Parallel Learning by Multitasking Neural Networks",
    export: "petri/forward-forward#randomPatterns",
    notebook: "reference/forward-forward/patterns.html",
    test: "test/ops/ff-hopfield.test.ts",
    verdict: ""
  }
];
