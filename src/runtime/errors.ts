/** A cell whose source cannot be made into code. */
export class CompileError extends Error {
  override name = "SyntaxError";
  /** 1-based position in the cell's source, where known. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(message: string, position: {line?: number; column?: number} = {}, options?: ErrorOptions) {
    super(message, options);
    this.line = position.line;
    this.column = position.column;
  }
}

/** A module that cannot be had. */
export class ImportError extends Error {
  override name = "ImportError";
}

/** A cell, or what it waits for, was stopped by hand. */
export class StoppedError extends Error {
  override name = "AbortError";
}

/** A cell of a kind that does not run in a browser was asked for its value. */
export class UnsupportedCellError extends Error {
  override name = "UnsupportedCellError";
}

const LANGUAGES: Readonly<Record<string, string>> = {node: "Node.js", python: "Python", r: "R"};

/** Why a cell of another language shows nothing. */
export function unsupportedMessage(mode: string): string {
  return `This is a ${LANGUAGES[mode] ?? mode} cell, which does not run in a browser. Its source is kept as it is.`;
}

/** Makes a CompileError of what a parser threw: its message ends in "(line:column)", the column 0-based. */
export function compileError(error: unknown): CompileError {
  if (error instanceof CompileError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const match = /^([\s\S]*?)\s*\((\d+):(\d+)\)$/.exec(message);
  if (!match) return new CompileError(message, {}, {cause: error});
  return new CompileError(match[1], {line: Number(match[2]), column: Number(match[3]) + 1}, {cause: error});
}
