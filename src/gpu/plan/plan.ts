import type * as tf from "../tfjs.ts";
import {copiedTensor, copyNow, flush, type WebGpuBackend} from "../tfjs-webgpu.ts";
import {bindingConflict} from "./conflict.ts";
import {memoriesOf, type Place, placeScratch, placeTogether, Store} from "./layout.ts";
import {flatBytes, type Merged, mergedSize, mergedWorkgroups, mergeFlat, type Step} from "./merge.ts";
import type {Copy, Dispatch, Memory, Recording} from "./recording.ts";
import type {StateStore} from "./state-store.ts";
import {Uniforms} from "./uniforms.ts";

/** A dispatch ready to be given again; for each of the two halves of the state its own bind group. */
interface Ready {
  label: string;
  pipeline: GPUComputePipeline;
  groups: readonly [GPUBindGroup, GPUBindGroup];
  workgroups: readonly [number, number, number];
}

interface ReadyCopy {
  from: readonly [Place, Place];
  to: readonly [Place, Place];
  bytes: number;
}

/** A tensor's shape and type, without the tensor. */
export type Spec = Pick<tf.Tensor, "shape" | "dtype">;

/**
 * A recorded step that can be done again: nothing is allocated and nothing decided, the commands are given as they were, in
 * one submit. The state lies in a StateStore and changes sides with every step; inputs are written to fixed memory.
 */
export class Plan {
  private readonly backend: WebGpuBackend;
  private readonly store: Store;
  private readonly state: StateStore;
  private readonly uniforms: Uniforms;
  private readonly commands: (Ready | ReadyCopy)[];
  private readonly inputs: readonly (GPUBuffer | undefined)[];
  /** For either side, as it is read. */
  private readonly outputs: readonly (readonly [Place, Place] | undefined)[];
  private lastSide: 0 | 1 = 0;

  constructor(backend: WebGpuBackend, recording: Recording, state: StateStore) {
    this.backend = backend;
    this.state = state;
    this.store = new Store(backend);
    try {
      const merged = stepsOf(recording, state);
      state.layOut(recording, merged.groups);
      const layout = this.layOut(recording, merged);
      this.uniforms = layout.uniforms;
      this.inputs = layout.inputs;
      const placeOf = layout.placeOf;
      this.commands = [
        ...merged.steps.map((step) => this.ready(step, placeOf)),
        ...this.endCopies(recording, placeOf)
      ];
      this.outputs = recording.outputs.map((memory) => memory && [placeOf(memory, 0), placeOf(memory, 1)]);
    } catch (error) {
      this.store.dispose();
      throw error;
    }
  }

  /** Dispatches a step. */
  get dispatches(): number {
    return this.commands.filter((command) => "pipeline" in command).length;
  }

  /** Bytes of GPU memory besides the state's. */
  get bytes(): number {
    return this.store.bytes;
  }

  /** Names of the kernels, in order. */
  get kernels(): string[] {
    return this.commands.map((command) => ("pipeline" in command ? command.label : "copy"));
  }

  get isAlive(): boolean {
    return this.store.isAlive && this.state.isAlive;
  }

  /** Does the step that is `ahead` steps after the recorded one. `values` are the inputs', in order. */
  replay(ahead: number, values: readonly (Float32Array | Int32Array)[]): void {
    const {backend} = this;
    const {device, queue} = backend;
    flush(backend);
    for (const [i, buffer] of this.inputs.entries()) {
      const value = values[i];
      if (buffer && value) queue.writeBuffer(buffer, 0, value as Float32Array<ArrayBuffer>);
    }
    this.uniforms.advance(ahead, queue);
    const encoder = device.createCommandEncoder();
    this.encode(encoder);
    this.lastSide = this.state.side;
    queue.submit([encoder.finish()]);
    this.state.turn();
  }

  /** A copy of an output of the last step. */
  output(index: number, spec: Spec): tf.Tensor {
    return copiedTensor(this.backend, this.outputPlace(index) as Place, spec);
  }

  /** Where an output of the last step lies; undefined for an empty one. */
  outputPlace(index: number): Place | undefined {
    return this.outputs[index]?.[this.lastSide];
  }

  dispose(): void {
    this.store.dispose();
  }

  /** Gives the commands; with `passFor`, each dispatch in a pass of its own. */
  encode(encoder: GPUCommandEncoder, passFor?: (dispatch: number) => GPUComputePassDescriptor): void {
    const {side} = this.state;
    let pass: GPUComputePassEncoder | undefined;
    let pipeline: GPUComputePipeline | undefined;
    let dispatches = 0;
    for (const command of this.commands) {
      if (!("pipeline" in command)) {
        pass?.end();
        pass = undefined;
        const [from, to] = [command.from[side], command.to[side]];
        encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, command.bytes);
        continue;
      }
      if (passFor) pass?.end();
      if (!pass || passFor) {
        pass = encoder.beginComputePass(passFor?.(dispatches));
        pipeline = undefined;
      }
      if (command.pipeline !== pipeline) pass.setPipeline(command.pipeline);
      pipeline = command.pipeline;
      pass.setBindGroup(0, command.groups[side]);
      pass.dispatchWorkgroups(...command.workgroups);
      ++dispatches;
    }
    pass?.end();
  }

  /** Finds a place for all memory of the recording. */
  private layOut(recording: Recording, {steps, groups}: {steps: Step[]; groups: (readonly Memory[])[]}) {
    const {store, backend} = this;
    const places = new Map<Memory, Place>();
    const inputs = recording.inputs.map((memory) => {
      if (!memory) return undefined;
      const buffer = store.make(memory.bytes);
      places.set(memory, {buffer, offset: 0});
      return buffer;
    });
    const isState = new Set(
      [...recording.state, ...recording.nextState].filter((memory) => memory !== undefined)
    );
    for (const members of groups) {
      if (members.some((member) => isState.has(member))) continue;
      for (const [memory, place] of placeTogether(members, store)) places.set(memory, place);
    }
    const uniforms = uniformsOf(steps);
    const known = (memory: Memory) =>
      places.has(memory) || uniforms.has(memory) || this.state.sideOf(memory, recording) !== undefined;
    const isConstant = (memory: Memory) => !memory.isMade || memory.content !== undefined;
    const lasting = new Set(
      [...recording.nextState, ...recording.outputs].filter((memory) => memory !== undefined)
    );
    const all = new Set([...steps.flatMap(memoriesOf), ...lasting]);
    for (const memory of all) {
      if (!known(memory) && isConstant(memory))
        places.set(memory, {buffer: store.make(memory.bytes), offset: 0});
    }
    for (const [memory, place] of places) this.fill(memory, place, inputs);
    const isScratch = (memory: Memory) => !known(memory);
    for (const [memory, place] of placeScratch(steps, isScratch, lasting, store)) places.set(memory, place);
    const written = new Uniforms(
      [...uniforms.keys()],
      (memory) => uniforms.get(memory),
      store,
      backend.queue
    );
    const placeOf = (memory: Memory, side: 0 | 1): Place => {
      const place =
        this.state.place(memory, recording, side) ?? places.get(memory) ?? written.places.get(memory);
      if (!place) throw new Error(`A plan has no place for memory ${memory.index} (${memory.bytes} bytes).`);
      return place;
    };
    return {placeOf, uniforms: written, inputs};
  }

  /** What was there before the step, or was written by the CPU, keeps its contents. */
  private fill(memory: Memory, to: Place, inputs: readonly (GPUBuffer | undefined)[]): void {
    if (memory.content) {
      this.backend.queue.writeBuffer(to.buffer, to.offset, memory.content as Uint8Array<ArrayBuffer>);
    } else if (!memory.isMade && !inputs.includes(to.buffer)) {
      copyNow(this.backend, {buffer: memory.buffer, offset: 0}, to, memory.bytes);
    }
  }

  private ready(step: Step, placeOf: (memory: Memory, side: 0 | 1) => Place): Ready | ReadyCopy {
    if (step.kind === "copy") return readyCopy(step, placeOf);
    const {label, pipeline, layout} = step.kind === "merged" ? step.first : step;
    const groupFor = (side: 0 | 1) => {
      const entries = entriesOf(step, (memory) => placeOf(memory, side));
      const conflict = bindingConflict(entries, step.kind === "merged" ? step.first : step);
      if (conflict) throw new Error(`${label} would read and write the same memory.`);
      return this.backend.device.createBindGroup({layout, entries});
    };
    const workgroups = step.kind === "merged" ? mergedWorkgroups(step) : step.workgroups;
    return {label, pipeline, groups: [groupFor(0), groupFor(1)], workgroups};
  }

  /** State that comes out somewhere else than where the next step looks for it. */
  private endCopies(recording: Recording, placeOf: (memory: Memory, side: 0 | 1) => Place): ReadyCopy[] {
    return recording.nextState.flatMap((memory, i) => {
      if (!memory || this.state.isAtHome(i, recording)) return [];
      const from = [placeOf(memory, 0), placeOf(memory, 1)] as const;
      const to = [this.state.next(i, 0), this.state.next(i, 1)] as const;
      return [{from, to, bytes: memory.bytes}];
    });
  }
}

function stepsOf(recording: Recording, state: StateStore): {steps: Step[]; groups: (readonly Memory[])[]} {
  const fixed = new Set<Memory | undefined>(recording.inputs);
  const isFixed = (memory: Memory) => fixed.has(memory) || !state.canMove(memory, recording);
  const merged = mergeFlat(recording.commands, isFixed);
  return state.agrees(recording, merged.groups) ? merged : {steps: [...recording.commands], groups: []};
}

/** The uniforms, with the number of elements for those of merged dispatches. */
function uniformsOf(steps: readonly Step[]): Map<Memory, number | undefined> {
  const found = new Map<Memory, number | undefined>();
  for (const step of steps) {
    if (step.kind === "merged") found.set(step.uniform, mergedSize(step.operands[0]?.members ?? []));
    if (step.kind !== "dispatch") continue;
    const last = step.bindings.at(-1)?.memory;
    if (last && isUniform(last)) found.set(last, undefined);
  }
  return found;
}

const UNIFORM = 0x40;
const isUniform = ({buffer}: Memory) => (buffer.usage & UNIFORM) !== 0;

function entriesOf(step: Dispatch | Merged, placeOf: (memory: Memory) => Place): GPUBindGroupEntry[] {
  if (step.kind === "dispatch") {
    return step.bindings.map(({binding, memory, offset, bytes}) => {
      const place = placeOf(memory);
      return {binding, resource: {buffer: place.buffer, offset: place.offset + offset, size: bytes}};
    });
  }
  const operands = step.operands.map(({binding, members}) => {
    const {buffer, offset} = placeOf(members[0] as Memory);
    return {binding, resource: {buffer, offset, size: flatBytes(members)}};
  });
  const {buffer, offset} = placeOf(step.uniform);
  const {binding} = step.first.bindings.at(-1) as {binding: number};
  return [...operands, {binding, resource: {buffer, offset, size: step.uniform.bytes}}];
}

function readyCopy(
  {from, fromOffset, to, toOffset, bytes}: Copy,
  placeOf: (memory: Memory, side: 0 | 1) => Place
): ReadyCopy {
  const at = (memory: Memory, shift: number) =>
    ([0, 1] as const).map((side) => {
      const {buffer, offset} = placeOf(memory, side);
      return {buffer, offset: offset + shift};
    }) as [Place, Place];
  return {from: at(from, fromOffset), to: at(to, toOffset), bytes};
}
