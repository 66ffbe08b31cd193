import {type SqlToken, sqlTokens} from "./sql-tokens.ts";

/**
 * The tables and views that a piece of SQL names, in lower case; `schema.table` where it says so. A function that
 * stands for a table is `name()`.
 */
export interface SqlReferences {
  /** FROM, JOIN, DESCRIBE, SUMMARIZE ..., without the query's own WITH names. */
  reads: string[];
  /** CREATE TABLE, CREATE VIEW, CREATE MACRO. */
  creates: string[];
  /** INSERT INTO, UPDATE, DELETE FROM, ALTER, TRUNCATE, DROP. */
  changes: string[];
}

/** Functions whose arguments are written with FROM: EXTRACT(year FROM t). */
const FROM_FUNCTIONS = new Set(["extract", "substring", "trim", "overlay", "position"]);

/** Words that may follow a table without being its alias. */
const CLAUSES = new Set(
  `where group order having limit offset union intersect except join inner left right full outer cross natural
   asof positional semi anti on using window qualify sample tablesample select from returning set values pivot
   unpivot as when lateral fetch for`.split(/\s+/)
);

/** Words that begin a query rather than name a table behind a parenthesis. */
const QUERIES = new Set([
  "select",
  "from",
  "with",
  "values",
  "describe",
  "summarize",
  "pivot",
  "unpivot",
  "show"
]);

/** Words that end the list of a FROM clause. */
const AFTER_FROM = new Set(
  "where group order having limit offset union intersect except window qualify select returning set".split(
    " "
  )
);

/** What a parenthesis, or the text outside of all, is for. */
interface Level {
  /** Whether FROM names tables in it. */
  tables: boolean;
  /** Whether a comma is followed by another table. */
  inFrom: boolean;
}

/**
 * Finds the names after FROM, JOIN, CREATE and the like, without a parser for the whole of SQL: the one in
 * DuckDB binds names, and so fails on tables that other cells are still to create.
 */
export function sqlReferences(text: string): SqlReferences {
  const reader = new Reader(sqlTokens(text));
  reader.read();
  const reads = [...reader.reads].filter((name) => !reader.locals.has(name));
  return {reads, creates: [...reader.creates], changes: [...reader.changes]};
}

class Reader {
  readonly reads = new Set<string>();
  readonly creates = new Set<string>();
  readonly changes = new Set<string>();
  readonly locals = new Set<string>();
  #levels: Level[] = [{tables: true, inFrom: false}];
  /** Whether the parenthesis that comes next stands for a table. */
  #opensTable = false;
  #i = 0;
  readonly #tokens: SqlToken[];

  constructor(tokens: SqlToken[]) {
    this.#tokens = tokens;
  }

  read(): void {
    while (this.#i < this.#tokens.length) this.#step();
  }

  #step(): void {
    const token = this.#tokens[this.#i++];
    if (token.type === "punctuation") this.#punctuation(token.text);
    if (token.type !== "name") return;
    const word = token.text.toLowerCase();
    const level = this.#levels[this.#levels.length - 1];
    if (AFTER_FROM.has(word)) level.inFrom = false;
    switch (word) {
      case "from":
        if (!level.tables || this.#isDistinctFrom()) break;
        level.inFrom = true;
        this.#item();
        break;
      case "join":
        this.#item();
        break;
      case "with":
        this.#withNames();
        break;
      case "describe":
      case "summarize":
      case "pivot":
      case "unpivot":
        this.#skip("table");
        this.#table();
        break;
      case "create":
        this.#create();
        break;
      case "into":
        this.#into(this.changes);
        break;
      case "update":
        // Not the clause: ON CONFLICT DO UPDATE SET.
        if (this.#word(-2) !== "do") this.#into(this.changes);
        break;
      case "delete":
      case "truncate":
        this.#skip("from", "table");
        this.#into(this.changes);
        break;
      case "alter":
      case "drop":
        if (this.#skip("table", "view")) {
          this.#skip("if", "not", "exists");
          this.#into(this.changes);
        } else if (this.#skip("macro", "function")) {
          this.#skip("table", "if", "exists");
          this.#into(this.changes, "()");
        }
        break;
    }
  }

  #isDistinctFrom(): boolean {
    return this.#word(-2) === "distinct" && (this.#word(-3) === "is" || this.#word(-3) === "not");
  }

  #punctuation(text: string): void {
    if (text === "," && this.#levels.at(-1)?.inFrom) this.#item();
    else if (text === ")" && this.#levels.length > 1) this.#levels.pop();
    else if (text === "(") {
      const before = this.#word(-2);
      this.#levels.push({tables: before === undefined || !FROM_FUNCTIONS.has(before), inFrom: false});
      const word = this.#word(0);
      const opensTable = this.#opensTable;
      this.#opensTable = false;
      if (opensTable && (word === undefined || !QUERIES.has(word))) this.#item();
    }
  }

  /** One item of a FROM clause: a table, or a function, or something in parentheses, or a file, which is passed over. */
  #item(): void {
    this.#skip("only", "lateral");
    this.#opensTable = this.#is("(");
    if (!this.#opensTable && this.#table()) this.#alias();
  }

  #table(): boolean {
    const start = this.#i;
    const name = this.#name();
    if (name === null || this.#is("(")) {
      if (name !== null) this.reads.add(`${name}()`);
      // Its arguments may hold queries.
      this.#i = start;
      return false;
    }
    this.reads.add(name);
    return true;
  }

  #alias(): void {
    this.#skip("as");
    const token = this.#tokens[this.#i];
    if (token?.type === "quoted" || (token?.type === "name" && !CLAUSES.has(token.text.toLowerCase())))
      this.#i++;
    if (!this.#is("(")) return;
    while (this.#i < this.#tokens.length && !this.#take(")")) this.#i++;
  }

  #create(): void {
    this.#skip("or", "replace", "temp", "temporary", "recursive", "persistent");
    if (!this.#skip("table", "view", "macro", "function")) return;
    const isMacro = this.#word(-1) === "macro" || this.#word(-1) === "function";
    this.#skip("if", "not", "exists");
    this.#into(this.creates, isMacro ? "()" : "");
  }

  /** `WITH a AS (...), b (x) AS (...)`: names of the query itself. Their bodies are read like any other. */
  #withNames(): void {
    this.#skip("recursive");
    let i = this.#i;
    for (;;) {
      const token = this.#tokens[i];
      if (token?.type !== "name" && token?.type !== "quoted") return;
      this.locals.add(token.text.toLowerCase());
      i++;
      if (this.#tokens[i]?.text === "(") i = this.#close(i);
      if (this.#tokens[i]?.text.toLowerCase() !== "as") return;
      i++;
      while (/^(not|materialized)$/i.test(this.#tokens[i]?.text ?? "")) i++;
      if (this.#tokens[i]?.text !== "(") return;
      i = this.#close(i);
      if (this.#tokens[i]?.text !== ",") return;
      i++;
    }
  }

  /** The index behind the parenthesis that closes the one at `i`. */
  #close(i: number): number {
    let depth = 0;
    for (; i < this.#tokens.length; i++) {
      const {type, text} = this.#tokens[i];
      if (type !== "punctuation") continue;
      if (text === "(") depth++;
      else if (text === ")" && --depth === 0) return i + 1;
    }
    return i;
  }

  #into(set: Set<string>, suffix = ""): void {
    const name = this.#name();
    if (name !== null) set.add(name + suffix);
  }

  /** A possibly qualified name; the default schema and catalogue are left out. */
  #name(): string | null {
    const parts: string[] = [];
    do {
      const token = this.#tokens[this.#i];
      if (token?.type !== "quoted" && (token?.type !== "name" || CLAUSES.has(token.text.toLowerCase())))
        return null;
      parts.push(token.text.toLowerCase());
      this.#i++;
    } while (this.#take("."));
    if (parts.length === 3 && parts[0] === "memory") parts.shift();
    if (parts.length === 2 && (parts[0] === "main" || parts[0] === "memory")) parts.shift();
    return parts.join(".");
  }

  #skip(...words: string[]): boolean {
    let skipped = false;
    for (; words.includes(this.#word(0) ?? ""); this.#i++) skipped = true;
    return skipped;
  }

  #word(offset: number): string | undefined {
    const token = this.#tokens[this.#i + offset];
    return token?.type === "name" ? token.text.toLowerCase() : undefined;
  }

  #is(text: string): boolean {
    const token = this.#tokens[this.#i];
    return token?.type === "punctuation" && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#i++;
    return true;
  }
}
