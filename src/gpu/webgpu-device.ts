/** A device made with all that its adapter offers, and what people call it. */
export interface OpenDevice {
  device: GPUDevice;
  info: GPUAdapterInfo;
  /** The adapter's name for people. */
  name: string;
}

/** Asked for where the adapter has them: kernels choose by `device.features`. */
const WANTED_FEATURES = ["subgroups", "shader-f16", "timestamp-query"] as readonly GPUFeatureName[];

/** The limits a training step can run into; asked for at the adapter's own values, as the defaults are the web's minimum. */
const WANTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension"
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** Waits for a driver that is starting again. */
const RETRY_MS = [250, 500, 1000, 2000];

/**
 * Opens the fastest adapter. `isBack`: a device was lost a moment ago, and the driver may take seconds to come back.
 * Throws with the reason where there is none.
 */
export async function openDevice(gpu: GPU | undefined, isBack = false): Promise<OpenDevice> {
  if (!gpu) throw new Error("this browser has no WebGPU");
  const request = () => gpu.requestAdapter({powerPreference: "high-performance"});
  let adapter = await request();
  for (const ms of isBack ? RETRY_MS : []) {
    if (adapter) break;
    await new Promise((resolve) => setTimeout(resolve, ms));
    adapter = await request();
  }
  if (!adapter) throw new Error("WebGPU found no adapter (a blocked or missing graphics driver)");
  const device = await adapter.requestDevice({
    requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]))
  });
  return {device, info: adapter.info, name: adapterName(adapter.info)};
}

function adapterName(info: GPUAdapterInfo): string {
  const parts = [info.vendor, info.description || info.device || info.architecture];
  return parts.filter((part) => part !== "").join(" ") || "unknown adapter";
}
