import type {ExportOptions} from "../export/export-runs.ts";
import type {ExportProgress} from "../export/followed.ts";
import type {ImportSource} from "../import/files.ts";
import type {FileOptions} from "../import/import-runs.ts";
import type {ImportedRows} from "../import-types.ts";
import type {SentError} from "../journal/protocol.ts";

/** What the page says to the worker that reads or writes other programs' files for it. */
export type ToExchanger =
  /** First. */
  | {type: "import"; sources: readonly ImportSource[]; options: FileOptions}
  /** One more piece may be sent. */
  | {type: "more"}
  /** First. `archive`: the name of the one file that is wanted, all files without it. */
  | {type: "export"; options: ExportOptions; archive?: string}
  /** To a query: its result as Arrow IPC, or why there is none. */
  | {type: "answer"; id: number; ipc: Uint8Array}
  | {type: "answer"; id: number; error: SentError};

export type FromExchanger =
  | {type: "rows"; rows: ImportedRows}
  /** There are no more. */
  | {type: "end"}
  /** The worker has no database: it asks that of the page. */
  | {type: "query"; id: number; sql: string; params: readonly unknown[]}
  | {type: "progress"; progress: ExportProgress}
  | {type: "files"; files: File[]}
  | {type: "failed"; error: SentError};
