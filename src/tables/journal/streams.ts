import type {TableStream} from "./with-snapshot.ts";

/** Streams that arrive one by one, to be read by one reader. */
export class Streams implements AsyncIterableIterator<TableStream> {
  readonly #arrived: TableStream[] = [];
  readonly #tell: {more(): void; stop(): void};
  #end: {error?: Error} | null = null;
  #wake: (() => void) | null = null;

  /** `more` is called when a stream was taken, `stop` when no more are wanted. */
  constructor(tell: {more(): void; stop(): void}) {
    this.#tell = tell;
  }

  push(stream: TableStream): void {
    this.#arrived.push(stream);
    this.#wake?.();
  }

  end(error?: Error): void {
    this.#end = {error};
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<TableStream>> {
    while (this.#arrived.length === 0 && !this.#end) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const stream = this.#arrived.shift();
    if (stream) {
      this.#tell.more();
      return {done: false, value: stream};
    }
    if (this.#end?.error) throw this.#end.error;
    return {done: true, value: undefined};
  }

  async return(): Promise<IteratorResult<TableStream>> {
    if (!this.#end) this.#tell.stop();
    this.#end = {};
    this.#arrived.length = 0;
    return {done: true, value: undefined};
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
