import type {Shader} from "../shader.ts";
import * as tf from "../tfjs.ts";
import {bufferOf, flush, lifeOf, type WebGpuBackend} from "../tfjs-webgpu.ts";
import type {Command, Later, Memory, Recording} from "./recording.ts";
import {Shadows} from "./shadows.ts";

/** What our own dispatches know of themselves, for the capture that is listening. */
export interface DispatchNote {
  label: string;
  /** Numbers of the bindings that are written. */
  writes: readonly number[];
  /** The uniform's binding. */
  uniform: number;
  later?: Later | undefined;
  isFlat: boolean;
  shader: Shader;
}

let listening: Capture | undefined;

/** Tells a capture, if there is one, what the next dispatch is. */
export function noteDispatch(note: DispatchNote): void {
  listening?.note(note);
}

/** The tensors of a step. */
export interface StepTensors {
  nextState: readonly tf.Tensor[];
  outputs: readonly tf.Tensor[];
}

/**
 * Runs a step and writes down every command that it gives the GPU, of tfjs's kernels as of ours. The step is really done: its
 * results are those of one that nobody listens to.
 */
export function captureStep<T extends StepTensors>(
  backend: WebGpuBackend,
  state: readonly tf.Tensor[],
  inputs: readonly tf.Tensor[],
  run: () => T
): {result: T; recording: Recording} {
  const buffers = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => bufferOf(backend, tensor));
  const [stateBuffers, inputBuffers] = [buffers(state), buffers(inputs)];
  flush(backend);
  const outer = listening;
  outer?.refuse("it takes steps of another training");
  const capture = new Capture(backend);
  listening = capture;
  try {
    const memories = (those: readonly (GPUBuffer | undefined)[]) =>
      those.map((buffer) => buffer && capture.memoryOf(buffer));
    const before = {state: memories(stateBuffers), inputs: memories(inputBuffers)};
    const result = run();
    const after = {
      nextState: memories(buffers(result.nextState)),
      outputs: memories(buffers(result.outputs))
    };
    const {commands, refused} = capture;
    return {result, recording: {commands, ...before, ...after, ...(refused && {refused})}};
  } finally {
    listening = outer;
    capture.stop();
    flush(backend);
  }
}

class Capture {
  readonly commands: Command[] = [];
  refused: string | undefined;
  private readonly memories = new Map<GPUBuffer, Memory>();
  private readonly groups = new WeakMap<GPUBindGroup, GPUBindGroupDescriptor>();
  private readonly shadows = new Shadows();
  private met = 0;
  private noted: DispatchNote | undefined;
  private isUploading = false;
  /** The operation of tfjs's that is under way: its pipelines are named after classes, which builds make short. */
  private operation = "";

  constructor(backend: WebGpuBackend) {
    const {bufferManager, device, queue} = backend;
    const {shadows} = this;
    shadows.put(tf.engine(), "runKernel", (run) => (name, ...args) => {
      this.operation = name;
      return run(name, ...args);
    });
    shadows.put(bufferManager, "acquireBuffer", (acquire) => (...args) => {
      const buffer = acquire(...args);
      this.memories.set(buffer, this.memory(buffer, true));
      return buffer;
    });
    shadows.put(queue, "writeBuffer", (write) => (buffer, offset, data, ...range) => {
      write(buffer, offset, data, ...range);
      this.wrote(buffer, offset, bytesOf(data, range));
    });
    shadows.put(backend, "uploadToGPU", (upload) => (dataId) => {
      const {resource, values, dtype} = backend.tensorMap.get(dataId);
      const {met} = this;
      this.isUploading = true;
      upload(dataId);
      this.isUploading = false;
      if (!resource && values) {
        // Into recycled memory it goes by way of more, into new memory it does not: only the tensor's own is counted.
        this.met = met;
        const buffer = backend.tensorMap.get(dataId).resource as GPUBuffer;
        const Type = dtype === "float32" ? Float32Array : Int32Array;
        const content = new Uint8Array(Type.from(values).buffer);
        this.memories.set(buffer, {...this.memory(buffer, true), content});
      }
    });
    for (const name of ["read", "readSync"] as const) {
      shadows.put(backend, name, (read) => (dataId) => {
        if (!backend.tensorMap.get(dataId).values) {
          this.refused ??= "it reads values back from the GPU";
        }
        return read(dataId) as never;
      });
    }
    shadows.put(device, "createBindGroup", (create) => (descriptor) => {
      const group = create(descriptor);
      this.groups.set(group, descriptor);
      return group;
    });
    shadows.put(device, "createCommandEncoder", (create) => (...args) => {
      const encoder = create(...args);
      this.watch(encoder);
      return encoder;
    });
  }

  note(note: DispatchNote): void {
    this.noted = note;
  }

  /** The step cannot be replayed; the first reason counts. */
  refuse(reason: string): void {
    this.refused ??= reason;
  }

  /** The memory in a buffer, in its present life. */
  memoryOf(buffer: GPUBuffer): Memory {
    const known = this.memories.get(buffer) ?? this.memory(buffer, false);
    this.memories.set(buffer, known);
    return known;
  }

  stop(): void {
    this.shadows.restore();
  }

  private memory(buffer: GPUBuffer, isMade: boolean): Memory {
    return {index: this.met++, buffer, life: lifeOf(buffer), bytes: buffer.size, isMade};
  }

  private wrote(buffer: GPUBuffer, offset: number, bytes: Uint8Array): void {
    const memory = this.memoryOf(buffer);
    if (!memory.isMade) {
      this.refused ??= "it writes into memory from before it";
      return;
    }
    memory.content ??= new Uint8Array(memory.bytes);
    memory.content.set(bytes, offset);
  }

  private watch(encoder: GPUCommandEncoder): void {
    this.shadows.put(encoder, "copyBufferToBuffer", (copy) => (...args: unknown[]) => {
      (copy as (...all: unknown[]) => void)(...args);
      if (!this.isUploading) this.copied(args);
    });
    this.shadows.put(encoder, "clearBuffer", (clear) => (...args) => {
      clear(...args);
      this.refused ??= "it clears memory";
    });
    this.shadows.put(encoder, "beginComputePass", (begin) => (...args) => {
      const pass = begin(...args);
      this.watchPass(pass);
      return pass;
    });
  }

  private copied(args: unknown[]): void {
    const [from, fromOffset, to, toOffset, bytes] = args as [GPUBuffer, number, GPUBuffer, number, number];
    if (!(to instanceof Object) || typeof bytes !== "number") {
      this.refused ??= "it copies memory in a way that is not known";
      return;
    }
    const ends = {from: this.memoryOf(from), to: this.memoryOf(to)};
    this.commands.push({kind: "copy", ...ends, fromOffset, toOffset, bytes});
  }

  private watchPass(pass: GPUComputePassEncoder): void {
    let pipeline: GPUComputePipeline | undefined;
    let group: GPUBindGroup | undefined;
    this.shadows.put(pass, "setPipeline", (set) => (next) => {
      pipeline = next;
      set(next);
    });
    this.shadows.put(pass, "setBindGroup", (set) => (...args: unknown[]) => {
      group = args[1] as GPUBindGroup;
      (set as (...all: unknown[]) => void)(...args);
    });
    this.shadows.put(pass, "dispatchWorkgroups", (dispatch) => (x, y = 1, z = 1) => {
      dispatch(x, y, z);
      this.dispatched(pipeline, group, [x, y, z]);
    });
  }

  private dispatched(
    pipeline: GPUComputePipeline | undefined,
    group: GPUBindGroup | undefined,
    workgroups: [number, number, number]
  ): void {
    const note = this.noted;
    this.noted = undefined;
    const descriptor = group && this.groups.get(group);
    const resources = [...(descriptor?.entries ?? [])];
    if (!pipeline || !descriptor || !resources.every(({resource}) => "buffer" in (resource as object))) {
      this.refused ??= "it works on something that is no buffer";
      return;
    }
    const bindings = resources.map(({binding, resource}) => {
      const {buffer, offset = 0, size} = resource as GPUBufferBinding;
      return {binding, memory: this.memoryOf(buffer), offset, bytes: size ?? buffer.size - offset};
    });
    const uniform = bindings.find(({binding}) => binding === note?.uniform)?.memory;
    if (uniform && note?.later) uniform.later = note.later;
    this.commands.push({
      kind: "dispatch",
      label: note?.label ?? `tfjs ${this.operation || pipeline.label}`.trim(),
      pipeline,
      layout: descriptor.layout,
      bindings,
      // tfjs binds what it writes first.
      writes: note?.writes ?? [0],
      workgroups,
      isFlat: note?.isFlat ?? false,
      ...(note && {shader: note.shader})
    });
  }
}

function bytesOf(data: unknown, [start = 0, count]: readonly (number | undefined)[]): Uint8Array {
  if (!ArrayBuffer.isView(data)) return new Uint8Array(data as ArrayBuffer, start, count).slice();
  const unit = "BYTES_PER_ELEMENT" in data ? (data.BYTES_PER_ELEMENT as number) : 1;
  const bytes = count === undefined ? data.byteLength - start * unit : count * unit;
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset + start * unit, bytes).slice();
}
