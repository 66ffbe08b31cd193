import type {MemoryInfo} from "./types.ts";

/** What WebGPU can go wrong with: a command it refuses, memory it does not have, a fault of the driver, a device that is gone. */
export type GpuFault = "validation" | "out of memory" | "internal" | "lost";

/** The GPU did not do what it was told; what was computed from then on is worth nothing. */
export class GpuError extends Error {
  override name = "GpuError";
  readonly fault: GpuFault;
  /** The label of the kernel, or another object of WebGPU, where the browser tells it. */
  readonly label: string | null;

  constructor(fault: GpuFault, message: string, label: string | null = null) {
    super(message);
    this.fault = fault;
    this.label = label;
  }
}

/** An error that nobody caught, in our words. `memory` says who had how much when memory ran out. */
export function gpuErrorOf(error: GPUError, memory: MemoryInfo): GpuError {
  const {message} = error;
  const kind = error.constructor.name;
  const label = labelIn(message);
  if (kind === "GPUOutOfMemoryError") {
    return new GpuError(
      "out of memory",
      `The GPU is out of memory: ${describeMemory(memory)}. Make the batch or the model smaller, or end other runs. The browser says: ${firstLine(message)}`,
      label
    );
  }
  const what = label === null ? "a command" : `the kernel ${label}`;
  if (kind === "GPUInternalError") {
    return new GpuError(
      "internal",
      `The GPU's driver could not run ${what}: ${firstLine(message)} Try ?backend=wasm in the page's address.`,
      label
    );
  }
  return new GpuError(
    "validation",
    `The GPU refused ${what}, and nothing computed from it is right: ${firstLine(message)} If the kernel is yours, mend its shader; if not, ?backend=wasm in the page's address does without it.`,
    label
  );
}

/** Bytes by owner, the largest first. */
function describeMemory({sizeBytes, byOwner}: MemoryInfo): string {
  const parts = Object.entries(byOwner ?? {})
    .filter(([, {sizeBytes: bytes}]) => bytes > 0)
    .sort(([, a], [, b]) => b.sizeBytes - a.sizeBytes)
    .map(([name, {sizeBytes: bytes}]) => `${name} ${megabytes(bytes)}`);
  return `tensors take ${megabytes(sizeBytes)}${parts.length > 0 ? ` (${parts.join(", ")})` : ""}`;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** Chromium names the object in quotes: [Invalid ComputePipeline "adam/4"], [ShaderModuleDescriptor ""adam/4""]. */
function labelIn(message: string): string | null {
  return /\[(?:Invalid )?\w+ "+([^"]+)"/.exec(message)?.[1] ?? null;
}

/** The lines after the first show the place and the way to the call. */
function firstLine(message: string): string {
  const [first = ""] = message.trim().split("\n");
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
