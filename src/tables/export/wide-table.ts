import type {Row} from "../schema.ts";
import {TableFile, type TableFormat} from "./data-table.ts";
import {type RunReader, rowsByStep, type StoredRun} from "./run-reader.ts";

const isNumber = ({value_type}: Row<"params">) => value_type === "number" || value_type === "boolean";

/** What is said of a run in each of its rows. */
const about = {
  run_id: ({run}: StoredRun) => run.run_id,
  run_name: ({run}: StoredRun) => run.name,
  experiment: ({experiment}: StoredRun) => experiment.name,
  status: ({run}: StoredRun) => run.status
};

/** The names of parameters, numbers or not. */
function paramNames(all: readonly Row<"params">[]): {texts: string[]; numbers: string[]} {
  const texts = new Set(all.filter((param) => !isNumber(param)).map(({key}) => key));
  const numbers = new Set(all.map(({key}) => key).filter((key) => !texts.has(key)));
  return {texts: [...texts], numbers: [...numbers]};
}

/** One table with a row a step of a run and a column a metric; parameters stand in columns `params.<name>`. */
export async function wideTable(reader: RunReader, format: TableFormat): Promise<File> {
  const {runs} = reader;
  const all = runs.flatMap((stored) => stored.params);
  const {texts, numbers} = paramNames(all);
  const keys = reader.keys(runs.map(({run}) => run.run_id));
  const columns = [
    ...Object.entries(about).map(([name, of]) => ({name, type: "text", words: runs.map(of)}) as const),
    {name: "step", type: "integer"} as const,
    {name: "timestamp", type: "time"} as const,
    ...texts.map((key) => {
      const words = all.filter((param) => param.key === key).map(({value_str}) => value_str);
      return {name: `params.${key}`, type: "text", words} as const;
    }),
    ...[...numbers.map((key) => `params.${key}`), ...keys].map((name) => ({name, type: "number"}) as const)
  ];
  const file = await TableFile.open("runs", columns, format);
  for (const stored of runs) {
    const recorded = await reader.metrics(stored.run.run_id);
    const params = new Map(stored.params.map((param) => [param.key, param]));
    const said = Object.values(about).map((of) => of(stored));
    const textCells = texts.map((key) => params.get(key)?.value_str ?? null);
    const numberCells = numbers.map((key) => {
      const param = params.get(key);
      return param ? (param.value_num ?? Number.NaN) : null;
    });
    for (const {step, timeMs, at} of rowsByStep(recorded)) {
      const metrics = keys.map((key) => {
        const i = at.get(key);
        return i === undefined ? null : recorded.value[i];
      });
      file.push([...said, step, timeMs, ...textCells, ...numberCells, ...metrics]);
    }
  }
  return file.finish();
}
