import type {TableName} from "../schema.ts";
import type {Written} from "./backend.ts";
import type {Origin} from "./record.ts";
import type {SnapshotParts} from "./snapshot.ts";
import type {JournalRecord, JournalStatus} from "./types.ts";
import type {TableStream} from "./with-snapshot.ts";

/** What a page asks of its worker by name, and gets one answer to. */
export interface Calls {
  readRun(runId: string): Uint8Array[];
  readMetrics(runIds: readonly string[], keys: readonly string[]): Uint8Array | null;
  putBlob(bytes: Uint8Array): string;
  getBlob(sha256: string): Uint8Array | null;
  removeBlob(sha256: string): void;
  deleteRuns(runIds: readonly string[]): void;
  compact(): void;
  exportArchive(): Blob;
  importArchive(archive: Blob): {runs: number; sizeBytes: number};
  usage(): {runId: string; sizeBytes: number}[];
  measure(): void;
  close(): void;
}

export type CallName = keyof Calls;

/** An error as it crosses between threads. */
export interface SentError {
  name: string;
  message: string;
}

export type ToWorker =
  /** First: the tab's name, 16 hex digits, and that of the workspace. */
  | {type: "open"; tab: string; workspace: string}
  | {type: "append"; number: number; record: JournalRecord}
  | {type: "call"; id: number; name: CallName; args: unknown[]}
  /** Nobody waits for that call any more. */
  | {type: "cancel"; id: number}
  /** What `appended` and `told` count is to be in it, and nothing later. */
  | {type: "read"; id: number; tables?: readonly TableName[]; appended: number; told: number}
  /** One more stream may be sent. */
  | {type: "more"; id: number}
  | {type: "stop"; id: number}
  /** How many foreign records the page has taken. */
  | {type: "took"; told: number};

export type FromWorker =
  | {type: "status"; status: JournalStatus}
  | {type: "written"; number: number; error?: SentError}
  | {type: "answer"; id: number; value?: unknown; error?: SentError}
  /** Without a stream: there are no more. */
  | {type: "stream"; id: number; stream?: TableStream; error?: SentError}
  | {type: "foreign"; record: JournalRecord}
  | {type: "deleted"; runIds: readonly string[]};

/**
 * Between the workers of tabs, which have names of their own; `to` is missing when all are meant. What is asked of a
 * leader names it: one that took over meanwhile must not hear the second half of a sequence before the first.
 */
export type BetweenTabs = {
  from: string;
  to?: string;
} /** A follower asks who leads, and the leader says that it does. */ & (
  | {type: "hello"}
  | {type: "bye"}
  | {type: "leads"; status: JournalStatus}
  | {type: "status"; status: JournalStatus}
  | {type: "append"; origin: Origin; record: JournalRecord}
  | {type: "written"; number: number; error?: SentError}
  /** The disk refuses: it is in the leader's memory, and has to be sent again if that one goes. */
  | {type: "kept"; number: number}
  | {type: "told"; written: Written}
  | {type: "parts"; id: number}
  | {type: "deleteRuns"; id: number; runIds: readonly string[]; tab: string}
  | {type: "compact"; id: number}
  | {type: "measure"; id: number}
  | {type: "answer"; id: number; value?: SnapshotParts; error?: SentError}
);

export function sendable(error: unknown): SentError {
  const {name, message} = error instanceof Error ? error : new Error(String(error));
  return {name, message};
}
