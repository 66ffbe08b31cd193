import type * as tf from "../tfjs.ts";
import {bufferOf, copiedTensor, copyNow, type WebGpuBackend} from "../tfjs-webgpu.ts";
import {type Place, placeOfRun, Store} from "./layout.ts";
import {aligned} from "./merge.ts";
import {overwritten} from "./overwrite.ts";
import type {Spec} from "./plan.ts";
import type {Memory, Recording} from "./recording.ts";
import {sameSpecs} from "./run-steps.ts";

/** A tensor of the state, twice: a step reads one and writes the other; or twice the same place, where steps write it over. */
type Slot = readonly [Place, Place] | undefined;

/**
 * The state that goes from step to step, for all plans of one training, of one run or several of the same shape. Plans see it as two sides: the one that is read
 * and the one that is written change places with every step, so that nothing is copied. What the first plan can write over lies
 * there once; a plan that cannot do so has its own memory for it and copies in the end.
 */
export class StateStore {
  /** The side that the next step reads. */
  side: 0 | 1 = 0;
  private readonly backend: WebGpuBackend;
  private readonly store: Store;
  private readonly specs: readonly Spec[];
  private readonly runs: number;
  private slots: Slot[] | undefined;
  /** Numbers of the tensors that lie there once. */
  private single: ReadonlySet<number> = new Set();
  /** Tensors whose two sides differ. */
  private readonly written: boolean[];

  constructor(backend: WebGpuBackend, specs: readonly Spec[], runs = 1) {
    this.runs = runs;
    this.backend = backend;
    this.store = new Store(backend);
    this.specs = specs.map(({shape, dtype}) => ({shape, dtype}));
    this.written = specs.map(() => false);
  }

  get bytes(): number {
    return this.store.bytes;
  }

  get isAlive(): boolean {
    return this.store.isAlive;
  }

  /** Whether these are tensors as the ones it was made for. */
  fits(tensors: readonly Spec[]): boolean {
    return sameSpecs(this.specs, tensors);
  }

  /**
   * The sides change places, after a step that left the tensors `untouched` where they were. Such a tensor has to be on the
   * other side too: it is not where a step of another kind has written it since.
   */
  turn(untouched: readonly number[], encoder: GPUCommandEncoder): void {
    const {side, written} = this;
    for (const index of untouched) {
      const slot = written[index] && !this.single.has(index) ? this.slots?.[index] : undefined;
      if (!slot) continue;
      const [from, to] = [slot[side], slot[side === 0 ? 1 : 0]];
      const bytes = this.bytesOf(index);
      for (let run = 0; run < this.runs; ++run) {
        const at = run * from.stride;
        encoder.copyBufferToBuffer(from.buffer, from.offset + at, to.buffer, to.offset + at, bytes);
      }
    }
    written.fill(true);
    for (const index of untouched) written[index] = false;
    this.side = side === 0 ? 1 : 0;
  }

  /** The first plan decides which tensors are written over; in several runs at once none are. */
  begin(recording: Recording): void {
    if (!this.slots && this.runs === 1) this.single = overwritten(recording);
  }

  /** Whether a recording's step writes this tensor of the state over. */
  isOverwritten(index: number, recording: Recording): boolean {
    return this.single.has(index) && overwritten(recording).has(index);
  }

  /** Makes the memory, the members of groups one after the other; the first plan decides. */
  layOut(recording: Recording, groups: readonly (readonly Memory[])[]): void {
    if (this.slots) return;
    const {state} = recording;
    const slots: Slot[] = state.map(() => undefined);
    const runs = new Map(this.runsOf(recording, groups).map((indices) => [indices.join(), indices]));
    const together = [...runs.values()];
    const alone = state.flatMap((memory, i) =>
      memory && !together.some((those) => those.includes(i)) ? [[i]] : []
    );
    for (const indices of [...together, ...alone]) {
      const bytes = indices.map((i) => (state[i] as Memory).bytes);
      const total = bytes.reduce((sum, each) => sum + aligned(each), 0);
      const first = this.store.place(total, this.runs);
      const isSingle = indices.every((i) => this.single.has(i));
      const sides = [first, isSingle ? first : this.store.place(total, this.runs)] as const;
      let offset = 0;
      for (const [j, i] of indices.entries()) {
        slots[i] = [
          {...sides[0], offset},
          {...sides[1], offset}
        ];
        offset += aligned(bytes[j] as number);
      }
    }
    this.slots = slots;
  }

  /** The first group that does not lie together here, and cannot any more. */
  misfit(recording: Recording, groups: readonly (readonly Memory[])[]): readonly Memory[] | undefined {
    const runs = groups.map((members) => this.runOf(recording, members));
    return groups.find((members, i) => {
      if (new Set(members.map((member) => this.homeOf(member, recording)?.way)).size > 1) return true;
      const run = runs[i];
      if (!run) return false;
      if (new Set(run.map((index) => this.single.has(index))).size > 1) return true;
      if (this.slots) return !this.liesTogether(run);
      // In and out of the same tensors are two groups over one run of slots; any other overlap cannot be had.
      return runs
        .slice(0, i)
        .some((other) => other?.join() !== run.join() && other?.some((index) => run.includes(index)));
    });
  }

  /** For each tensor the number of the first one that lies in one buffer with it, or will. */
  hosts(recording: Recording, groups: readonly (readonly Memory[])[]): readonly number[] {
    const {slots} = this;
    if (slots) {
      const buffers = slots.map((slot) => slot?.[0].buffer);
      return buffers.map((buffer, i) => (buffer ? buffers.indexOf(buffer) : i));
    }
    const hosts = recording.state.map((_, i) => i);
    for (const run of this.runsOf(recording, groups)) for (const index of run) hosts[index] = run[0] ?? index;
    return hosts;
  }

  /** False for what comes out as state but is not the state's own: an input passed on, a tensor that is there twice. */
  canMove(memory: Memory, recording: Recording): boolean {
    if (!recording.state.includes(memory) && !recording.nextState.includes(memory)) return true;
    return homeOf(memory, recording) !== undefined;
  }

  /**
   * Which tensor of the state a piece of memory is, and whether it goes in or comes out; undefined for none, and for what comes
   * out but has no place there while the old one is wanted.
   */
  homeOf(memory: Memory, recording: Recording): Home | undefined {
    const home = homeOf(memory, recording);
    const isHomeless =
      home?.way === "out" && this.single.has(home.index) && !this.isOverwritten(home.index, recording);
    return isHomeless ? undefined : home;
  }

  /** Where memory of a recording lies when `side` is read; undefined for what is not the state's. */
  place(memory: Memory, recording: Recording, side: 0 | 1): Place | undefined {
    const home = this.homeOf(memory, recording);
    if (!home) return undefined;
    return home.way === "in" ? this.slots?.[home.index]?.[side] : this.next(home.index, side);
  }

  /** Where a tensor of the state is to be after the step that reads `side`. */
  next(index: number, side: 0 | 1): Place {
    const place = this.slots?.[index]?.[side === 0 ? 1 : 0];
    if (!place) throw new Error(`The state has no tensor ${index}.`);
    return place;
  }

  /** The tensors that a step leaves as they are. */
  untouched({state, nextState}: Recording): number[] {
    return state.flatMap((memory, i) => (memory && memory === nextState[i] ? [i] : []));
  }

  /** True where the step itself leaves the tensor in its place, or does not change it. */
  isAtHome(index: number, recording: Recording): boolean {
    const memory = recording.nextState[index] as Memory;
    const home = this.homeOf(memory, recording);
    return home?.index === index && (home.way === "out" || memory === recording.state[index]);
  }

  /** Takes a run's values over, on both sides: what no step changes is then right on either. */
  load(tensors: readonly tf.Tensor[], run: number): void {
    for (const [i, tensor] of tensors.entries()) {
      const buffer = bufferOf(this.backend, tensor);
      const slot = this.slots?.[i];
      if (!buffer || !slot) continue;
      this.backend.commandQueueOwnedIds.add(tensor.dataId);
      for (const place of this.single.has(i) ? [slot[0]] : slot)
        copyNow(this.backend, {buffer, offset: 0}, placeOfRun(place, run), buffer.size);
    }
    // All runs are loaded together.
    this.written.fill(false);
  }

  /** Copies of a run's tensors as they are now. */
  tensors(run: number): tf.Tensor[] {
    return this.specs.map((spec, i) => {
      const place = this.slots?.[i]?.[this.side];
      return copiedTensor(this.backend, place && placeOfRun(place, run), spec);
    });
  }

  dispose(): void {
    this.store.dispose();
  }

  private bytesOf(index: number): number {
    return this.specs[index]?.shape.reduce((product, dim) => product * dim, 4) ?? 0;
  }

  /** The numbers of the state's tensors in every group that is of the state. */
  private runsOf(recording: Recording, groups: readonly (readonly Memory[])[]): (readonly number[])[] {
    return groups.map((members) => this.runOf(recording, members)).filter((run) => run !== undefined);
  }

  /** The numbers of a group's tensors in the state; undefined where it is not of the state. */
  private runOf(recording: Recording, members: readonly Memory[]): readonly number[] | undefined {
    const homes = members.map((member) => this.homeOf(member, recording)?.index);
    return homes.every((index) => index !== undefined) ? homes : undefined;
  }

  private liesTogether(indices: readonly number[]): boolean {
    return indices.every((index, j) => {
      if (j === 0) return true;
      const [before, here] = [this.slots?.[indices[j - 1] as number], this.slots?.[index]];
      const size = this.bytesOf(indices[j - 1] as number);
      return (
        before?.[0].buffer === here?.[0].buffer &&
        (before?.[0].offset ?? 0) + aligned(size) === here?.[0].offset
      );
    });
  }
}

/** A tensor of the state as it goes into a step, or as it comes out of it. */
interface Home {
  index: number;
  way: "in" | "out";
}

/** Which tensor of the state a piece of memory is: one that goes in, or one that comes out and is new. */
function homeOf(memory: Memory, {state, nextState}: Recording): Home | undefined {
  const index = state.indexOf(memory);
  if (index >= 0) return {index, way: "in"};
  const out = nextState.indexOf(memory);
  // What the CPU wrote comes out the same at every step: a constant that is copied.
  return out >= 0 && memory.isMade && !memory.content ? {index: out, way: "out"} : undefined;
}
