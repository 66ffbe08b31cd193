// Which of an optimizer's updates stands in the place of this one in a later step of the training.

/** Updates made one after the other, from a state that somebody gave. */
interface Sequence {
  /** How many the longest way from that state has. */
  length: number;
}

/** Where states came from that an update gave; those that a step of a training begins with are in none. */
const places = new WeakMap<object, {sequence: Sequence; updates: number}>();

/** The number of an update, now and in later steps of the training. */
export interface UpdateClock {
  /**
   * Of the update that is made in this one's place so many steps later, from 0. Where a step makes several updates of the
   * same state, as those do whose weights learn while others settle, each step is as many updates further: ask after the
   * step, which is when a plan does.
   */
  at(ahead: number): number;
  /** The state after this update, from its other parts. */
  next<T extends object>(parts: T): {step: number} & T;
}

/** The clock of an optimizer that counts its updates in `step`, for one update of this state. */
export function updateClock(state: {step: number}): UpdateClock {
  const {step} = state;
  const {sequence, updates} = places.get(state) ?? {sequence: {length: 1}, updates: 0};
  sequence.length = Math.max(sequence.length, updates + 1);
  return {
    at: (ahead) => step + ahead * sequence.length,
    next(parts) {
      // The count comes first, as in the state that training begins with: recorded steps know leaves by their order.
      const next = {step: step + 1, ...parts};
      places.set(next, {sequence, updates: updates + 1});
      return next;
    }
  };
}
