import type {System} from "./system.ts";

/** The methods of petri/forward-forward, in the order of the catalogue. */
export const forwardForwardSystems: readonly System[] = [
  {
    id: "a-stable-fast-and-fully-automatic-learning-algorithm",
    family: "forward-forward",
    title: "A Stable, Fast, and Fully Automatic Learning Algorithm for Predictive Coding Networks",
    export: "petri/forward-forward#predictiveCoding",
    notebook: "predictive-coding.html",
    test: "test/ops/ff-energy.test.ts",
    verdict:
      "incremental reaches 85% sooner than settled predictive coding: did not hold (step 15, step 15); more accurate after 300 steps: did not hold (92.9%, 94.4%); good at more learning rates: did not hold (3 and 3 of 7) (8x8 digits, 3 seeds)"
  },
  {
    id: "a-theoretical-framework-for-inference-learning",
    family: "forward-forward",
    title: "A Theoretical Framework for Inference Learning",
    export: "petri/forward-forward#predictiveCoding",
    notebook: "predictive-coding.html",
    test: "test/ops/ff-energy.test.ts",
    verdict:
      "nearer to the implicit step than backpropagation, from α = 0.1 on: held (cosine 0.98, 0.94 at 1); normalised updates nearer still: did not hold (0.88); more accurate than backpropagation after 300 single digits: did not hold (72.4%, normalised 71.3%, 79.4%); normalised updates learn at rates where backpropagation does not: at 1 held, at 4 did not hold (8x8 digits, 3 seeds)"
  },
  {
    id: "backpropagation-free-training-of-deep-physical-neural-networks",
    family: "forward-forward",
    title: "Backpropagation-free Training of Deep Physical Neural Networks",
    export: "petri/forward-forward#physicalSystem",
    notebook: "local-rules.html",
    test: "test/ops/ff-physical.test.ts",
    verdict:
      "better than backpropagation through a model that is off: did not hold (56.0% against 80.0%, with 0 of 3 seeds), on MNIST did not hold (19.9% against 70.1%, with 0 of 3 seeds) (8x8 digits and MNIST, 3 seeds)"
  },
  {
    id: "can-forward-gradient-match-backpropagation",
    family: "forward-forward",
    title: "Can Forward Gradient Match Backpropagation?",
    export: "petri/forward-forward#forwardGradient",
    notebook: "forward-gradient.html",
    test: "test/ops/ff-forward-gradient.test.ts",
    verdict:
      "guesses of local losses train far better than random ones: held (97.3%, 35.4%); nearer to the gradient in every hidden layer: held; within a point of backpropagation (96.6%): held (8x8 digits, 3 seeds)"
  },
  {
    id: "counter-current-learning",
    family: "forward-forward",
    title: "Counter-Current Learning: A Biologically Plausible Dual Network Approach for Deep Learning",
    export: "petri/forward-forward#counterCurrent",
    notebook: "local-rules.html",
    test: "test/ops/ff-counter-current.test.ts",
    verdict:
      "within 2 points of backpropagation: did not hold (89.9% against 96.6%), on MNIST did not hold (62.9% against 94.4%) (8x8 digits and MNIST, 3 seeds)"
  },
  {
    id: "deep-learning-without-weight-symmetry",
    family: "forward-forward",
    title: "Deep Learning without Weight Symmetry",
    export: "petri/forward-forward#productFeedback",
    notebook: "local-rules.html",
    test: "test/ops/ff-feedback.test.ts",
    verdict:
      "within a point of backpropagation: held (97.0% against 96.6%), on MNIST did not hold (92.6% against 94.4%); better than feedback alignment: did not hold (97.0% against 96.1%, with 2 of 3 seeds), on MNIST held (92.6% against 87.2%, with 3 of 3 seeds); better than direct feedback alignment: held (97.0% against 95.9%, with 3 of 3 seeds), on MNIST held (92.6% against 86.0%, with 3 of 3 seeds) (8x8 digits and MNIST, 3 seeds)"
  },
  {
    id: "deep-model-assembling",
    family: "forward-forward",
    title: "Deep Model Assembling",
    export: "petri/forward-forward#modelAssembling",
    notebook: "other-networks.html",
    test: "test/ops/ff-assembling.test.ts",
    verdict:
      "reaches end-to-end training (96.5%) at equal operations: held (97.1%, 56.9% before fine-tuning); better than modules with classifiers of their own (96.4%): held; less memory a step: held (64.4%) (8x8 digits, eight residual blocks in four modules, 3 seeds)"
  },
  {
    id: "dense-hebbian-neural-networks",
    family: "forward-forward",
    title: "Dense Hebbian neural networks: a replica symmetric picture of supervised learning",
    export: "petri/forward-forward#denseHebbian",
    notebook: "hopfield.html",
    test: "test/ops/ff-hopfield.test.ts",
    verdict:
      "capacity grows as N^(P-1): held (powers 0.82 for P = 2, 2.33 for P = 3, 3.33 for P = 4); a teacher makes fewer examples do: did not hold (20 to 400 random spins, 3 seeds)"
  },
  {
    id: "dense-hebbian-neural-networks-2",
    family: "forward-forward",
    title: "Dense Hebbian neural networks: a replica symmetric picture of unsupervised learning",
    export: "petri/forward-forward#denseHebbian",
    notebook: "hopfield.html",
    test: "test/ops/ff-hopfield.test.ts",
    verdict:
      "capacity grows as N^(P-1): held; more examples without a teacher than with: did not hold; steeper with noise for P = 4 (r^-13.7) than for pairs (r^-3.6): held (random spins, 3 seeds)"
  },
  {
    id: "diffusionblocks",
    family: "forward-forward",
    title: "DiffusionBlocks: Blockwise Training for Generative Models via Score-Based Diffusion",
    export: "petri/forward-forward#diffusionBlocks",
    notebook: "noprop.html",
    test: "test/ops/ff-diffusion.test.ts",
    verdict:
      "within a point of the same blocks end to end (97.6%): did not hold (96.2%); equal mass better than equal ratios (96.7%): did not hold; memory of one block: held (8x8 digits, 3 seeds)"
  },
  {
    id: "direct-feedback-alignment-scales-to-modern-deep-learning",
    family: "forward-forward",
    title: "Direct Feedback Alignment Scales to Modern Deep Learning Tasks and Architectures",
    export: "petri/forward-forward#feedbackPoints",
    notebook: "other-networks.html",
    test: "test/ops/ff-points.test.ts",
    verdict:
      "better than training what lies behind the last point alone: did not hold on a graph network (97.3% for 94.3%, with 2 of 3 seeds; backpropagation 95.3%), held on a small transformer (2.93 nats with points after blocks, 2.96 within them, for 3.29); there behind backpropagation (2.48), as in the paper: held (240 digits, Shakespeare, 3 seeds)"
  },
  {
    id: "does-federated-learning-really-need-backpropagation",
    family: "forward-forward",
    title: "Does Federated Learning Really Need Backpropagation?",
    export: "petri/forward-forward#seededPerturbations",
    notebook: "forward-gradient.html",
    test: "test/ops/ff-seeded.test.ts",
    verdict:
      "accuracy rises with the perturbations: held (45.1%, 86.7%, 91.8% with 5, 15, 45); within five points of backpropagation (96.1%) by 54 times fewer numbers a round: held (8x8 digits, 3 seeds)"
  },
  {
    id: "emergent-representations-in-networks-trained-with-the-forward",
    family: "forward-forward",
    title: "Emergent representations in networks trained with the Forward-Forward algorithm",
    export: "petri/forward-forward#ensembleReport",
    notebook: "forward-forward.html",
    test: "test/ops/ff-parts.test.ts",
    verdict:
      "sparser than by backpropagation of the task (0.78): Forward-Forward held (0.90), backpropagation of goodness held (0.88; mean of three layers, MNIST)"
  },
  {
    id: "fast-training-of-recurrent-neural-networks-with-stationary",
    family: "forward-forward",
    title: "Fast Training of Recurrent Neural Networks with Stationary State Feedbacks",
    export: "petri/forward-forward#stationaryFeedback",
    notebook: "local-rules.html",
    test: "test/ops/ff-stationary.test.ts",
    verdict:
      "within a point of backpropagation through time: did not hold (95.6% against 98.7%), on MNIST did not hold (93.0% against 95.3%); better than errors cut off after a step: held (95.6% against 93.2%, with 3 of 3 seeds), on MNIST held (93.0% against 75.4%, with 3 of 3 seeds); a step takes less time than through time: did not hold (1.22 of it), on MNIST did not hold (1.25 of it) (8x8 digits and MNIST, 3 seeds)"
  },
  {
    id: "forward-learning-of-graph-neural-networks",
    family: "forward-forward",
    title: "Forward Learning of Graph Neural Networks",
    export: "petri/forward-forward#forwardGraph",
    notebook: "other-networks.html",
    test: "test/ops/ff-graph.test.ts",
    verdict:
      "within two points of backpropagation (96.7%) on nodes without a label: one forward pass held (95.7%), with what layers above tell held (97.5%), Forward-Forward with appended labels did not hold (57.3%), with virtual nodes did not hold (72.9%); what layers above tell helps: did not hold, with 2 of 3 seeds (graph of 240 digits, 30 with a label, 3 seeds)"
  },
  {
    id: "forward-learning-with-top-down-feedback",
    family: "forward-forward",
    title: "Forward Learning with Top-Down Feedback: Empirical and Analytical Characterization",
    export: "petri/forward-forward#pepita",
    notebook: "other-networks.html",
    test: "test/ops/ff-pepita.test.ts",
    verdict:
      "a simulated student's error follows the equations' curve, within a twentieth of the first error: feedback alignment held (3.8%), PEPITA with a projection of 0.01 held (3.4%), of 0.05 did not hold (11.6%) (600 inputs, 3 seeds)"
  },
  {
    id: "global-convergence-of-block-coordinate-descent-in-deep",
    family: "forward-forward",
    title: "Global Convergence of Block Coordinate Descent in Deep Learning",
    export: "petri/forward-forward#blockCoordinateDescent",
    notebook: "predictive-coding.html",
    test: "test/ops/ff-block-coordinates.test.ts",
    verdict:
      "the objective never rises: held; squared moves fall as 1/k or faster: held (as k^-4.9 in the second half of 20 passes); within a point of backpropagation's test accuracy (94.7%) in as many passes: did not hold (80.0%) (8x8 digits, 3 seeds)"
  },
  {
    id: "gradients-without-backpropagation",
    family: "forward-forward",
    title: "Gradients without Backpropagation",
    export: "petri/forward-forward#forwardGradient",
    notebook: "forward-gradient.html",
    test: "test/ops/ff-forward-gradient.test.ts",
    verdict:
      "the mean of draws is the gradient: held (256 draws are 2.1 lengths off, by chance 2.2; of activities 0.27, falling as draws^-0.50); their variance grows with the parameters: held (as parameters^1.03); 90% accuracy sooner than backpropagation, a step being as many products of matrices: did not hold (35.4% after 500 steps, 96.6%) (8x8 digits, 3 seeds)"
  },
  {
    id: "hardware-beyond-backpropagation",
    family: "forward-forward",
    title: "Hardware Beyond Backpropagation: a Photonic Co-Processor for Direct Feedback Alignment",
    export: "petri/forward-forward#ternaryError",
    notebook: "other-networks.html",
    test: "test/ops/ff-feedback.test.ts",
    verdict:
      "a ternary error within two points of backpropagation (95.3%): held on a graph network (98.4%); better than the last layer alone (94.3%): held, with 3 of 3 seeds (graph of 240 digits, 30 with a label, 3 seeds)"
  },
  {
    id: "hebbian-deep-learning-without-feedback",
    family: "forward-forward",
    title: "Hebbian Deep Learning Without Feedback",
    export: "petri/forward-forward#softHebbConv2d",
    notebook: "local-rules.html",
    test: "test/ops/ff-hebbian.test.ts",
    verdict:
      "better than the same layers untrained: did not hold (86.9% against 87.9%, with 0 of 3 seeds), on MNIST did not hold (66.0% against 64.5%, with 2 of 3 seeds); better than one layer: did not hold (86.9% against 92.3%, with 0 of 3 seeds), on MNIST did not hold (66.0% against 85.3%, with 0 of 3 seeds) (8x8 digits and MNIST, 3 seeds)"
  },
  {
    id: "hebbian-learning-based-orthogonal-projection-for-continual-learning",
    family: "forward-forward",
    title: "Hebbian Learning based Orthogonal Projection for Continual Learning of Spiking Neural Networks",
    export: "petri/forward-forward#hebbianProjection",
    notebook: "other-networks.html",
    test: "test/ops/ff-projection.test.ts",
    verdict:
      "forgets less than a fifth of what learning in sequence does: by backpropagation held (7.1 points for 42.8), random feedback held (2.4 points for 60.1), signs held (4.9 points for 37.3) (3 tasks of permuted 8x8 digits, 3 seeds)"
  },
  {
    id: "layer-collaboration-in-the-forward-forward-algorithm",
    family: "forward-forward",
    title: "Layer Collaboration in the Forward-Forward Algorithm",
    export: "petri/forward-forward#layerCollaboration",
    notebook: "forward-forward.html",
    test: "test/ops/ff-rules.test.ts",
    verdict:
      "fewer test errors than Forward-Forward at equal steps: with small numbers for goodness, the mean of squares, held (4.75% and 5.21%); with their sum and units kept awake, where both make fewer, by goodness did not hold (2.53% and 2.20%), by a classifier did not hold (2.79% and 2.15%; MNIST at 3 x 500, 5 epochs, 3 seeds)"
  },
  {
    id: "lls",
    family: "forward-forward",
    title: "LLS: Local Learning Rule for Deep Neural Networks Inspired by Neural Activity Synchronization",
    export: "petri/forward-forward#lls",
    notebook: "local-rules.html",
    test: "test/ops/ff-rules.test.ts",
    verdict:
      "within a point of learned local classifiers: held (97.3% against 97.4%), on MNIST held (94.2% against 91.1%); within a point of backpropagation: held (97.6% against 96.6%), on MNIST held (94.0% against 94.4%) (8x8 digits and MNIST, 3 seeds)"
  },
  {
    id: "momentum-auxiliary-network-for-supervised-local-learning",
    family: "forward-forward",
    title: "Momentum Auxiliary Network for Supervised Local Learning",
    export: "petri/forward-forward#momentumAuxiliary",
    notebook: "local-rules.html",
    test: "test/ops/ff-rules.test.ts",
    verdict:
      "better than local classifiers that do not see the next block: did not hold (97.2% against 97.4%, with 1 of 3 seeds), on MNIST did not hold (90.7% against 91.1%, with 1 of 3 seeds); better than backpropagation: did not hold (97.2% against 96.6%, with 2 of 3 seeds), on MNIST did not hold (90.7% against 94.4%, with 0 of 3 seeds) (8x8 digits and MNIST, 3 seeds)"
  },
  {
    id: "mono-forward",
    family: "forward-forward",
    title:
      "Mono-Forward: Backpropagation-Free Algorithm for Efficient Neural Network Training Harnessing Local Errors",
    export: "petri/forward-forward#monoForward",
    notebook: "forward-forward.html",
    test: "test/ops/local-network.test.ts",
    verdict:
      "within 0.3 points of backpropagation's test error at equal steps: held (1.69% and 1.50%; MNIST at 3 x 500, 3 seeds)"
  },
  {
    id: "noprop",
    family: "forward-forward",
    title: "NoProp: Training Neural Networks without Back-propagation or Forward-propagation",
    export: "petri/forward-forward#noProp",
    notebook: "noprop.html",
    test: "test/ops/ff-diffusion.test.ts",
    verdict:
      "within a point of backpropagation's test accuracy (97.5%) at equal steps: discrete time held (97.1%), continuous time (93.8%) and flow matching (92.3%) did not hold; better than Forward-Forward and direct feedback alignment: held; memory flat in blocks: held (8x8 digits, 3 seeds)"
  },
  {
    id: "parallel-learning-by-multitasking-neural-networks",
    family: "forward-forward",
    title: "Parallel Learning by Multitasking Neural Networks",
    export: "petri/forward-forward#randomPatterns",
    notebook: "hopfield.html",
    test: "test/ops/ff-hopfield.test.ts",
    verdict:
      "several patterns at once, in a hierarchy and then alike: held; the hierarchy ends at the predicted dilution: held; with a teacher at the same as without: held (4,000 spins, 3 seeds)"
  },
  {
    id: "scalable-forward-forward-algorithm",
    family: "forward-forward",
    title: "Scalable Forward-Forward Algorithm",
    export: "petri/forward-forward#scalableForwardForward",
    notebook: "local-rules.html",
    test: "test/ops/ff-rules.test.ts",
    verdict:
      "within 2 points of backpropagation: held (96.4% against 96.6%), on MNIST held (92.8% against 94.4%) (8x8 digits and MNIST, 3 seeds)"
  },
  {
    id: "the-forward-forward-algorithm",
    family: "forward-forward",
    title: "The Forward-Forward Algorithm: Some Preliminary Investigations",
    export: "petri/forward-forward#forwardForward",
    notebook: "forward-forward.html",
    test: "test/ops/ff-goodness.test.ts",
    verdict:
      "within a point of backpropagation's test accuracy (97.4%) at equal steps: with labels did not hold (96.1%), without did not hold (96.1%); without labels better than untrained layers: held (8x8 digits, 3 seeds); at most 2% test error on MNIST at 3 x 500: by goodness held (1.52%), by the classifier held (1.84%; 20 epochs, 3 seeds)"
  },
  {
    id: "superposed-episodic-and-semantic-memory-via-sparse-distributed",
    family: "forward-forward",
    title: "Superposed Episodic and Semantic Memory via Sparse Distributed Representation",
    export: "petri/forward-forward#SdrMemory",
    notebook: "hopfield.html",
    test: "test/ops/ff-sdr-memory.test.ts",
    verdict:
      "alike inputs get alike codes: held; what was shown once gets its code again: did not hold (59.3% of it with 100 stored); nearest code as good as nearest digit (95.0%): did not hold (29.9%; 8x8 digits, 3 seeds)"
  },
  {
    id: "random-feature-representation-boosting",
    family: "forward-forward",
    title: "Random Feature Representation Boosting",
    export: "petri/forward-forward#randomFeatureBoosting",
    notebook: "local-rules.html",
    test: "test/ops/ff-boosting.test.ts",
    verdict:
      "better than random features alone: held (97.0% against 96.1%, with 3 of 3 seeds), on MNIST held (87.3% against 84.4%, with 3 of 3 seeds); better than backpropagation: held (97.0% against 96.6%, with 3 of 3 seeds), on MNIST did not hold (87.3% against 94.4%, with 0 of 3 seeds) (8x8 digits and MNIST, 3 seeds)"
  }
];
