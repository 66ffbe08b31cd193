import {afterEach, expect, it, vi} from "vitest";
import {dismissDevice, onDeviceLost, takeGpuError, watchDevice} from "../../src/gpu/device-watch.ts";
import {GpuError} from "../../src/gpu/gpu-error.ts";

class GPUValidationError extends Error {}
class GPUOutOfMemoryError extends Error {}
class GPUInternalError extends Error {}

afterEach(dismissDevice);

const memory = () => ({
  tensors: 3,
  sizeBytes: 31e6,
  byOwner: {
    small: {tensors: 1, sizeBytes: 1e6},
    large: {tensors: 2, sizeBytes: 30e6},
    none: {tensors: 0, sizeBytes: 0}
  }
});

/** A device that says what it is told to say. */
function fakeDevice() {
  let lose: (info: {reason: string; message: string}) => void = () => {};
  const lost = new Promise((resolve) => {
    lose = resolve;
  });
  const device = Object.assign(new EventTarget(), {lost, destroy: vi.fn()});
  const refuse = (error: Error) => device.dispatchEvent(Object.assign(new Event("uncapturederror"), {error}));
  const reader = {read: async () => [1], readSync: () => [1]};
  watchDevice(device as unknown as GPUDevice, reader as never);
  return {device, refuse, lose, reader};
}

it.each([
  ['[Invalid ComputePipeline "adam/4"] is invalid due to a previous error.\n - While encoding', "adam/4"],
  ['Error while parsing WGSL: :1:10 error: no\n - [ShaderModuleDescriptor ""crooked""].', "crooked"],
  ["Binding size (8) is too small", null]
])("names the kernel that was refused: %s", (message, label) => {
  const {refuse} = fakeDevice();
  refuse(new GPUValidationError(message));
  const error = takeGpuError(memory);
  expect(error).toBeInstanceOf(GpuError);
  expect(error).toMatchObject({fault: "validation", label});
  expect(error?.message).toContain(label === null ? "refused a command" : `refused the kernel ${label},`);
  expect(error?.message).toMatch(/\?backend=wasm/);
});

it("tells the first error once: those that follow are its consequences", () => {
  const {refuse} = fakeDevice();
  expect(takeGpuError(memory)).toBeNull();
  refuse(new GPUValidationError("first"));
  refuse(new GPUValidationError("second"));
  expect(takeGpuError(memory)?.message).toContain("first.");
  expect(takeGpuError(memory)).toBeNull();
});

it("says who has how much when memory runs out", () => {
  const {refuse} = fakeDevice();
  refuse(new GPUOutOfMemoryError("Failed to allocate memory"));
  expect(takeGpuError(memory)).toMatchObject({
    fault: "out of memory",
    message: expect.stringContaining("tensors take 31 MB (large 30 MB, small 1.0 MB). Make the batch")
  });
  refuse(new GPUInternalError("Compiler crashed"));
  expect(takeGpuError(memory)).toMatchObject({fault: "internal"});
});

it("tells of the loss of the device in use, whatever its reason, and of no other", async () => {
  const heard: string[] = [];
  const stop = onDeviceLost((reason) => heard.push(reason));
  const older = fakeDevice();
  const {refuse, lose, reader} = fakeDevice();
  older.lose({reason: "unknown", message: "old"});
  older.refuse(new GPUValidationError("old"));
  await older.device.lost;
  expect(heard).toEqual([]);
  expect(takeGpuError(memory)).toBeNull();
  lose({reason: "destroyed", message: ""});
  await expect.poll(() => heard).toEqual(["destroyed"]);
  // tfjs reads zeros from a lost device.
  expect(() => reader.readSync()).toThrow(GpuError);
  await expect(reader.read()).rejects.toMatchObject({fault: "lost"});
  refuse(new GPUValidationError("late"));
  expect(takeGpuError(memory)).toBeNull();
  stop();
});

it("hears nothing of a device that it has let go itself", async () => {
  const heard: string[] = [];
  const stop = onDeviceLost((reason) => heard.push(reason));
  const {device, lose} = fakeDevice();
  dismissDevice();
  expect(device.destroy).toHaveBeenCalledOnce();
  lose({reason: "destroyed", message: ""});
  await device.lost;
  expect(heard).toEqual([]);
  stop();
});
