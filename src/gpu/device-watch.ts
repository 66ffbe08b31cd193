// The one owner of the WebGPU device that is in use: what goes wrong with it is told here, and nowhere else.
import {GpuError, gpuErrorOf} from "./gpu-error.ts";
import type {MemoryInfo} from "./types.ts";

let current: GPUDevice | null = null;
/** The first thing that went wrong: those that follow are its consequences. */
let uncaught: GPUError | null = null;
const lostListeners = new Set<(reason: string) => void>();

/** What reads tensors from a device: tfjs's backend. */
interface Reader {
  read(dataId: object): Promise<unknown>;
  readSync(dataId: object): unknown;
}

/**
 * From now on this is the device in use, and errors and losses of others do not count. A device that is lost gives no
 * numbers any more: tfjs would read zeros from it.
 */
export function watchDevice(device: GPUDevice, reader: Reader): void {
  current = device;
  uncaught = null;
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    if (device === current) uncaught ??= event.error;
  });
  void device.lost.then(({reason, message}) => {
    const gone = (message || reason || "the browser does not say why").replace(/\.$/, "");
    Object.assign(reader, refusingReader(gone));
    if (device !== current) return;
    dismissDevice();
    for (const listener of lostListeners) listener(gone);
  });
}

/** The device is not used any more. */
export function dismissDevice(): void {
  current?.destroy();
  current = null;
  uncaught = null;
}

/** What the GPU has refused since this was last asked, with the memory of now in its message; null when all is well. */
export function takeGpuError(memory: () => MemoryInfo): GpuError | null {
  if (!uncaught) return null;
  const error = gpuErrorOf(uncaught, memory());
  uncaught = null;
  return error;
}

/** Calls back when the device in use is lost (a driver reset, a laptop that sleeps): every tensor on it is gone. Returns the way to stop listening. */
export function onDeviceLost(callback: (reason: string) => void): () => void {
  lostListeners.add(callback);
  return () => lostListeners.delete(callback);
}

function refusingReader(reason: string): Reader {
  const error = () =>
    new GpuError("lost", `The GPU was lost, and with it this tensor (${reason}). Compute it again.`);
  return {
    read: () => Promise.reject(error()),
    readSync() {
      throw error();
    }
  };
}
