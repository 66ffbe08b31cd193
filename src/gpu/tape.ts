import * as tf from "./tfjs.ts";

/** True while tfjs records for a gradient: an operation run now will itself be differentiated. */
export function isRecording(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

/** Frees what tfjs saved for a gradient that will never be taken because the function threw; tfjs leaks it. */
export function releaseTape(): void {
  const {state} = tf.engine();
  if (state.gradientDepth > 0 || !state.activeTape) return;
  for (const node of state.activeTape) for (const tensor of node.saved ?? []) tensor.dispose();
  state.activeTape = [];
}
