import {Scanner} from "./scanner.ts";

/** A word, a quoted name or a sign of SQL's code. */
interface Token {
  /** As it was written, a name without its quotes. */
  text: string;
  kind: "word" | "name" | "sign";
  /** Where it begins, in characters. */
  index: number;
}

/** A statement as far as its words go: values and comments are left out. */
export class Statement {
  readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** The word at `i` in capitals, a sign as it is; empty for a quoted name and after the end. */
  word(i: number): string {
    const token = this.tokens[i];
    return !token || token.kind === "name" ? "" : token.text.toUpperCase();
  }

  /** Where the verb stands: behind EXPLAIN, PREPARE name AS and the parts of WITH. */
  get verbIndex(): number {
    let i = 0;
    if (this.word(i) === "EXPLAIN") i = this.afterExplain;
    if (this.word(i) === "PREPARE") i = this.find(i, ["AS"]) + 1;
    if (this.word(i) !== "WITH") return i;
    const verbs = ["SELECT", "FROM", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE", "PIVOT"];
    return this.find(
      i + 1,
      verbs,
      (at) => !["AS", "("].includes(this.word(at + 1)) || this.word(at) === "SELECT"
    );
  }

  private get afterExplain(): number {
    if (this.word(1) !== "(") return this.word(1) === "ANALYZE" ? 2 : 1;
    // Options in parentheses, where something follows them; else the query is what stands in them.
    let depth = 0;
    let i = 1;
    do {
      if (this.word(i) === "(") depth++;
      if (this.word(i) === ")") depth--;
      i++;
    } while (depth > 0 && i < this.tokens.length);
    return i < this.tokens.length ? i : 1;
  }

  /** What the statement does, e.g. SELECT. */
  get verb(): string {
    return this.word(this.verbIndex);
  }

  /** The first place from `from` on, outside of parentheses, with one of these words; the end when there is none. */
  find(from: number, words: readonly string[], fits: (index: number) => boolean = () => true): number {
    let depth = 0;
    for (let i = from; i < this.tokens.length; i++) {
      const word = this.word(i);
      if (word === "(") depth++;
      else if (word === ")") depth--;
      else if (depth === 0 && words.includes(word) && fits(i)) return i;
    }
    return this.tokens.length;
  }
}

const wordCharacter = /[\p{L}\p{N}_$]/u;

/** The statements of some SQL, those without a word left out. */
export function statements(sql: string): Statement[] {
  const all: Token[][] = [[]];
  let last: (Token & {end: number}) | null = null;
  const add = (kind: Token["kind"], text: string, index: number, end: number) => {
    last = {kind, text, index, end};
    all[all.length - 1].push(last);
  };
  new Scanner().follow(sql, (place, start, end, next) => {
    const text = sql.slice(start, end);
    if (place === "name") {
      if (next === "code") Object.assign(last as object, {end});
      else if (last) last.text += text;
    } else if (place !== "code" || (next !== "code" && next !== "name")) return;
    else if (next === "name") {
      // A doubled quote goes on with the name.
      if (last?.kind === "name" && last.end === start) last.text += '"';
      else add("name", "", start, end);
    } else if (text === ";") all.push([]);
    else if (wordCharacter.test(text)) {
      if (last?.kind === "word" && last.end === start) Object.assign(last, {text: last.text + text, end});
      else add("word", text, start, end);
    } else if (text.trim()) add("sign", text, start, end);
  });
  return all.filter((tokens) => tokens.length > 0).map((tokens) => new Statement(tokens));
}

const queryVerbs = ["SELECT", "FROM", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "("];

/** Whether a statement is a query, which can stand in parentheses in the place of a table. */
export const isQuery = (statement: Statement): boolean =>
  statement.word(0) !== "EXPLAIN" && statement.word(0) !== "PREPARE" && queryVerbs.includes(statement.verb);

const looks: ReadonlySet<string> = new Set(["DESCRIBE", "DESC", "SHOW", "SUMMARIZE"]);

/** Whether some SQL changes nothing, so that it can run twice. Sequences are changed by asking them. */
export function readsOnly(sql: string): boolean {
  const reads = (statement: Statement) => isQuery(statement) || looks.has(statement.word(0));
  return statements(sql).every(reads) && !/\bnextval\b/i.test(sql);
}

/** Where the last statement of some SQL begins and ends, in characters, without its semicolon. */
export function lastRange(sql: string): [start: number, end: number] {
  const start = statements(sql).at(-1)?.tokens[0].index ?? 0;
  const ends: number[] = [];
  new Scanner().read(sql, ";", (index) => ends.push(index));
  return [start, ends.find((end) => end > start) ?? sql.length];
}

const commands: ReadonlySet<string> = new Set(
  (
    "CREATE DROP ALTER TRUNCATE INSERT UPDATE DELETE MERGE COPY SET RESET USE ATTACH DETACH BEGIN START COMMIT " +
    "ROLLBACK ABORT END PREPARE DEALLOCATE CHECKPOINT FORCE VACUUM ANALYZE COMMENT LOAD INSTALL EXPORT IMPORT PRAGMA"
  ).split(" ")
);

/** The verb of the last statement when it is one that yields no rows, as CREATE; null for a query. */
export function command(sql: string): string | null {
  const last = statements(sql).at(-1);
  if (!last || last.find(0, ["RETURNING"]) < last.tokens.length) return null;
  const verb = last.word(0) === "WITH" ? last.verb : last.word(0);
  return commands.has(verb) ? verb : null;
}
