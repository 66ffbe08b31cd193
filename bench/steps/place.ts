import type {Measured, Order} from "./measure-here.ts";
import type {Timers} from "./timers.ts";

/** Where things are measured: a browser, or Node. */
export interface Place {
  /** Afresh each time: what one library leaves behind must not slow the next. */
  measure<N extends keyof Timers>(order: Order<N>): Promise<Measured<N>>;
  close(): Promise<void>;
}
