import type {Row} from "../schema.ts";
import type {DataColumn, DataTable} from "./data-table.ts";
import {type RunReader, rowsByStep} from "./run-reader.ts";

/** Columns that grow row by row; what a row lacks is null. */
class Columns<T> {
  private readonly columns = new Map<string, (T | null)[]>();

  set(name: string, row: number, value: T): void {
    const column = this.columns.get(name) ?? [];
    this.columns.set(name, column);
    while (column.length < row) column.push(null);
    column.push(value);
  }

  *filled(rows: number): Generator<[name: string, values: (T | null)[]]> {
    for (const [name, column] of this.columns) {
      while (column.length < rows) column.push(null);
      yield [name, column];
    }
  }
}

const isNumber = ({value_type}: Row<"params">) => value_type === "number" || value_type === "boolean";

/** One table with a row a step of a run and a column a metric; parameters stand in columns `params.<name>`. */
export async function wideTable(reader: RunReader): Promise<DataTable> {
  const texts = new Columns<string>();
  const numbers = new Columns<number>();
  const params = new Columns<string>();
  const numberParams = new Columns<number>();
  const all = reader.runs.flatMap((stored) => stored.params);
  const textKeys = new Set(all.filter((param) => !isNumber(param)).map(({key}) => key));
  const [step, timeMs]: number[][] = [[], []];
  let row = 0;
  for (const {run, experiment, params: own} of reader.runs) {
    const metrics = await reader.metrics(run.run_id);
    for (const each of rowsByStep(metrics)) {
      texts.set("run_id", row, run.run_id);
      texts.set("run_name", row, run.name);
      texts.set("experiment", row, experiment.name);
      texts.set("status", row, run.status);
      step.push(each.step);
      timeMs.push(each.timeMs);
      for (const param of own) {
        if (textKeys.has(param.key)) params.set(`params.${param.key}`, row, param.value_str);
        else numberParams.set(`params.${param.key}`, row, param.value_num ?? Number.NaN);
      }
      for (const [key, i] of each.at) numbers.set(key, row, metrics.value[i]);
      row++;
    }
  }
  const text = ([name, values]: [string, (string | null)[]]): DataColumn => ({name, type: "text", values});
  const number = ([name, values]: [string, (number | null)[]]): DataColumn => ({
    name,
    type: "number",
    values
  });
  return {
    name: "runs",
    columns: [
      ...Array.from(texts.filled(row), text),
      {name: "step", type: "integer", values: step},
      {name: "timestamp", type: "time", values: timeMs},
      ...Array.from(params.filled(row), text),
      ...Array.from(numberParams.filled(row), number),
      ...Array.from(numbers.filled(row), number)
    ]
  };
}
