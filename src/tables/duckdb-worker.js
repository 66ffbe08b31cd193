// DuckDB's worker, whose script is this worker's name, with three changes:
// - It keeps errors out of the console: they are sent to the page, which says them where they belong, and those of statements
//   that were cancelled nowhere.
// - With threads, all of its memory is there from the start (pages that nothing was written to take no room). When a thread
//   made it grow, the worker went on with its view of the smaller one, and results that lay beyond came out empty.
// - The page shares that memory, so that a statement can be interrupted while the worker is busy (interrupt.ts).
const {log} = console;
console.log = (...said) => {
  if (!(said[0] instanceof Error)) log.apply(console, said);
};
const {Memory} = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor({initial, maximum, shared}) {
    // One page less than 4 GiB: a size of 2 ** 32 does not fit the 32 bits it is counted in.
    super({initial: shared ? maximum - 1 : initial, maximum, shared});
    if (shared) postMessage({memory: this});
  }
};
importScripts(self.name);
