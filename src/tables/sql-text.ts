import {ParameterError} from "./errors.ts";
import {identifier, literal} from "./literal.ts";
import {Scanner} from "./scanner.ts";

/** A piece of the text that DuckDB gets, and where it was written; null where a value was put in. */
interface Piece {
  text: string;
  source: {line: number; column: number | null} | null;
  isValue?: true;
}

/** SQL to put into other SQL, made by `fragment` and `ident`; never from a string that a user typed. */
export class SqlFragment {
  readonly strings: readonly string[];
  readonly values: readonly unknown[];

  constructor(strings: readonly string[], values: readonly unknown[]) {
    this.strings = strings;
    this.values = values;
  }
}

/** A part of a statement with its own bound values, for use inside other SQL. */
export function fragment(strings: TemplateStringsArray, ...values: unknown[]): SqlFragment {
  return new SqlFragment([...strings], values);
}

/** The name of a table or column, for use inside other SQL; several are joined with dots. */
export function ident(...names: string[]): SqlFragment {
  return new SqlFragment([names.map(identifier).join(".")], []);
}

/** A statement ready for DuckDB, which knows where each part of it was written. */
export class SqlText {
  private readonly pieces: readonly Piece[];

  constructor(pieces: readonly Piece[]) {
    this.pieces = pieces;
  }

  get text(): string {
    return this.pieces.map(({text}) => text).join("");
  }

  /** The same with more text in it: `text` before the character at `index`. */
  insert(index: number, text: string): SqlText {
    const pieces: Piece[] = [];
    let start = 0;
    let isIn = false;
    for (const piece of this.pieces) {
      const at = index - start;
      start += piece.text.length;
      if (isIn || at > piece.text.length) {
        pieces.push(piece);
        continue;
      }
      isIn = true;
      const [before, after] = [piece.text.slice(0, at), piece.text.slice(at)];
      const source = piece.source && {column: null, ...advance(piece.source, before)};
      pieces.push({...piece, text: before}, {text, source: null}, {...piece, text: after, source});
    }
    return new SqlText(isIn ? pieces : [...pieces, {text, source: null}]);
  }

  /** Whether a value stands where SQL takes the name of a table. */
  get hasValueForTable(): boolean {
    return this.pieces.some(
      ({isValue}, i) => isValue && /\b(from|join|into|table|update)\s+$/i.test(this.pieces[i - 1]?.text ?? "")
    );
  }

  /** Where the byte at `offset` (of UTF-8) was written, counted from 1; the column only when it can be known. */
  locate(offset: number): {line: number; column?: number} | null {
    const encoder = new TextEncoder();
    let last: Piece["source"] = null;
    for (const {text, source} of this.pieces) {
      const bytes = encoder.encode(text);
      last = source ?? last;
      if (offset < bytes.length || (offset === bytes.length && source)) {
        if (!source) break;
        const before = new TextDecoder().decode(bytes.subarray(0, offset));
        return advance(source, before);
      }
      offset -= bytes.length;
      if (source) last = {...advance(source, text), column: null};
    }
    return last && {line: last.line};
  }
}

function advance(from: {line: number; column: number | null}, text: string): {line: number; column?: number} {
  const lines = text.split("\n");
  const line = from.line + lines.length - 1;
  const start = lines.length === 1 ? from.column : 1;
  return start === null ? {line} : {line, column: start + (lines.at(-1) as string).length};
}

/** Puts values into SQL as literals, refusing those inside quotes and leaving out those inside comments. */
class Builder {
  readonly pieces: Piece[] = [];
  private readonly scanner = new Scanner();
  private at: {line: number; column: number | null} = {line: 1, column: 1};

  /** SQL as it was written. */
  code(text: string, nested: boolean): void {
    this.scanner.read(text);
    this.pieces.push({text, source: nested ? null : {...this.at}});
    if (!nested) this.at = {column: null, ...advance(this.at, text)};
  }

  value(value: unknown): void {
    this.at = {...this.at, column: null};
    const {place} = this.scanner;
    if (place.endsWith("comment")) return;
    if (place !== "code") {
      const mend = place === "name" ? "Use db.ident(name) instead of the quotes." : "Leave the quotes out.";
      throw new ParameterError(`A value stands inside quotes, where it would be text. ${mend}`);
    }
    if (value instanceof SqlFragment) this.template(value.strings, value.values, true);
    else this.pieces.push({text: literal(value), source: null, isValue: true});
  }

  template(strings: readonly string[], values: readonly unknown[], nested = false): void {
    strings.forEach((text, i) => {
      this.code(text, nested);
      if (i < strings.length - 1) this.value(values[i]);
    });
  }
}

/** The statement of a tagged template. @throws ParameterError for a value that cannot be bound where it stands. */
export function sqlTemplate(strings: readonly string[], values: readonly unknown[]): SqlText {
  const builder = new Builder();
  builder.template(strings, values);
  return new SqlText(builder.pieces);
}

/** The statement of SQL with a `?` for each parameter. @throws ParameterError when their numbers differ. */
export function sqlQuery(sql: string, params: readonly unknown[] = []): SqlText {
  if (params.length === 0) return sqlTemplate([sql], []);
  const marks: number[] = [];
  new Scanner().read(sql, "?", (index) => marks.push(index));
  if (marks.length !== params.length) {
    throw new ParameterError(
      `Expected a parameter for each of ${marks.length} question marks, got ${params.length}.`
    );
  }
  const strings = [0, ...marks.map((mark) => mark + 1)].map((start, i) =>
    sql.slice(start, marks[i] ?? sql.length)
  );
  return sqlTemplate(strings, params);
}
