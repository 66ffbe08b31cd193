import {isSqlite} from "../sqlite.ts";
import type {ImportFile} from "./files.ts";
import {ImportError} from "./import-error.ts";
import {isTfRecord} from "./tfrecord.ts";

export type FileKind = "sqlite" | "tensorboard" | "parquet" | "arrow" | "csv";

const ascii = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/** Arrow's files begin with a word of their own, its streams with a message. */
function isArrow({bytes, name}: ImportFile): boolean {
  if (ascii(bytes.subarray(0, 6)) === "ARROW1") return true;
  const continues = bytes.length > 8 && bytes.subarray(0, 4).every((byte) => byte === 0xff);
  return continues || /\.(arrow|arrows|feather|ipc)$/i.test(name);
}

/** What an import takes, for messages. */
export const whatIsRead =
  "Petri reads its own archives (.petri.zip), SQLite databases of MLflow, Trackio and Optuna, event files of TensorBoard, and tables in CSV, Arrow or Parquet.";

/** Bytes that text has none of: control characters but tab, line feed, vertical tab, form feed and carriage return. */
const isControl = (byte: number) => byte < 9 || (byte > 13 && byte < 32) || byte === 127;

/** Text has no control characters; a table may have them in its cells, but not in the names of its columns. */
function isText({bytes, name}: ImportFile): boolean {
  const begin = bytes.subarray(0, 4096);
  const end = begin.findIndex((byte) => byte === 10 || byte === 13);
  const isTable = /\.(csv|tsv|txt)$/i.test(name) && end >= 0;
  return !begin.subarray(0, isTable ? end : begin.length).some(isControl);
}

/** What kind of file it is, by how it begins. @throws ImportError for what is none of them. */
export function sniff(file: ImportFile): FileKind {
  const {bytes, name} = file;
  if (bytes.length === 0) throw new ImportError(`${name} is empty.`);
  if (isSqlite(bytes)) return "sqlite";
  if (isTfRecord(bytes)) return "tensorboard";
  if (ascii(bytes.subarray(0, 4)) === "PAR1") return "parquet";
  if (isArrow(file)) return "arrow";
  if (isText(file)) return "csv";
  const begin = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new ImportError(
    `The format of ${name} is not known; it begins with the bytes ${begin}. ${whatIsRead}`
  );
}
