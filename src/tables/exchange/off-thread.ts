import {tableToIPC} from "apache-arrow";
import {ExportError} from "../export/export-error.ts";
import type {ExportOptions} from "../export/export-runs.ts";
import type {Waiting} from "../export/followed.ts";
import type {Queryable} from "../export/store-reader.ts";
import type {ImportSource} from "../import/files.ts";
import {ImportError} from "../import/import-error.ts";
import type {FileOptions} from "../import/import-runs.ts";
import type {ImportedRows} from "../import-types.ts";
import {type SentError, sendable} from "../journal/protocol.ts";
import type {FromExchanger, ToExchanger} from "./protocol.ts";

/** What this needs of a Worker. */
export interface ExchangeWorker {
  postMessage(message: ToExchanger, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: {data: FromExchanger}) => void): void;
  addEventListener(
    type: "error",
    listener: (event: {message?: string; preventDefault?(): void}) => void
  ): void;
  terminate(): void;
}

function errorOf({name, message}: SentError): Error {
  if (name === "ImportError") return new ImportError(message);
  if (name === "ExportError") return new ExportError(message);
  return Object.assign(new Error(message), {name});
}

/**
 * What a worker says until its reader leaves; the worker is ended then.
 * @throws the signal's reason as soon as it aborts, what the worker says went wrong, and when it does not start.
 */
async function* messagesOf(worker: ExchangeWorker, signal?: AbortSignal): AsyncGenerator<FromExchanger> {
  const said: FromExchanger[] = [];
  let failure: {error: unknown} | null = null;
  let wake = () => {};
  const fail = (error: unknown) => {
    failure ??= {error};
    wake();
  };
  const abort = () => fail(signal?.reason);
  worker.addEventListener("message", ({data}) => {
    said.push(data);
    wake();
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault?.();
    const reason = event.message ? `: ${event.message}` : "";
    fail(
      new Error(
        `What reads and writes files of other programs ended${reason}. Reload the page, then try again.`
      )
    );
  });
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  try {
    while (true) {
      if (failure) throw (failure as {error: unknown}).error;
      const message = said.shift();
      if (message?.type === "failed") throw errorOf(message.error);
      if (message) yield message;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    worker.terminate();
  }
}

/** The rows of files, which a worker of their own reads; it is ended with the reading. @throws ImportError */
export async function* importFiles(
  createWorker: () => ExchangeWorker,
  sources: readonly ImportSource[],
  {signal, ...options}: FileOptions & {signal?: AbortSignal}
): AsyncGenerator<ImportedRows> {
  const worker = createWorker();
  const messages = messagesOf(worker, signal);
  worker.postMessage({type: "import", sources, options});
  for await (const message of messages) {
    if (message.type === "end") return;
    if (message.type !== "rows") continue;
    yield message.rows;
    worker.postMessage({type: "more"});
  }
}

async function answer(worker: ExchangeWorker, db: Queryable, query: FromExchanger & {type: "query"}) {
  const {id, sql, params} = query;
  try {
    const ipc = tableToIPC(await db.query(sql, params));
    worker.postMessage({type: "answer", id, ipc}, [ipc.buffer]);
  } catch (error) {
    worker.postMessage({type: "answer", id, error: sendable(error)});
  }
}

/** Runs as files, which a worker of their own writes from what it asks of the database. @throws ExportError */
export async function exportFiles(
  createWorker: () => ExchangeWorker,
  db: Queryable,
  {archive, signal, onProgress, ...options}: ExportOptions & Waiting & {archive?: string}
): Promise<File[]> {
  const worker = createWorker();
  const messages = messagesOf(worker, signal);
  worker.postMessage({type: "export", options, archive});
  for await (const message of messages) {
    if (message.type === "files") return message.files;
    if (message.type === "query") void answer(worker, db, message);
    if (message.type === "progress") onProgress?.(message.progress);
  }
  return [];
}
