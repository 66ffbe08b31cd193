import {checkChoice} from "../checks.ts";
import type {Dataset} from "../dataset.ts";
import {DatasetError} from "../dataset-error.ts";
import {type Encoded, encodeColumn} from "./encode-column.ts";
import {mostNumbers} from "./limits.ts";

/** A column of a table: a value for each row. */
export interface Column {
  name: string;
  values: ArrayLike<unknown>;
}

/** A table to make a dataset of. */
export interface Columns {
  /** The file's or the table's name, for messages. */
  name: string;
  columns: readonly Column[];
  rows: number;
  /** How a row is called in messages: "line 7". */
  place: (row: number) => string;
  /** Whether all values are text, of which some is meant as numbers. */
  isText: boolean;
}

export interface ColumnOptions {
  /** The column to predict, or several columns of numbers. */
  target: string | string[];
  /** What to predict. By default numbers where the target's values are numbers, else classes. */
  task?: "classification" | "regression";
  /** The columns to predict from; all others by default. */
  inputs?: string[];
  /** Columns to leave out. */
  ignore?: string[];
  /** Columns whose numbers are names of categories. Columns of text are categories anyway. */
  categorical?: string[];
  /** What to do with a row in which a value is missing (empty, "NA", "NaN", null): "refuse" (the default) or "drop" it. */
  missing?: "refuse" | "drop";
  name?: string;
  attribution?: string;
}

/**
 * A dataset of a table: numbers as they are, categories one-hot ("colour=red"), lists of numbers side by side. `features`
 * names the numbers of a row. @throws DatasetError with the row and column that is wrong.
 */
export function fromColumns(table: Columns, options: ColumnOptions): Dataset {
  checkOptions(table, options);
  const targets = [options.target].flat();
  const {task, missing = "refuse", categorical = [], name = table.name, attribution} = options;
  const chosen =
    options.inputs ?? table.columns.map((column) => column.name).filter((each) => !targets.includes(each));
  const names = chosen.filter((each) => !options.ignore?.includes(each));
  const columnOf = finder(table);
  for (const each of [...categorical, ...(options.ignore ?? [])]) columnOf(each);
  const inputColumns = names.map(columnOf);
  const targetColumns = targets.map(columnOf);
  if (inputColumns.length === 0 || targetColumns.length === 0) {
    throw new DatasetError(`${table.name}: expected at least one column to predict from and one to predict.`);
  }
  const rows = completeRows(table, [...inputColumns, ...targetColumns], missing);
  const context = {table, rows, categorical};
  const inputs = inputColumns.map((column) => encodeColumn(column, context));
  const asClasses = task === "classification" && [...categorical, ...targets];
  const outcomes = targetColumns.map((column) =>
    encodeColumn(column, {...context, categorical: asClasses || categorical})
  );
  const common = {
    name,
    inputs: sideBySide(table.name, inputs, rows.length),
    inputShape: [widthOf(inputs)],
    features: inputs.flatMap((column) => column.features),
    ...(attribution ? {attribution} : {})
  };
  const [first] = outcomes;
  if (first?.categories && outcomes.length === 1 && task !== "regression") {
    return {...common, labels: Int32Array.from(first.codes), classes: [...first.categories]};
  }
  const named = outcomes.find(({categories}) => categories);
  if (named || task === "classification") {
    throw new DatasetError(
      `${table.name}: expected ${task === "classification" ? "one column of classes" : "numbers"} to predict, and ${targets.join(", ")} ${named ? `has text, such as “${named.categories?.[0]}”` : "are several columns"}.`
    );
  }
  const width = widthOf(outcomes);
  const values = sideBySide(table.name, outcomes, rows.length);
  return {
    ...common,
    labels: new Int32Array(),
    classes: 0,
    targets: values,
    targetShape: width === 1 ? [] : [width]
  };
}

function checkOptions(table: Columns, options: ColumnOptions | undefined): void {
  const {target, task, missing} = options ?? {};
  if (!target || target.length === 0) {
    throw new DatasetError(
      `${table.name}: expected the column to predict, as {target: "name"}; it has ${namesIn(table)}.`
    );
  }
  if (task !== undefined) checkChoice("task", task, ["classification", "regression"]);
  if (missing !== undefined) checkChoice("missing", missing, ["refuse", "drop"]);
}

/** Finds columns by name. @throws DatasetError for a name that two columns have. */
function finder(table: Columns): (name: string) => Column {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const twice = findTwice(table.columns.map((column) => column.name));
  if (twice !== undefined) {
    throw new DatasetError(
      `${table.name}: expected different column names, found “${twice}” twice. Rename one of them.`
    );
  }
  return (name) => {
    const found = byName.get(name);
    if (found) return found;
    throw new DatasetError(`${table.name} has no column “${name}”; it has ${namesIn(table)}.`);
  };
}

const namesIn = ({columns}: Columns) =>
  columns
    .slice(0, 20)
    .map((column) => column.name)
    .join(", ") + (columns.length > 20 ? ", ..." : "");

/** The first name that was there before. */
export function findTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function isMissing(value: unknown): boolean {
  if (typeof value === "string") return /^\s*(na|nan|null)?\s*$/i.test(value);
  return value === null || value === undefined || Number.isNaN(value);
}

/** Numbers of the rows in which nothing is missing. */
function completeRows(table: Columns, columns: readonly Column[], missing: "refuse" | "drop"): Int32Array {
  const kept: number[] = [];
  for (let row = 0; row < table.rows; ++row) {
    const gap = columns.find((column) => isMissing(column.values[row]));
    if (!gap) kept.push(row);
    else if (missing === "refuse") {
      throw new DatasetError(
        `${table.name}, ${table.place(row)}: expected a value in the column “${gap.name}”, found none. Pass missing: "drop" to leave out such rows.`
      );
    }
  }
  if (kept.length > 0) return Int32Array.from(kept);
  throw new DatasetError(
    `${table.name}: expected rows of data, found none${table.rows ? " that are complete" : ""}.`
  );
}

const widthOf = (columns: readonly Encoded[]) =>
  columns.reduce((sum, {features}) => sum + features.length, 0);

function sideBySide(name: string, columns: readonly Encoded[], rows: number): Float32Array {
  const width = widthOf(columns);
  if (rows * width > mostNumbers()) {
    throw new DatasetError(
      `${name}: ${rows} rows of ${width} numbers are more than the ${mostNumbers()} that a dataset holds. Take fewer columns (inputs, ignore).`
    );
  }
  const out = new Float32Array(rows * width);
  let offset = 0;
  for (const {features, categories, codes} of columns) {
    const step = features.length;
    for (let row = 0; row < rows; ++row) {
      const start = row * width + offset;
      if (categories) out[start + (codes[row] as number)] = 1;
      else for (let i = 0; i < step; ++i) out[start + i] = codes[row * step + i] as number;
    }
    offset += step;
  }
  return out;
}
