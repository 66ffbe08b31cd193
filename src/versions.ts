import {dependencies, version} from "../package.json";

/** Versions of what results depend on; part of a run's fingerprint and of its row in `runs`. Pins are exact. */
export const versions = {
  petri: version,
  tfjs: dependencies["@tensorflow/tfjs-core"],
  duckdb: dependencies["@duckdb/duckdb-wasm"]
} as const;
