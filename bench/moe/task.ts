// The mixture that all contenders compute, made without any of them.
import {generator, type Numbers} from "../steps/task.ts";

/** Experts of two layers with relu between, of which every token goes to its k best by a softmax over their logits. */
export interface MoeTask {
  tokens: number;
  features: number;
  hidden: number;
  experts: number;
  k: number;
}

export interface MoeNumbers {
  x: Numbers;
  router: Numbers;
  /** [experts, features, hidden] and [experts, hidden, features]. */
  first: Numbers;
  second: Numbers;
}

export function numbersOf({tokens, features, hidden, experts}: MoeTask): MoeNumbers {
  const random = generator(1);
  return {
    x: random.uniform([tokens, features], 1),
    router: random.uniform([features, experts], 1 / Math.sqrt(features)),
    first: random.uniform([experts, features, hidden], 1 / Math.sqrt(features)),
    second: random.uniform([experts, hidden, features], 1 / Math.sqrt(hidden))
  };
}

/** One way to compute the mixture: the loss is the mean of the squared outputs. */
export interface MoeContender {
  /** Only computes the outputs. */
  outputs(): Promise<void>;
  /** Gives the loss. */
  forward(): Promise<number>;
  /** The loss with the gradients of all parameters, which are thrown away; gives the loss. */
  both(): Promise<number>;
  dispose(): void;
}
