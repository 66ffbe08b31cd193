/** What was asked of WebGPU since the page began. */
export interface Counts {
  dispatches: number;
  submits: number;
  /** Buffers and bind groups that were made. */
  made: number;
  /** Bytes of the buffers that were made. */
  bytes: number;
}

const total: Counts = {dispatches: 0, submits: 0, made: 0, bytes: 0};

/** Counts of which each follows from its name. */
export const mapCounts = (count: (name: keyof Counts) => number): Counts => ({
  dispatches: count("dispatches"),
  submits: count("submits"),
  made: count("made"),
  bytes: count("bytes")
});

/** Counts what `work` asks of WebGPU. */
export async function counted(work: () => Promise<void>): Promise<Counts> {
  const before = {...total};
  await work();
  return mapCounts((name) => total[name] - before[name]);
}

/** Calls `note` with the arguments of every call of a method. */
function watch<T extends object>(prototype: T, method: keyof T, note: (...args: never[]) => void): void {
  const original = prototype[method] as (...args: unknown[]) => unknown;
  Object.assign(prototype, {
    [method](this: T, ...args: unknown[]) {
      note(...(args as never[]));
      return original.apply(this, args);
    }
  });
}

/** Counts from now on, whoever calls; once, where there is WebGPU at all. */
export function countWebGpu(): void {
  if (typeof GPUDevice === "undefined") return;
  const dispatched = () => {
    ++total.dispatches;
  };
  watch(GPUComputePassEncoder.prototype, "dispatchWorkgroups", dispatched);
  watch(GPUComputePassEncoder.prototype, "dispatchWorkgroupsIndirect", dispatched);
  watch(GPUQueue.prototype, "submit", () => {
    ++total.submits;
  });
  watch(GPUDevice.prototype, "createBindGroup", () => {
    ++total.made;
  });
  watch(GPUDevice.prototype, "createBuffer", ({size}: GPUBufferDescriptor) => {
    ++total.made;
    total.bytes += size;
  });
}
