import {describe, expect, test} from "vitest";
import {memoryInfo, openBackend} from "../../src/gpu/backend.ts";
import {openDevice} from "../../src/gpu/webgpu-device.ts";
import {ops} from "../../src/ops/index.ts";

describe("openBackend", () => {
  test("takes wasm where there is no WebGPU, and says why", async () => {
    const info = await openBackend();
    expect(info.name).toBe("wasm");
    expect(info.adapter).toMatch(/^WebAssembly, SIMD, 1 thread$/);
    expect(info.refused).toEqual([{name: "webgpu", reason: expect.stringContaining("no WebGPU")}]);
  });

  test("opens the preferred one first", async () => {
    expect(await openBackend({prefer: "cpu"})).toEqual({name: "cpu", adapter: "JavaScript", refused: []});
  });

  test("counts live tensors and their bytes", async () => {
    await openBackend({prefer: "cpu"});
    const before = memoryInfo();
    const x = ops.tf.zeros([10]);
    expect(memoryInfo()).toEqual({tensors: before.tensors + 1, sizeBytes: before.sizeBytes + 40});
    x.dispose();
    expect(memoryInfo()).toEqual(before);
  });
});

describe("openDevice", () => {
  const adapterWith = (features: string[]) => {
    const asked: GPUDeviceDescriptor[] = [];
    const adapter = {
      features: new Set(features),
      limits: {maxBufferSize: 4096, maxStorageBuffersPerShaderStage: 12},
      info: {vendor: "acme", architecture: "one", device: "", description: ""},
      requestDevice: async (descriptor: GPUDeviceDescriptor) => asked.push(descriptor)
    };
    return {asked, gpu: {requestAdapter: async () => adapter} as unknown as GPU};
  };

  test("asks for the features and limits that the adapter has", async () => {
    const {asked, gpu} = adapterWith(["subgroups", "depth-clip-control"]);
    const {name} = await openDevice(gpu);
    expect(name).toBe("acme one");
    expect(asked[0]?.requiredFeatures).toEqual(["subgroups"]);
    expect(asked[0]?.requiredLimits).toMatchObject({
      maxBufferSize: 4096,
      maxStorageBuffersPerShaderStage: 12
    });
  });

  test("says what is missing when there is no adapter", async () => {
    const gpu = {requestAdapter: async () => null} as unknown as GPU;
    await expect(openDevice(gpu)).rejects.toThrow("no adapter");
  });

  test("gives a driver that was lost time to come back", async () => {
    const {gpu} = adapterWith([]);
    let asked = 0;
    const requestAdapter = async () => (++asked < 3 ? null : gpu.requestAdapter());
    expect(await openDevice({requestAdapter} as unknown as GPU, true)).toMatchObject({name: "acme one"});
    expect(asked).toBe(3);
  });
});
