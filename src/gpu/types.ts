/** The tfjs backends Petri can train on, best first. */
export type BackendName = "webgpu" | "wasm" | "cpu";

/** What a worker found when it opened a backend. */
export interface BackendInfo {
  /** The backend in use. */
  name: BackendName;
  /** What it runs on, for people: the GPU adapter's name, or how wasm was built (SIMD, threads). */
  adapter: string;
  /** Why each better backend was passed over, best first; empty when the first choice worked. */
  refused: {name: BackendName; reason: string}[];
}

/** Live tensor memory of the backend in use. */
export interface MemoryInfo {
  tensors: number;
  sizeBytes: number;
  /** Whose they are: runs by name, "plans" and "others"; absent where nobody keeps account. */
  byOwner?: Readonly<Record<string, OwnedMemory>>;
  /** What the backend holds to use again, besides the tensors. */
  cacheBytes?: number;
}

/** The tensors of one owner. */
export interface OwnedMemory {
  tensors: number;
  sizeBytes: number;
}

/** Shape and type of a tensor, as kernels see it. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
}
