// Measures in Node, through Dawn: node node-main.js <order as JSON>; prints one line of JSON.
import {create, globals} from "webgpu";

const ADVICE =
  "WebGPU found no adapter here: install the GPU's Vulkan driver and loader (libvulkan1), or set VK_ICD_FILENAMES to the ICD " +
  "file of a driver, such as vk_swiftshader_icd.json in Chromium's folder for the software adapter.";

/** Dawn for Node (0.6.2) takes every view of a buffer but a DataView, which the standard has too. */
function teachDataViews(): void {
  const {writeBuffer} = GPUQueue.prototype;
  GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...rest) {
    const isView = data instanceof DataView;
    const bytes = isView ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data;
    return writeBuffer.call(this, buffer, offset, bytes as GPUAllowSharedBufferSource, ...rest);
  };
}

async function main(order: string): Promise<void> {
  // Before anything of tfjs is loaded, which looks for them.
  Object.assign(globalThis, globals);
  teachDataViews();
  const gpu = create([]);
  if (!(await gpu.requestAdapter())) {
    console.error(ADVICE);
    process.exitCode = 1;
    return;
  }
  // jax-js asks which browser it is in.
  const navigator = {gpu, userAgent: `Node.js/${process.versions.node}`, platform: process.platform};
  Object.defineProperty(globalThis, "navigator", {value: navigator, configurable: true});
  const [{countWebGpu}, {measureHere}] = await Promise.all([
    import("./counts.ts"),
    import("./measure-here.ts")
  ]);
  countWebGpu();
  console.log(JSON.stringify(await measureHere(JSON.parse(order))));
}

try {
  await main(process.argv[2] as string);
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
} finally {
  // Node does not end as long as somebody holds what create() gave.
  Reflect.deleteProperty(globalThis, "navigator");
}
