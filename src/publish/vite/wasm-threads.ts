import type {Plugin} from "vite";

const THREADED = /tfjs-backend-wasm-threaded-simd\.js$/;
const HEAD = "function(WasmBackendModuleThreadedSimd) {";

/**
 * tfjs starts its wasm threads from the source text of one function (`factory.toString()`), which reads a variable from
 * outside and guards that with `typeof`. A minifier renames the variable and drops the guard, and every thread dies on a
 * ReferenceError. Declared inside, it travels along.
 */
export function wasmThreads(): Plugin {
  return {
    name: "petri:wasm-threads",
    transform(code, id) {
      if (!THREADED.test(id)) return null;
      if (!code.includes(HEAD)) throw new Error(`${id} has changed: look at how it starts its threads.`);
      return {code: code.replace(HEAD, `${HEAD}\n  var _scriptDir = undefined;`), map: null};
    }
  };
}
