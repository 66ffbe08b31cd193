import {writeUniforms} from "../uniforms.ts";
import type {Place, Store} from "./layout.ts";
import {aligned} from "./merge.ts";
import type {Memory} from "./recording.ts";

const USAGE = 0x40 | 0x08;

/** The uniforms of a plan in one buffer: those that change from step to step first, so that one write serves all. */
export class Uniforms {
  readonly places = new Map<Memory, Place>();
  private readonly changing: {memory: Memory; offset: number; size: number | undefined}[] = [];
  private readonly bytes: DataView<ArrayBuffer>;
  private readonly buffer: GPUBuffer;

  /** `sizeOf` gives the number of elements for a uniform of a merged dispatch, its first word. */
  constructor(
    memories: readonly Memory[],
    sizeOf: (memory: Memory) => number | undefined,
    store: Store,
    queue: GPUQueue
  ) {
    const ordered = [...memories].sort((a, b) => Number(Boolean(b.later)) - Number(Boolean(a.later)));
    const total = ordered.reduce((sum, {bytes}) => sum + aligned(bytes), 0);
    this.buffer = store.make(total, USAGE);
    const all = new DataView(new ArrayBuffer(Math.max(total, 4)));
    let offset = 0;
    let changing = 0;
    for (const memory of ordered) {
      const size = sizeOf(memory);
      if (memory.content) new Uint8Array(all.buffer).set(memory.content, offset);
      if (size !== undefined) all.setUint32(offset, size, true);
      this.places.set(memory, {buffer: this.buffer, offset});
      if (memory.later) {
        this.changing.push({memory, offset, size});
        changing = offset + aligned(memory.bytes);
      }
      offset += aligned(memory.bytes);
    }
    queue.writeBuffer(this.buffer, 0, all.buffer);
    this.bytes = new DataView(all.buffer, 0, changing);
  }

  /** Writes the numbers of the step that is so many after the recorded one. */
  advance(ahead: number, queue: GPUQueue): void {
    if (this.changing.length === 0) return;
    for (const {memory, offset, size} of this.changing) {
      const {later} = memory;
      if (later) writeUniforms(later(ahead), this.bytes, offset);
      if (size !== undefined) this.bytes.setUint32(offset, size, true);
    }
    queue.writeBuffer(this.buffer, 0, this.bytes);
  }
}
