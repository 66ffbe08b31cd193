// Where everything lies that a plan works on.
import type * as tf from "../tfjs.ts";
import {keptBuffer, TENSOR_USAGE, type WebGpuBackend} from "../tfjs-webgpu.ts";
import {aligned, flatBytes, type Step} from "./merge.ts";
import type {Memory} from "./recording.ts";

/** A stretch of a buffer; the same of the next run lies `stride` bytes further on, zero where the runs share it. */
export interface Place {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly stride: number;
}

/** The place of one of the runs. */
export const placeOfRun = ({buffer, offset, stride}: Place, run: number): Place => ({
  buffer,
  offset: offset + run * stride,
  stride
});

/** Bytes for something of every run. */
export const stackedBytes = (bytes: number, runs: number) => bytes + (runs - 1) * aligned(bytes);

/** Makes memory that belongs to one owner and ends with it. */
export class Store {
  /** Bytes in all. */
  bytes = 0;
  private readonly kept: tf.Tensor[] = [];
  private readonly backend: WebGpuBackend;

  constructor(backend: WebGpuBackend) {
    this.backend = backend;
  }

  /** Throws where the adapter has no buffers of that size. */
  make(bytes: number, usage = TENSOR_USAGE): GPUBuffer {
    const most = this.backend.device.limits.maxBufferSize;
    if (bytes > most)
      throw new Error(
        `it needs ${bytes} bytes in one buffer, and the adapter has buffers of ${most} at most`
      );
    const [buffer, tensor] = keptBuffer(this.backend, Math.max(bytes, 4), usage);
    this.kept.push(tensor);
    this.bytes += buffer.size;
    return buffer;
  }

  /** Memory for so many bytes of every run. */
  place(bytes: number, runs: number): Place {
    return {buffer: this.make(stackedBytes(bytes, runs)), offset: 0, stride: aligned(bytes)};
  }

  /** False when somebody has freed it from outside, as the end of a run does with all that is its own. */
  get isAlive(): boolean {
    return this.kept.every(({isDisposed}) => !isDisposed);
  }

  dispose(): void {
    for (const tensor of this.kept) tensor.dispose();
    this.kept.length = 0;
  }
}

/** Gives the members of a group places one after the other. */
export function placeTogether(members: readonly Memory[], store: Store, runs: number): Map<Memory, Place> {
  return placesIn(store.place(flatBytes(members), runs), members);
}

function placesIn({buffer, stride}: Place, members: readonly Memory[]): Map<Memory, Place> {
  const places = new Map<Memory, Place>();
  let offset = 0;
  for (const member of members) {
    places.set(member, {buffer, offset, stride});
    offset += aligned(member.bytes);
  }
  return places;
}

/** What a step makes and forgets. */
interface Scratch {
  steps: readonly Step[];
  /** What has to lie together. */
  groups: readonly (readonly Memory[])[];
  isScratch: (memory: Memory) => boolean;
  /** Memory that is still wanted after the step. */
  lasting: ReadonlySet<Memory>;
}

/** Places for what a step makes and forgets: two tensors share memory when one is done with before the other begins. */
export function placeScratch(
  {steps, groups, isScratch, lasting}: Scratch,
  store: Store,
  runs: number
): Map<Memory, Place> {
  const unitOf = new Map(groups.flatMap((members) => members.map((member) => [member, members] as const)));
  const lives = new Map<readonly Memory[], {first: number; last: number}>();
  for (const [i, step] of steps.entries()) {
    for (const memory of memoriesOf(step)) {
      if (!isScratch(memory)) continue;
      const unit = unitOf.get(memory) ?? [memory];
      unitOf.set(memory, unit);
      const life = lives.get(unit) ?? {first: i, last: i};
      life.last = Math.max(life.last, lasting.has(memory) ? steps.length : i);
      lives.set(unit, life);
    }
  }
  const places = new Map<Memory, Place>();
  const busy: {until: number; buffer: GPUBuffer}[] = [];
  const free: GPUBuffer[] = [];
  for (const [members, {first, last}] of lives) {
    for (let i = busy.length - 1; i >= 0; --i) {
      if ((busy[i] as {until: number}).until < first)
        free.push(...busy.splice(i, 1).map(({buffer}) => buffer));
    }
    const own = members.length === 1 ? (members[0] as Memory).bytes : flatBytes(members);
    const bytes = stackedBytes(own, runs);
    const buffer = takeFitting(free, bytes) ?? store.make(bytes);
    busy.push({until: last, buffer});
    for (const [memory, place] of placesIn({buffer, offset: 0, stride: aligned(own)}, members))
      places.set(memory, place);
  }
  return places;
}

/** The smallest free buffer that is large enough, and not twice as large as needed. */
function takeFitting(free: GPUBuffer[], bytes: number): GPUBuffer | undefined {
  let best = -1;
  for (const [i, {size}] of free.entries()) {
    const fits = size >= bytes && size <= 2 * bytes;
    if (fits && (best < 0 || size < (free[best] as GPUBuffer).size)) best = i;
  }
  return best < 0 ? undefined : free.splice(best, 1)[0];
}

/** All memory that a step of a plan touches, its uniforms too. */
export function memoriesOf(step: Step): Memory[] {
  if (step.kind === "copy") return [step.from, step.to];
  if (step.kind === "merged") return [...step.operands.flatMap(({members}) => members), step.uniform];
  return step.bindings.map(({memory}) => memory);
}
