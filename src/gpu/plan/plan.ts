import {currentProfiler} from "../profile.ts";
import type * as tf from "../tfjs.ts";
import {copiedTensor, flush, type WebGpuBackend} from "../tfjs-webgpu.ts";
import {arrangedSteps, overwritesIn} from "./arrange.ts";
import {towardsState, withoutIdle} from "./idle.ts";
import {type Place, placeOfRun, Store} from "./layout.ts";
import {type Pack, packOf} from "./pack.ts";
import {placeMemory} from "./plan-memory.ts";
import {type Ready, type ReadyCopy, readySteps} from "./ready.ts";
import type {Memory, Recording} from "./recording.ts";
import type {StateStore} from "./state-store.ts";
import {Uniforms} from "./uniforms.ts";

/** A tensor's shape and type, without the tensor. */
export type Spec = Pick<tf.Tensor, "shape" | "dtype">;

const isDispatch = (command: Ready | ReadyCopy): command is Ready => "pipeline" in command;

/** WebGPU copies from one buffer to another only. */
const isWithinBuffer = (command: Ready | ReadyCopy) =>
  !isDispatch(command) && command.from.some(({buffer}, side) => buffer === command.to[side]?.buffer);

/** Values for the inputs of a step, in order. */
export type InputValues = readonly (Float32Array | Int32Array)[];

/**
 * A recorded step that can be done again: nothing is allocated and nothing decided, the commands are given as they were, in
 * one submit. The state lies in a StateStore, where it is written over or changes sides with every step; inputs are written to fixed memory. From the
 * recordings of several runs comes one plan that does the step of all of them: their memory lies stacked, and kernels of ours
 * are dispatched once for all.
 */
export class Plan {
  private readonly backend: WebGpuBackend;
  private readonly store: Store;
  private readonly state: StateStore;
  private readonly uniforms: Uniforms;
  private readonly commands: readonly (Ready | ReadyCopy)[];
  /** Those that the next state comes from, for steps whose outputs nobody asks for. */
  private readonly quiet: readonly (Ready | ReadyCopy)[];
  /** Numbers of the state's tensors that it leaves as they are. */
  private readonly untouched: readonly number[];
  private readonly inputs: readonly (Place | undefined)[];
  /** The inputs of all runs, where there are several, on their way to the GPU. */
  private readonly staged: readonly Uint8Array<ArrayBuffer>[];
  /** For either side, as it is read. */
  private readonly outputs: readonly (readonly [Place, Place] | undefined)[];
  private lastSide: 0 | 1 = 0;

  /** Throws an error that says why when the runs do not do the same. */
  constructor(backend: WebGpuBackend, recordings: readonly Recording[], state: StateStore) {
    this.backend = backend;
    this.state = state;
    this.store = new Store(backend);
    try {
      const pack = packOf(recordings.map(withoutIdle));
      if (typeof pack === "string") throw new Error(pack);
      const {recording, runs} = pack;
      state.begin(recording);
      const merged = arrangedSteps(pack, state, backend.device.limits);
      state.layOut(recording, merged.groups);
      const memory = placeMemory(backend, this.store, pack, state, merged);
      const {uses, make} = readySteps(backend.device, merged.steps, pack, memory.placeOf, (step) =>
        overwritesIn(step, recording, state)
      );
      this.uniforms = new Uniforms(uses, this.store, backend.queue);
      const placeOf = (wanted: Memory, side: 0 | 1): Place => {
        const place = memory.placeOf(wanted, side) ?? this.uniforms.places.get(wanted);
        if (!place)
          throw new Error(`A plan has no place for memory ${wanted.index} (${wanted.bytes} bytes).`);
        return place;
      };
      const made = make(placeOf);
      const isNeeded = merged.steps.map(towardsState(recording));
      const last = this.endCopies(pack, placeOf);
      this.commands = [...made.flat(), ...last];
      this.quiet = [...made.filter((_, i) => isNeeded[i]).flat(), ...last];
      if (this.commands.some(isWithinBuffer)) throw new Error("it copies within one buffer");
      this.untouched = state.untouched(recording);
      this.inputs = memory.inputs;
      this.staged = runs === 1 ? [] : memory.inputs.map((place) => new Uint8Array(place?.buffer.size ?? 0));
      this.outputs = recording.outputs.map((each) => each && [placeOf(each, 0), placeOf(each, 1)]);
    } catch (error) {
      this.store.dispose();
      throw error;
    }
  }

  /** Dispatches a step. */
  get dispatches(): number {
    return this.commands.filter(isDispatch).length;
  }

  /** Bytes of GPU memory besides the state's. */
  get bytes(): number {
    return this.store.bytes;
  }

  /** Names of the kernels, in order. */
  get kernels(): string[] {
    return this.commands.map((command) => (isDispatch(command) ? command.label : "copy"));
  }

  get isAlive(): boolean {
    return this.store.isAlive && this.state.isAlive;
  }

  /**
   * Does the step that is `ahead` steps after the recorded one. `values` are the inputs' of every run. Without
   * `wantsOutputs` only what the next state comes from is computed: there are no outputs then.
   */
  replay(ahead: number, values: readonly InputValues[], wantsOutputs = true): void {
    const {backend} = this;
    const {device, queue} = backend;
    flush(backend);
    for (const [i, place] of this.inputs.entries()) if (place) this.writeInput(i, place, values);
    this.uniforms.advance(ahead, queue);
    const commands = wantsOutputs ? this.commands : this.quiet;
    const probe = currentProfiler()?.probe(device, commands, commands.filter(isDispatch));
    const encoder = device.createCommandEncoder();
    this.encode(commands, encoder, probe?.passFor);
    this.lastSide = this.state.side;
    probe?.end(encoder);
    this.state.turn(this.untouched, encoder);
    queue.submit([encoder.finish()]);
    probe?.submitted();
  }

  /** A copy of an output of the last step of a run. */
  output(index: number, spec: Spec, run: number): tf.Tensor {
    const place = this.outputs[index]?.[this.lastSide];
    return copiedTensor(this.backend, place && placeOfRun(place, run), spec);
  }

  dispose(): void {
    this.store.dispose();
  }

  /** Gives the commands; with `passFor`, each dispatch in a pass of its own. */
  private encode(
    commands: readonly (Ready | ReadyCopy)[],
    encoder: GPUCommandEncoder,
    passFor?: (dispatch: number) => GPUComputePassDescriptor
  ): void {
    const {side} = this.state;
    let pass: GPUComputePassEncoder | undefined;
    let pipeline: GPUComputePipeline | undefined;
    let dispatches = 0;
    for (const command of commands) {
      if (!isDispatch(command)) {
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

  private writeInput(index: number, {buffer, stride}: Place, values: readonly InputValues[]): void {
    const staged = this.staged[index];
    for (const [run, {[index]: value}] of values.entries()) {
      const {buffer: data, byteOffset, byteLength} = value as Int32Array<ArrayBuffer>;
      const bytes = new Uint8Array(data, byteOffset, byteLength);
      if (staged) staged.set(bytes, run * stride);
      else this.backend.queue.writeBuffer(buffer, 0, bytes);
    }
    if (staged) this.backend.queue.writeBuffer(buffer, 0, staged);
  }

  /** State that comes out somewhere else than where the next step looks for it. */
  private endCopies({recording, runs}: Pack, placeOf: (memory: Memory, side: 0 | 1) => Place): ReadyCopy[] {
    return recording.nextState.flatMap((memory, i) => {
      if (!memory || this.state.isAtHome(i, recording)) return [];
      return Array.from({length: runs}, (_, run) => ({
        from: [placeOfRun(placeOf(memory, 0), run), placeOfRun(placeOf(memory, 1), run)] as const,
        to: [placeOfRun(this.state.next(i, 0), run), placeOfRun(this.state.next(i, 1), run)] as const,
        bytes: memory.bytes
      }));
    });
  }
}
