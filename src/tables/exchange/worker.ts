// The worker of one import: files of other programs are unpacked and parsed here, so that the page stays alive.
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

addEventListener("message", ({data}: MessageEvent<ToExchanger>) => {
  if (data.type === "more") credits.add();
  else readFiles(data).catch((error: unknown) => say({type: "failed", error: sendable(error)}));
});
