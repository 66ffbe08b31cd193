// Records our kernels into the pass that tfjs has open, so that they keep their order among tfjs's own and add no submit.
import {gpuZeros} from "./empty-tensors.ts";
import {noteDispatch} from "./plan/capture.ts";
import type {Later} from "./plan/recording.ts";
import {inQuads, pipelineFor, type Shader, wgsl} from "./shader.ts";
import type {TensorInfo} from "./tfjs.ts";
import type {WebGpuBackend} from "./tfjs-webgpu.ts";
import type {TensorSpec} from "./types.ts";
import {uniformBytes, writeUniforms} from "./uniforms.ts";

/** One dispatch in WGSL. Bindings are declared by `dispatch`: inputs, outputs (out0, out1, ...) and `args`, a uniform. */
export interface GpuKernel {
  /** Tells apart the shaders of one kernel: all that `code` varies by. */
  variant: string;
  /** Helper functions and `fn main`, with its attributes. */
  code: Shader["code"];
  /** Bindings that are declared as arrays of vec4f, by name: of float32 tensors whose size is a multiple of four. */
  elements?: Readonly<Record<string, "vec4f">> | undefined;
  /** Fields of `args`, in order. */
  uniforms: Readonly<Record<string, {type: "u32" | "f32"; value: number}>>;
  workgroups: readonly [number, number, number];
  /**
   * Thread i touches element i of every binding and no other, or quad i, and `size`, how many there are, is the first
   * uniform: plans make one dispatch of several. See `flatKernel`.
   */
  flat?: "elements" | "quads";
}

/** Dispatches between submits, as tfjs has it: small enough that the GPU starts early, large enough to save submits. */
const DISPATCHES_A_SUBMIT = 15;

/**
 * Records one dispatch and returns its outputs, whose memory is recycled and not zeroed. An empty tensor cannot be bound:
 * what comes of it is empty too, or a sum of nothing, zeros. `later` gives the uniforms of the same dispatch in later
 * steps, where they change from step to step.
 */
export function dispatch(
  tfjsBackend: object,
  name: string,
  inputs: readonly {name: string; info: TensorInfo}[],
  outputs: readonly TensorSpec[],
  kernel: GpuKernel,
  later?: Later
): TensorInfo[] {
  const backend = tfjsBackend as WebGpuBackend;
  if ([...inputs.map(({info}) => info), ...outputs].some(({shape}) => shape.includes(0))) {
    return outputs.map(({shape, dtype}) => gpuZeros(backend, shape, dtype));
  }
  const results = outputs.map(({shape, dtype}) => backend.makeTensorInfo([...shape], dtype));
  const infos = [...inputs.map(({info}) => info), ...results];
  const shader = shaderOf(name, inputs, outputs, kernel);
  const pipeline = pipelineFor(backend.device, shader.key, () => wgsl(shader));
  const buffers = infos.map(({dataId}) => {
    backend.uploadToGPU(dataId);
    backend.commandQueueOwnedIds.add(dataId);
    return backend.tensorMap.get(dataId).resource as GPUBuffer;
  });
  const bindGroup = backend.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [...buffers, uniformBuffer(backend, kernel)].map((buffer, binding) => ({
      binding,
      resource: {buffer}
    }))
  });
  backend.ensureCommandEncoderReady();
  backend.computePassEncoder ??= (backend.commandEncoder as GPUCommandEncoder).beginComputePass();
  backend.computePassEncoder.setPipeline(pipeline);
  backend.computePassEncoder.setBindGroup(0, bindGroup);
  noteDispatch({
    label: name,
    writes: outputs.map((_, i) => inputs.length + i),
    uniform: infos.length,
    later,
    isFlat: kernel.flat !== undefined,
    shader
  });
  backend.computePassEncoder.dispatchWorkgroups(...kernel.workgroups);
  if (++backend.dispatchCountInPass >= DISPATCHES_A_SUBMIT) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  return results;
}

function shaderOf(
  name: string,
  inputs: readonly {name: string; info: TensorInfo}[],
  outputs: readonly TensorSpec[],
  {variant, uniforms, code, elements = {}, flat}: GpuKernel
): Shader {
  const element = (binding: string, dtype: string) =>
    elements[binding] ?? (dtype === "float32" ? "f32" : "i32");
  const binding = (of: string, dtype: string, isWritten: boolean) => ({
    name: of,
    element: element(of, dtype),
    isWritten
  });
  const shader = {
    key: `${name}/${variant}/${inputs.map((each) => each.name)}`,
    bindings: [
      ...inputs.map((input) => binding(input.name, input.info.dtype, false)),
      ...outputs.map(({dtype}, i) => binding(`out${i}`, dtype, true))
    ],
    fields: Object.entries(uniforms).map(([field, {type}]) => ({name: field, type})),
    code
  };
  return flat === "quads" ? inQuads(shader) : shader;
}

/** Freed by tfjs after the submit that uses it. */
function uniformBuffer(backend: WebGpuBackend, {uniforms}: GpuKernel): GPUBuffer {
  const bytes = new DataView(new ArrayBuffer(uniformBytes(uniforms)));
  writeUniforms(uniforms, bytes);
  const buffer = backend.bufferManager.acquireBuffer(
    bytes.byteLength,
    GPUBufferUsage.COPY_DST | GPUBufferUsage.UNIFORM
  );
  backend.queue.writeBuffer(buffer, 0, bytes);
  backend.uniformPendingDisposal.push(buffer);
  return buffer;
}
