import {writeUniforms} from "../uniforms.ts";
import {type Place, placeOfRun, type Store} from "./layout.ts";
import {aligned} from "./merge.ts";
import {isShared} from "./pack.ts";
import type {Memory} from "./recording.ts";

const USAGE = 0x40 | 0x08;

/** The numbers of a dispatch. */
export interface UniformUse {
  /** In every run. */
  peers: readonly Memory[];
  /** The number of elements of a merged dispatch, its first word. */
  size?: number | undefined;
  /** Of a packed dispatch: words in front of the numbers of all runs, and the bytes they take. */
  head?: {words: readonly number[]; bytes: number} | undefined;
}

/** The uniforms of a plan in one buffer: those that change from step to step first, so that one write serves all. */
export class Uniforms {
  readonly places = new Map<Memory, Place>();
  private readonly changing: {use: UniformUse; place: Place}[] = [];
  private readonly bytes: DataView<ArrayBuffer>;
  private readonly buffer: GPUBuffer;

  constructor(uses: readonly UniformUse[], store: Store, queue: GPUQueue) {
    const changes = ({peers}: UniformUse) => peers[0]?.later !== undefined;
    const ordered = [...uses].sort((a, b) => Number(changes(b)) - Number(changes(a)));
    const total = ordered.reduce((sum, use) => sum + bytesOf(use), 0);
    const buffer = store.make(total, USAGE);
    const all = new DataView(new ArrayBuffer(Math.max(total, 4)));
    let offset = 0;
    let changing = 0;
    for (const use of ordered) {
      const place = {buffer, offset, stride: strideOf(use)};
      for (const [i, word] of (use.head?.words ?? []).entries()) all.setUint32(offset + 4 * i, word, true);
      for (const [run, {content}] of use.peers.entries()) {
        const at = offsetOf(use, place, run);
        if (content) new Uint8Array(all.buffer).set(content, at);
        if (use.size !== undefined) all.setUint32(at, use.size, true);
      }
      this.places.set(use.peers[0] as Memory, place);
      offset += bytesOf(use);
      if (changes(use)) {
        this.changing.push({use, place});
        changing = offset;
      }
    }
    this.buffer = buffer;
    queue.writeBuffer(buffer, 0, all.buffer);
    this.bytes = new DataView(all.buffer, 0, changing);
  }

  /** Writes the numbers of the step that is so many after the recorded one. */
  advance(ahead: number, queue: GPUQueue): void {
    if (this.changing.length === 0) return;
    for (const {use, place} of this.changing) {
      for (const [run, {later}] of use.peers.entries()) {
        const at = offsetOf(use, place, run);
        if (later) writeUniforms(later(ahead), this.bytes, at);
        if (use.size !== undefined) this.bytes.setUint32(at, use.size, true);
      }
    }
    queue.writeBuffer(this.buffer, 0, this.bytes);
  }
}

/** Bytes that a dispatch binds: all runs at once where it is packed. */
export function boundBytes({peers, head}: UniformUse): number {
  const {bytes} = peers[0] as Memory;
  return head ? head.bytes + peers.length * bytes : bytes;
}

function strideOf({peers, head}: UniformUse): number {
  const {bytes} = peers[0] as Memory;
  if (head) return bytes;
  return isShared(peers) ? 0 : aligned(bytes);
}

const offsetOf = ({head}: UniformUse, place: Place, run: number) =>
  placeOfRun(place, run).offset + (head?.bytes ?? 0);

/** Bytes that it takes. */
function bytesOf(use: UniformUse): number {
  if (use.head) return aligned(boundBytes(use));
  return aligned((use.peers.length - 1) * strideOf(use) + boundBytes(use));
}
