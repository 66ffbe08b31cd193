// Every router that there is, for tests that hold for all of them.
import type {Context} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {Router} from "../../src/ops/moe/routing.ts";

const {tf, key} = ops;
const {cosineRouter, expertChoiceRouter, hashRouter, hashTable, noisyTopKRouter, prototypeRouter} = ops.moe;
const {reluNormRouter, sigmoidRouter, sparseMixerRouter, switchAndMixtureRouter} = ops.moe;
const {switchRouter, taskRouter, thresholdRouter, topKRouter} = ops.moe;

export const FEATURES = 6;
export const EXPERTS = 4;
export const TOKENS = 12;

/** What weights of a token add up to: 1, the probability of what was chosen, or nothing that is known. */
type Sum = "one" | "at most one" | "free";

/** Every router, with what its weights add up to. Initial kernels of 1 / sqrt(features) make probabilities differ. */
export const ROUTERS: Record<string, {router: Router; sum: Sum}> = {
  "top-2 after softmax": {router: topKRouter({k: 2, kernelInit: ops.lecunNormal}), sum: "one"},
  "top-2 before softmax": {
    router: topKRouter({k: 2, weights: "softmax", kernelInit: ops.lecunNormal}),
    sum: "at most one"
  },
  switch: {router: switchRouter({kernelInit: ops.lecunNormal}), sum: "at most one"},
  "noisy top-2": {router: noisyTopKRouter({kernelInit: ops.lecunNormal}), sum: "one"},
  sigmoid: {router: sigmoidRouter({kernelInit: ops.lecunNormal}), sum: "one"},
  "sigmoid of groups": {
    router: sigmoidRouter({kernelInit: ops.lecunNormal, groups: {count: 2, active: 1}}),
    sum: "one"
  },
  cosine: {router: cosineRouter({dimensions: 3}), sum: "one"},
  prototypes: {router: prototypeRouter({kernelInit: ops.lecunNormal}), sum: "free"},
  "switch and mixture": {
    router: switchAndMixtureRouter({groups: 2, kernelInit: ops.lecunNormal}),
    sum: "at most one"
  },
  "sparse mixer": {router: sparseMixerRouter({kernelInit: ops.lecunNormal, range: 1}), sum: "free"},
  threshold: {router: thresholdRouter({kernelInit: ops.lecunNormal}), sum: "at most one"},
  "ReLU and norm": {router: reluNormRouter({kernelInit: ops.lecunNormal}), sum: "free"},
  "task's gate": {router: taskRouter({tasks: 3, kernelInit: ops.lecunNormal}), sum: "one"},
  "task's embedding": {
    router: taskRouter({tasks: 3, by: "embedding", embedding: 4, kernelInit: ops.lecunNormal}),
    sum: "one"
  },
  "experts' choice": {router: expertChoiceRouter({kernelInit: ops.lecunNormal}), sum: "free"},
  hash: {router: hashRouter({table: hashTable(EXPERTS, {kind: "murmur3", vocabulary: 9})}), sum: "one"}
};

/** What layers before a mixture leave: ids and tasks of the tokens. */
export const left: Context = {
  left: (name) =>
    name === "task"
      ? tf.tensor1d(
          Array.from({length: TOKENS}, (_, i) => i % 3),
          "int32"
        )
      : tf.tensor2d(
          Array.from({length: TOKENS}, (_, i) => (i * 5) % 9),
          [1, TOKENS],
          "int32"
        )
};

export const tokens = () => ops.random.normal(key(3), [TOKENS, FEATURES]);
