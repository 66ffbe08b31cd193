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

/** Text has no zero byte, unless a cell does. */
const isText = ({bytes, name}: ImportFile) =>
  !bytes.subarray(0, 4096).includes(0) || /\.(csv|tsv|txt)$/i.test(name);

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
    `${name} begins with the bytes ${begin}. Expected a SQLite database of MLflow, Trackio or Optuna, event files of TensorBoard, or CSV, Arrow or Parquet.`
  );
}
