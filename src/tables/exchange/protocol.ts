import type {ImportSource} from "../import/files.ts";
import type {FileOptions} from "../import/import-runs.ts";
import type {ImportedRows} from "../import-types.ts";
import type {SentError} from "../journal/protocol.ts";

/** What the page says to the worker that reads other programs' files for it. */
export type ToExchanger =
  /** First. */
  | {type: "import"; sources: readonly ImportSource[]; options: FileOptions}
  /** One more piece may be sent. */
  | {type: "more"};

export type FromExchanger =
  | {type: "rows"; rows: ImportedRows}
  /** There are no more. */
  | {type: "end"}
  | {type: "failed"; error: SentError};
