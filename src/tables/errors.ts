/** DuckDB could not be started, or stopped working. */
export class EngineError extends Error {
  override name = "EngineError";
}

/** DuckDB ended while a statement was under way that was not to blame for it; it was not finished. */
export class InterruptedError extends EngineError {
  override name = "InterruptedError";
}

/** A value cannot be bound to SQL, or stands where SQL takes none. */
export class ParameterError extends Error {
  override name = "ParameterError";
}

/** A row does not fit the description of its table. */
export class RowError extends Error {
  override name = "RowError";
}

/** Something cannot be made a table. */
export class SourceError extends Error {
  override name = "SourceError";
}

/** DuckDB refused a statement or failed in it. `line` and `column` count from 1 in the SQL as it was written. */
export class SqlError extends Error {
  override name = "SqlError";
  line?: number;
  column?: number;
  /** What to do about it. */
  hint?: string;
}
