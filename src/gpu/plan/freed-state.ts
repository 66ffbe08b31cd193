/** A tensor of a training's state was freed by somebody else while the training goes on. */
export class FreedStateError extends Error {
  override name = "FreedStateError";
}
