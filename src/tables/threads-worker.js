// DuckDB's worker with threads, whose script is this worker's name: it also shares its memory with the page, so that a
// statement can be interrupted while the worker is busy (interrupt.ts).
const {Memory} = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor(options) {
    super(options);
    if (options.shared) postMessage({memory: this});
  }
};
importScripts(self.name);
