import type {System} from "./system.ts";

/** The methods of petri/pruning, in the order of the catalogue. */
export const pruningSystems: readonly System[] = [
  {
    id: "accurate-neural-network-pruning-requires-rethinking-sparse-optimization",
    family: "pruning",
    title: "Accurate Neural Network Pruning Requires Rethinking Sparse Optimization",
    export: "petri/pruning#extendedTraining",
    notebook: "sparse-training.html",
    test: "test/ops/pruning-methods/sparse-recipe.test.ts",
    verdict:
      "by the dense recipe sparse networks are under-trained, loss and entropy on the training data are higher: held; longer training helps sparse networks more than dense ones: held; the best length rises with the sparsity: did not hold; label smoothing harms sparse networks: did not hold (64-96-96-10 on digits, 3 seeds)"
  },
  {
    id: "is-complexity-required-for-neural-network-pruning-a",
    family: "pruning",
    title: "Is Complexity Required for Neural Network Pruning? A Case Study on Global Magnitude Pruning",
    export: "petri/pruning#globalMagnitude",
    notebook: "sparse-training.html",
    test: "test/ops/pruning-methods/gradual-cubic.test.ts",
    verdict: "is no worse than the best of the more complex methods: held (64-96-96-10 on digits, 3 seeds)"
  },
  {
    id: "the-lottery-ticket-hypothesis",
    family: "pruning",
    title: "The Lottery Ticket Hypothesis: Finding Sparse, Trainable Neural Networks",
    export: "petri/pruning#lotteryTicket",
    notebook: "lottery-ticket.html",
    test: "test/ops/pruning-methods/lottery-ticket.test.ts",
    verdict: "held in all its parts: LeNet-300-100 on 10,000 images of MNIST, 3 seeds"
  },
  {
    id: "stabilizing-the-lottery-ticket-hypothesis",
    family: "pruning",
    title: "Stabilizing the Lottery Ticket Hypothesis",
    export: "petri/pruning#ticketStability",
    notebook: "reference/pruning/stability.html",
    test: "test/ops/pruning-methods/stability.test.ts",
    verdict: ""
  },
  {
    id: "perp",
    family: "pruning",
    title: "PERP: Rethinking the Prune-Retrain Paradigm in the Era of LLMs",
    export: "petri/pruning#perp",
    notebook: "reference/pruning/perp.html",
    test: "test/ops/pruning-methods/perp.test.ts",
    verdict: ""
  },
  {
    id: "dare-the-extreme",
    family: "pruning",
    title: "DARE the Extreme: Revisiting Delta-Parameter Pruning For Fine-Tuned Models",
    export: "petri/pruning#darex",
    notebook: "reference/pruning/dare.html",
    test: "test/ops/pruning-methods/dare.test.ts",
    verdict: ""
  },
  {
    id: "fast-as-chita",
    family: "pruning",
    title: "Fast as CHITA: Neural Network Pruning with Combinatorial Optimization",
    export: "petri/pruning#chita",
    notebook: "reference/pruning/chita.html",
    test: "test/ops/pruning-methods/second-order.test.ts",
    verdict: ""
  },
  {
    id: "scalable-iterative-pruning-of-large-language-and-vision",
    family: "pruning",
    title: "Scalable iterative pruning of large language and vision models using block coordinate descent",
    export: "petri/pruning#icbs",
    notebook: "reference/pruning/icbs.html",
    test: "test/ops/pruning-methods/second-order.test.ts",
    verdict: ""
  },
  {
    id: "scalable-training-of-artificial-neural-networks-with-adaptive",
    family: "pruning",
    title:
      "Scalable Training of Artificial Neural Networks with Adaptive Sparse Connectivity inspired by Network Science",
    export: "petri/pruning#sparseEvolution",
    notebook: "sparse-training.html",
    test: "test/ops/pruning-methods/sparse-evolution.test.ts",
    verdict:
      "is better than a random network that does not change: held at 95%, 98%, not at 80%, 90%, 99%; is no worse than the dense network: did not hold (64-96-96-10 on digits, 3 seeds)"
  },
  {
    id: "dynamic-sparse-training-with-structured-sparsity",
    family: "pruning",
    title: "Dynamic Sparse Training with Structured Sparsity",
    export: "petri/pruning#constantFanIn",
    notebook: "sparse-training.html",
    test: "test/ops/pruning-methods/constant-fan-in.test.ts",
    verdict: "is no worse than RigL: held at 80%, 90%, 95%, 99%, not at 98% (64-96-96-10 on digits, 3 seeds)"
  },
  {
    id: "dynamic-sparse-training-via-balancing-the-exploration-exploitation",
    family: "pruning",
    title: "Dynamic Sparse Training via Balancing the Exploration-Exploitation Trade-off",
    export: "petri/pruning#exploreExploit",
    notebook: "sparse-training.html",
    test: "test/ops/pruning-methods/explore-exploit.test.ts",
    verdict: "is better than RigL: held at 99%, not at 80%, 90%, 95%, 98% (64-96-96-10 on digits, 3 seeds)"
  },
  {
    id: "the-unreasonable-effectiveness-of-random-pruning",
    family: "pruning",
    title:
      "The Unreasonable Effectiveness of Random Pruning: Return of the Most Naive Baseline for Sparse Training",
    export: "petri/pruning#randomPruning",
    notebook: "sparse-training.html",
    test: "test/ops/pruning-methods/random-pruning.test.ts",
    verdict:
      "a random network that does not change is no worse than the dense one: did not hold (64-96-96-10 on digits, 3 seeds)"
  },
  {
    id: "why-random-pruning-is-all-we-need-to",
    family: "pruning",
    title: "Why Random Pruning Is All We Need to Start Sparse",
    export: "petri/pruning#randomSource",
    notebook: "sparse-training.html",
    test: "test/ops/pruning-methods/random-pruning.test.ts",
    verdict:
      "gradual pruning within a random half is no worse than within the whole: held (64-96-96-10 on digits, 3 seeds)"
  },
  {
    id: "random-search-as-a-baseline-for-sparse-neural",
    family: "pruning",
    title: "Random Search as a Baseline for Sparse Neural Network Architecture Search",
    export: "petri/pruning#randomSearch",
    notebook: "reference/pruning/random-search.html",
    test: "test/ops/pruning-methods/random-pruning.test.ts",
    verdict: ""
  },
  {
    id: "to-prune-or-not-to-prune",
    family: "pruning",
    title: "To prune, or not to prune: exploring the efficacy of pruning for model compression",
    export: "petri/pruning#gradualCubic",
    notebook: "sparse-training.html",
    test: "test/ops/pruning-methods/gradual-cubic.test.ts",
    verdict:
      "large and sparse is better than small and dense: held at 80%, 90%, 98%, 99%, not at 95% (64-96-96-10 on digits, 3 seeds)"
  },
  {
    id: "progressive-gradient-flow-for-robust-n",
    family: "pruning",
    title: "Progressive Gradient Flow for Robust N:M Sparsity Training in Transformers",
    export: "petri/pruning#progressiveNByM",
    notebook: "reference/pruning/progressive-n-by-m.html",
    test: "test/ops/pruning-methods/progressive-n-by-m.test.ts",
    verdict: ""
  },
  {
    id: "dynamic-sparse-no-training",
    family: "pruning",
    title: "Dynamic Sparse No Training: Training-Free Fine-tuning for Sparse LLMs",
    export: "petri/pruning#dsnot",
    notebook: "pruning-criteria.html",
    test: "test/ops/pruning-methods/dsnot.test.ts",
    verdict: "DSnoT mends masks of Wanda: did not hold (64-64-64-10 on digits, 3 seeds)"
  },
  {
    id: "sparseprop",
    family: "pruning",
    title: "SparseProp: Efficient Sparse Backpropagation for Faster Training of Neural Networks",
    export: "petri/pruning#sparsify",
    notebook: "real-speed.html",
    test: "test/ops/sparsify.test.ts",
    verdict: "sparse backpropagation is faster than dense: held (a layer of 1024 x 1024 on WebAssembly)"
  },
  {
    id: "randomly-initialized-subnetworks-with-iterative-weight-recycling",
    family: "pruning",
    title: "Randomly Initialized Subnetworks with Iterative Weight Recycling",
    export: "petri/pruning#weightRecycling",
    notebook: "reference/pruning/weight-recycling.html",
    test: "test/ops/pruning-methods/weight-recycling.test.ts",
    verdict: ""
  },
  {
    id: "extracting-effective-subnetworks-with-gumbel-softmax",
    family: "pruning",
    title: "Extracting Effective Subnetworks with Gumbel-Softmax",
    export: "petri/pruning#gumbelSubnetwork",
    notebook: "reference/pruning/gumbel-subnetwork.html",
    test: "test/ops/pruning-methods/gumbel-subnetwork.test.ts",
    verdict: ""
  },
  {
    id: "stochastic-subnetwork-annealing",
    family: "pruning",
    title: "Stochastic Subnetwork Annealing: A Regularization Technique for Fine Tuning Pruned Subnetworks",
    export: "petri/pruning#annealedSubnetwork",
    notebook: "reference/pruning/subnetwork-annealing.html",
    test: "test/ops/pruning-methods/subnetwork-annealing.test.ts",
    verdict: ""
  },
  {
    id: "pdp",
    family: "pruning",
    title: "PDP: Parameter-free Differentiable Pruning is All You Need",
    export: "petri/pruning#pdp",
    notebook: "reference/pruning/pdp.html",
    test: "test/ops/pruning-methods/pdp.test.ts",
    verdict: ""
  },
  {
    id: "learning-k-level-structured-sparse-neural-networks-using",
    family: "pruning",
    title: "Learning k-Level Structured Sparse Neural Networks Using Group Envelope Regularization",
    export: "petri/pruning#groupEnvelope",
    notebook: "reference/pruning/group-envelope.html",
    test: "test/ops/pruning-methods/group-envelope.test.ts",
    verdict: ""
  },
  {
    id: "learning-structured-sparsity-in-deep-neural-networks",
    family: "pruning",
    title: "Learning Structured Sparsity in Deep Neural Networks",
    export: "petri/pruning#groupLasso",
    notebook: "reference/pruning/group-lasso.html",
    test: "test/ops/pruning-methods/group-lasso.test.ts",
    verdict: ""
  },
  {
    id: "robust-pruning-at-initialization",
    family: "pruning",
    title: "Robust Pruning at Initialization",
    export: "petri/pruning#rescaleSurvivors",
    notebook: "reference/pruning/edge-of-chaos.html",
    test: "test/ops/pruning-methods/edge-of-chaos.test.ts",
    verdict: ""
  },
  {
    id: "structured-pruning-is-all-you-need-for-pruning",
    family: "pruning",
    title: "Structured Pruning is All You Need for Pruning CNNs at Initialization",
    export: "petri/pruning#preCrop",
    notebook: "reference/pruning/pre-crop.html",
    test: "test/ops/pruning-methods/pre-crop.test.ts",
    verdict: ""
  },
  {
    id: "learning-activation-functions-for-sparse-neural-networks",
    family: "pruning",
    title: "Learning Activation Functions for Sparse Neural Networks",
    export: "petri/pruning#searchActivations",
    notebook: "reference/pruning/learned-activations.html",
    test: "test/ops/pruning-methods/learned-activations.test.ts",
    verdict: ""
  },
  {
    id: "k-sparse-autoencoders",
    family: "pruning",
    title: "k-Sparse Autoencoders",
    export: "petri/pruning#kSparseAutoencoder",
    notebook: "reference/pruning/k-sparse.html",
    test: "test/ops/pruning-methods/k-sparse.test.ts",
    verdict: ""
  },
  {
    id: "sparse-model-soups",
    family: "pruning",
    title: "Sparse Model Soups: A Recipe for Improved Pruning via Model Averaging",
    export: "petri/pruning#sparseSoup",
    notebook: "reference/pruning/soup.html",
    test: "test/ops/pruning-methods/averaging.test.ts",
    verdict: ""
  },
  {
    id: "swamp",
    family: "pruning",
    title: "SWAMP: Sparse Weight Averaging with Multiple Particles for Iterative Magnitude Pruning",
    export: "petri/pruning#swamp",
    notebook: "reference/pruning/swamp.html",
    test: "test/ops/pruning-methods/averaging.test.ts",
    verdict: ""
  },
  {
    id: "lottery-jackpots-exist-in-pre-trained-models",
    family: "pruning",
    title: "Lottery Jackpots Exist in Pre-trained Models",
    export: "petri/pruning#jackpot",
    notebook: "reference/pruning/jackpot.html",
    test: "test/ops/pruning-methods/mask-search.test.ts",
    verdict: ""
  },
  {
    id: "partially-frozen-random-networks-contain-compact-strong-lottery",
    family: "pruning",
    title: "Partially Frozen Random Networks Contain Compact Strong Lottery Tickets",
    export: "petri/pruning#partiallyFrozen",
    notebook: "reference/pruning/partially-frozen.html",
    test: "test/ops/pruning-methods/mask-search.test.ts",
    verdict: ""
  },
  {
    id: "hypersparse-neural-networks",
    family: "pruning",
    title:
      "HyperSparse Neural Networks: Shifting Exploration to Exploitation through Adaptive Regularization",
    export: "petri/pruning#hyperSparse",
    notebook: "reference/pruning/hyper-sparse.html",
    test: "test/ops/pruning-methods/hyper-sparse.test.ts",
    verdict: ""
  },
  {
    id: "the-need-for-speed",
    family: "pruning",
    title: "The Need for Speed: Pruning Transformers with One Recipe",
    export: "petri/pruning#optin",
    notebook: "reference/pruning/optin.html",
    test: "test/ops/pruning-methods/optin.test.ts",
    verdict: ""
  },
  {
    id: "grokking-tickets",
    family: "pruning",
    title: "Grokking Tickets: Lottery Tickets Accelerate Grokking",
    export: "petri/pruning#grokkingTicket",
    notebook: "reference/pruning/grokking-ticket.html",
    test: "test/ops/pruning-methods/grokking-ticket.test.ts",
    verdict: ""
  }
];
