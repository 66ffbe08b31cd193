// The worker of one import or export: files of other programs are read and written here, so that the page stays alive.
import {type Table, tableFromIPC} from "apache-arrow";
import {exportRuns} from "../export/export-runs.ts";
import type {ExportProgress} from "../export/followed.ts";
import {oneFile} from "../export/one-file.ts";
import type {Queryable} from "../export/store-reader.ts";
import {importRuns} from "../import/import-runs.ts";
import {inPieces} from "../import/pieces.ts";
import {Credits} from "../journal/credits.ts";
import {sendable} from "../journal/protocol.ts";
import type {FromExchanger, ToExchanger} from "./protocol.ts";

/** Pieces that are on their way to the page at a time: enough that neither waits for the other. */
const ahead = 3;

const credits = new Credits(ahead);
const say = (message: FromExchanger) => postMessage(message);

async function readFiles({sources, options}: ToExchanger & {type: "import"}): Promise<void> {
  for await (const found of importRuns(sources, options)) {
    for (const rows of inPieces(found)) {
      await credits.take();
      say({type: "rows", rows});
    }
  }
  say({type: "end"});
}

const answers = new Map<number, {resolve(table: Table): void; reject(error: Error): void}>();
let asked = 0;

/** The page's database. */
const db: Queryable = {
  query(sql, params = []) {
    const id = ++asked;
    say({type: "query", id, sql, params});
    return new Promise((resolve, reject) => answers.set(id, {resolve, reject}));
  }
};

function hear(message: ToExchanger & {type: "answer"}): void {
  const answer = answers.get(message.id);
  answers.delete(message.id);
  if ("ipc" in message) answer?.resolve(tableFromIPC(message.ipc));
  else answer?.reject(Object.assign(new Error(message.error.message), {name: message.error.name}));
}

async function writeFiles({options, archive}: ToExchanger & {type: "export"}): Promise<void> {
  const onProgress = (progress: ExportProgress) => say({type: "progress", progress});
  const files = await exportRuns(db, {...options, onProgress});
  say({type: "files", files: archive === undefined ? files : [await oneFile(files, archive)]});
}

addEventListener("message", ({data}: MessageEvent<ToExchanger>) => {
  const failed = (error: unknown) => say({type: "failed", error: sendable(error)});
  if (data.type === "more") credits.add();
  else if (data.type === "answer") hear(data);
  else (data.type === "import" ? readFiles(data) : writeFiles(data)).catch(failed);
});
