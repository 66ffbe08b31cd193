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

/** What one kernel took in a step: means over the steps that were looked at. */
export interface KernelProfile {
  name: string;
  /** Dispatches a step. */
  calls: number;
  /** Bytes of the memory that its dispatches were bound to, a step: what they may have read and written. */
  bytes: number;
  /** On the GPU; null where its adapter does not tell. */
  milliseconds: number | null;
}

/** What the steps of a run do on the GPU; or, without kernels, why nobody knows. */
export interface StepProfile {
  /** Steps that were looked at. */
  steps: number;
  /** The longest first. */
  kernels: readonly KernelProfile[];
  /** Why there are no kernels or no times; absent when there are both. */
  reason?: string;
}
