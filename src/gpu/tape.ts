import * as tf from "./tfjs.ts";

/** What of tfjs's engine (4.22.0) a tape is made of: none of it is public. */
interface Recorder {
  state: {activeTape: TapeNode[]; kernelDepth: number};
  addTapeNode(
    name: string,
    inputs: object,
    outputs: tf.Tensor[],
    gradient: unknown,
    saved: tf.Tensor[]
  ): void;
}

type TapeNode = {saved?: readonly tf.Tensor[]};

const recorder = tf.engine() as unknown as Recorder;
const {addTapeNode} = recorder;

/**
 * tfjs records the copies that an operation saves for its gradient before the operation itself. Those of outputs then
 * come from nowhere, and a second derivative through them (tanh, sigmoid, softmax, exp, max, ...) is zero without a word.
 * Here the operation goes before its copies.
 */
recorder.addTapeNode = (...node) => {
  addTapeNode.apply(recorder, node);
  const [, , , , {length}] = node;
  const {activeTape} = recorder.state;
  if (length > 0) activeTape.splice(-length, 0, activeTape.pop() as TapeNode);
};

/** True while tfjs records for a gradient: an operation run now will itself be differentiated. */
export function isRecording(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

/** What `compute` does is recorded nowhere: for gradients its tensors are constants. */
export function offTape<T>(compute: () => T): T {
  ++recorder.state.kernelDepth;
  try {
    return compute();
  } finally {
    --recorder.state.kernelDepth;
  }
}

/** Frees what tfjs saved for a gradient that will never be taken because the function threw; tfjs leaks it. */
export function releaseTape(): void {
  const {state} = tf.engine();
  if (state.gradientDepth > 0 || !state.activeTape) return;
  for (const node of state.activeTape) for (const tensor of node.saved ?? []) tensor.dispose();
  state.activeTape = [];
}

/**
 * Lets a tensor that one of a gradient's closures makes live until all of them have been called: tfjs frees what a closure
 * does not return. It is freed with the backward pass if nobody takes it.
 */
export function outlive(tensor: tf.Tensor): void {
  const {activeScope, scopeStack} = tf.engine().state;
  const parent = scopeStack.at(-2);
  if (!parent || !activeScope) return;
  activeScope.track = activeScope.track.filter((other) => other !== tensor);
  parent.track.push(tensor);
  tensor.scopeId = parent.id;
}
