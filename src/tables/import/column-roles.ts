import {isNumeric} from "./cells.ts";
import type {ColumnTable} from "./columns.ts";
import {ImportError} from "./import-error.ts";

/** Which column of a table means what. Of a wide table, `metrics` are the columns that are one each. */
export interface ColumnRoles {
  run?: string;
  /** A name for people, where `run` is an id. */
  name?: string;
  experiment?: string;
  status?: string;
  step?: string;
  time?: string;
  /** A long table has both of these. */
  key?: string;
  value?: string;
  metrics?: readonly string[];
  params?: readonly string[];
}

/** The names that columns of that meaning have in the trackers' exports, without case and signs; the first fits best. */
const usual = {
  run: ["runid", "runuuid", "runname", "run", "trial", "trialid", "number", "id", "name"],
  name: ["runname", "name", "displayname"],
  experiment: ["experimentid", "experimentname", "experiment", "project", "study"],
  status: ["status", "state"],
  step: ["step", "globalstep", "iteration", "iter", "epoch"],
  time: ["tsms", "timestamp", "walltime", "time", "datetime", "createdat", "created"],
  key: ["key", "metric", "metricname", "tag", "variable"],
  value: ["value", "metricvalue", "scalar"]
} as const;

type Role = keyof typeof usual;

const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, "");

function find(role: Role, names: readonly string[]): string | undefined {
  for (const word of usual[role]) {
    const name = names.find((each) => plain(each) === word);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Columns that a tracker adds for itself and that say nothing of a run. */
const internal = new Set(["logid", "spaceid", "seq", "runtime", "min", "max"]);

const saysParameter = /^(config|params?|hparams|hyperparameters?)[./_]/i;

/**
 * What the columns of a table mean, guessed by their names and values; what is given wins.
 * @throws ImportError when a column that is given is not there.
 */
export function guessRoles({file, columns}: ColumnTable, given: ColumnRoles = {}): ColumnRoles {
  const names = [...columns.keys()];
  for (const name of [...Object.values(given).flat()]) {
    if (!columns.has(name)) {
      throw new ImportError(`${file.name} has no column ${name}; it has ${names.join(", ")}.`);
    }
  }
  const roles: ColumnRoles = {...given};
  const free = () => {
    const taken = new Set(Object.values(roles).flat());
    return names.filter((name) => !taken.has(name));
  };
  const guess = (role: Role) => {
    roles[role] ??= find(role, free());
  };
  guess("key");
  guess("value");
  if (!roles.key || !roles.value) {
    roles.key = given.key;
    roles.value = given.value;
  }
  for (const role of ["step", "run", "name", "experiment", "status", "time"] as const) guess(role);
  if (roles.key && roles.value) return roles;
  const rest = free().filter((name) => !internal.has(plain(name)));
  roles.params ??= rest.filter((name) => saysParameter.test(name) || !isNumeric(columns.get(name) ?? []));
  roles.metrics ??= rest.filter((name) => !roles.params?.includes(name));
  return roles;
}

/** The name of the parameter that a column holds. */
export const parameterName = (column: string) => column.replace(saysParameter, "");

/** What was made of the columns, for people. */
export function describeRoles(file: string, roles: ColumnRoles): string {
  const said = Object.entries(roles)
    .filter(([, name]) => name !== undefined && name.length > 0)
    .map(([role, name]) => `${role}: ${[name].flat().slice(0, 12).join(", ")}`);
  const layout = roles.key && roles.value ? "a row a value" : "a column a metric";
  return `${file} was read as ${layout} (${said.join("; ")}). Should they mean something else, rename them, or import the file in a cell: workspace.import(file, {columns: {step: "…"}}).`;
}
