// DuckDB's worker with threads, whose script is this worker's name, with two changes to its memory:
// - All of it is there from the start (pages that nothing was written to take no room). When a thread made it grow, the
//   worker went on with its view of the smaller one, and results that lay beyond came out empty.
// - The page shares it, so that a statement can be interrupted while the worker is busy (interrupt.ts).
const {Memory} = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor({initial, maximum, shared}) {
    // One page less than 4 GiB: a size of 2 ** 32 does not fit the 32 bits it is counted in.
    super({initial: shared ? maximum - 1 : initial, maximum, shared});
    if (shared) postMessage({memory: this});
  }
};
importScripts(self.name);
