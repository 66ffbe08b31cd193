import type {DataColumn, TableWriter} from "./data-table.ts";

const cannotStandBare = /[",\r\n]|^\s|\s$/;

function csvCell(text: string): string {
  return cannotStandBare.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cellText(value: unknown, type: DataColumn["type"]): string {
  if (value === null || value === undefined) return "";
  if (type === "time") return new Date(value as number).toISOString();
  return Object.is(value, -0) ? "-0" : csvCell(String(value));
}

const line = (cells: readonly string[]) => `${cells.join(",")}\n`;

/** Writes CSV with a line of names. */
export function csvWriter(): TableWriter {
  const parts: Blob[] = [];
  return {
    write(columns) {
      const rows = columns[0]?.values.length ?? 0;
      let text = parts.length === 0 ? line(columns.map(({name}) => csvCell(name))) : "";
      for (let row = 0; row < rows; row++) {
        text += line(columns.map(({values, type}) => cellText(values[row], type)));
      }
      parts.push(new Blob([text]));
    },
    finish: () => new Blob(parts)
  };
}
