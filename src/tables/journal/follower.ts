import type {Backend, Written} from "./backend.ts";
import {Blobs} from "./blobs.ts";
import {JournalError} from "./errors.ts";
import type {Files} from "./files.ts";
import type {Channel} from "./leader.ts";
import type {BetweenTabs, SentError} from "./protocol.ts";
import type {Origin} from "./record.ts";
import {Snapshot, type SnapshotParts} from "./snapshot.ts";
import {StatusBoard} from "./status.ts";
import type {JournalRecord, JournalStatus} from "./types.ts";

interface Pending<T> {
  message: object;
  resolve(value: T): void;
  reject(error: Error): void;
}

interface PendingAppend extends Pending<void> {
  record: JournalRecord;
  origin: Origin;
}

/** How often files may change between being named and being opened. */
const attempts = 5;

function errorOf({name, message}: SentError): Error {
  return Object.assign(new JournalError(message), {name});
}

/**
 * The journal that another tab writes: that one is asked to write, and this one reads the same files. What nobody has
 * answered is asked again when another tab takes the lead.
 */
export class Follower implements Backend {
  readonly #files: Files;
  readonly #blobs: Blobs;
  readonly #channel: Channel;
  readonly #name: string;
  readonly #board = new StatusBoard("follower");
  readonly #listeners = new Set<(written: Written) => void>();
  /** What is not known to be on disk. */
  readonly #appends = new Map<number, PendingAppend>();
  readonly #requests = new Map<number, Pending<SnapshotParts | undefined>>();
  #nextId = 1;
  /** Who leads; null until it has said so. */
  #leader: string | null = null;
  /** The journal of this tab, once it leads itself. */
  #successor: Backend | null = null;

  constructor(files: Files, channel: Channel, name: string) {
    this.#files = files;
    this.#blobs = new Blobs(files.folder("blobs"));
    this.#channel = channel;
    this.#name = name;
    channel.addEventListener("message", this.#hear);
    this.#post({type: "hello"});
  }

  get status(): JournalStatus {
    return this.#board.status;
  }

  subscribe(listener: () => void): () => void {
    return this.#board.subscribe(listener);
  }

  onWritten(listener: (written: Written) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  write(record: JournalRecord, origin: Origin): Promise<void> {
    return new Promise((resolve, reject) => {
      const message = {type: "append", origin, record};
      this.#appends.set(origin.number, {message, record, origin, resolve, reject});
      this.#send(message);
    });
  }

  async snapshot(isLater?: (origin: Origin) => boolean): Promise<Snapshot> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const parts = await this.#ask({type: "parts"});
      if (this.#successor) return this.#successor.snapshot(isLater);
      const snapshot = await Snapshot.open(this.#files, parts as SnapshotParts, {isLater});
      // Null: a compaction came between the answer and the opening of the files it names.
      if (snapshot) return snapshot;
    }
    throw new JournalError("The files of the journal keep changing while they are read. Read again.");
  }

  /** Content lies in files of its own, which any tab may write. */
  async putBlob(bytes: Uint8Array): Promise<string> {
    const sha256 = await this.#blobs.put(bytes);
    void this.measure();
    return sha256;
  }

  getBlob(sha256: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#blobs.get(sha256);
  }

  removeBlob(sha256: string): Promise<void> {
    return this.#blobs.remove(sha256);
  }

  async deleteRuns(runIds: readonly string[], tab: string): Promise<void> {
    await this.#ask({type: "deleteRuns", runIds, tab});
    await this.#successor?.deleteRuns(runIds, tab);
  }

  async compact(): Promise<void> {
    await this.#ask({type: "compact"});
    await this.#successor?.compact();
  }

  async measure(): Promise<void> {
    await this.#ask({type: "measure"});
    await this.#successor?.measure();
  }

  async close(): Promise<void> {
    this.#post({type: "bye"});
    this.#stop();
  }

  /** This tab leads now: what nobody has answered goes to its own journal. */
  handOver(successor: Backend): void {
    this.#stop();
    this.#successor = successor;
    for (const {record, origin, resolve, reject} of this.#appends.values()) {
      successor.write(record, origin).then(resolve, reject);
    }
    for (const {resolve} of this.#requests.values()) resolve(undefined);
  }

  #stop(): void {
    this.#channel.removeEventListener("message", this.#hear);
  }

  readonly #hear = ({data}: {data: unknown}) => {
    const message = data as BetweenTabs;
    if (message.to !== undefined && message.to !== this.#name) return;
    switch (message.type) {
      case "leads":
        this.#board.set({...message.status, role: "follower"});
        this.#follow(message.from, message.to !== undefined);
        break;
      case "status":
        this.#board.set({...message.status, role: "follower"});
        break;
      case "told":
        for (const listener of [...this.#listeners]) listener(message.written);
        break;
      case "kept":
        this.#appends.get(message.number)?.resolve();
        break;
      case "written":
        settle(this.#appends, message.number, undefined, message.error);
        break;
      case "answer":
        settle(this.#requests, message.id, message.value, message.error);
        break;
    }
  };

  /** A leader that knows this tab is asked everything that has no answer, in order, before anything new. */
  #follow(leader: string, knowsThis: boolean): void {
    if (!knowsThis) {
      this.#leader = null;
      this.#post({type: "hello"});
      return;
    }
    if (this.#leader === leader) return;
    this.#leader = leader;
    for (const {message} of [...this.#appends.values(), ...this.#requests.values()]) this.#send(message);
  }

  #ask(request: object): Promise<SnapshotParts | undefined> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const message = {...request, id};
      this.#requests.set(id, {message, resolve, reject});
      this.#send(message);
    });
  }

  #send(message: object): void {
    if (this.#leader !== null) this.#post({to: this.#leader, ...message});
  }

  #post(message: object): void {
    this.#channel.postMessage({from: this.#name, ...message});
  }
}

function settle<T>(
  pending: Map<number, Pick<Pending<T>, "resolve" | "reject">>,
  id: number,
  value: T,
  error?: SentError
): void {
  const waiting = pending.get(id);
  if (!waiting) return;
  pending.delete(id);
  if (error) waiting.reject(errorOf(error));
  else waiting.resolve(value);
}
