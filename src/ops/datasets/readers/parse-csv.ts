import {DatasetError} from "../dataset-error.ts";

/** Fields of a line: more are rather a wrong separator, or no CSV. */
const MOST_FIELDS = 2 ** 20;

/** A record of a CSV file and the line it begins on, from 1. */
export interface CsvRecord {
  fields: string[];
  line: number;
}

/**
 * The records of text as RFC 4180 has them: fields may be quoted, with quotes doubled and line breaks inside; lines end
 * with CRLF, LF or CR. Empty lines are passed over, except where a record has one field. @throws DatasetError with the line.
 */
export function* parseCsv(name: string, text: string, delimiter = ","): Generator<CsvRecord, void> {
  const scanner = new Scanner(name, text, delimiter);
  while (!scanner.atEnd) yield scanner.record();
}

class Scanner {
  private at = 0;
  private line = 1;

  constructor(
    private readonly name: string,
    private readonly text: string,
    private readonly delimiter: string
  ) {}

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  record(): CsvRecord {
    const {line} = this;
    const fields = [this.field()];
    while (this.text[this.at] === this.delimiter) {
      this.at += 1;
      fields.push(this.field());
      if (fields.length > MOST_FIELDS) throw this.error(line, `more than ${MOST_FIELDS} fields in a line`);
    }
    this.lineEnd();
    return {fields, line};
  }

  private field(): string {
    if (this.text[this.at] === '"') return this.quoted();
    const start = this.at;
    for (; this.at < this.text.length; ++this.at) {
      const char = this.text[this.at] as string;
      if (char === this.delimiter || char === "\n" || char === "\r") break;
      if (char === '"') {
        throw this.error(
          this.line,
          `a quote inside the field “${this.text.slice(Math.max(start, this.at - 30), this.at + 10)}”`
        );
      }
    }
    return this.text.slice(start, this.at);
  }

  private quoted(): string {
    const opened = this.line;
    let value = "";
    for (let start = this.at + 1; ; ) {
      const quote = this.text.indexOf('"', start);
      if (quote < 0) throw this.error(opened, "a quote that is never closed");
      value += this.text.slice(start, quote);
      this.at = quote + 1;
      if (this.text[this.at] !== '"') break;
      value += '"';
      start = this.at + 1;
    }
    this.line += value.match(/\r\n|\n|\r/g)?.length ?? 0;
    const next = this.text[this.at];
    if (next === undefined || next === this.delimiter || next === "\n" || next === "\r") return value;
    throw this.error(this.line, `“${next}” after a closing quote`);
  }

  private lineEnd(): void {
    if (this.atEnd) return;
    this.at += this.text.startsWith("\r\n", this.at) ? 2 : 1;
    this.line += 1;
  }

  private error(line: number, found: string): DatasetError {
    return new DatasetError(
      `${this.name}, line ${line}: expected fields as RFC 4180 has them, found ${found}. Put a field with quotes, separators or line breaks into quotes, and double the quotes in it.`
    );
  }
}
