import type {RunStatus} from "./types.ts";

/** A free name of a training function that cannot travel to the worker. */
export class CaptureError extends Error {
  override name = "CaptureError";
  /** Where the value sits, e.g. `config.schedule`. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** An option of train() that makes no sense. */
export class TrainOptionError extends Error {
  override name = "TrainOptionError";
}

/** Where in a cell's source something is; both numbers count from 1. */
export interface SourcePosition {
  cellId: number | null;
  line: number;
  /** Undefined where the code that ran has other columns than the source. */
  column?: number;
}

/** A run that ended badly: what `await run` rejects with. */
export class RunError extends Error {
  override name = "RunError";
  readonly status: RunStatus;
  /** The last step that yielded a row, null before the first. */
  readonly step: number | null;
  /** 1-based position in the source of the cell `cellId`; undefined when the error is not in a cell's code. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly cellId: number | null;

  constructor(
    message: string,
    about: {status: RunStatus; step?: number | null; position?: SourcePosition | null; cellId?: number | null}
  ) {
    super(message);
    this.status = about.status;
    this.step = about.step ?? null;
    this.line = about.position?.line;
    this.column = about.position?.column;
    this.cellId = about.position?.cellId ?? about.cellId ?? null;
  }
}

/** The error of everything that was cancelled, as the platform's own APIs have it. */
export function abortError(message: string): DOMException {
  return new DOMException(message, "AbortError");
}
