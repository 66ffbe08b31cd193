import {download} from "./download.ts";
import {arrowFile, csvFile, type Part, parquetBlob, tabbedText} from "./exports.ts";
import {type ExportFormat, plural} from "./foot.ts";
import type {GridRows} from "./rows.ts";

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Puts rows on the clipboard; answers what came of it, for people. */
export async function copyRows(rows: GridRows, part: Part): Promise<string> {
  try {
    // The clipboard is asked for while the click still counts; the text may come later.
    const text = tabbedText(rows, part).then((text) => new Blob([text], {type: "text/plain"}));
    await navigator.clipboard.write([new ClipboardItem({"text/plain": text})]);
    return `copied ${plural(part.end - part.first, "row")}`;
  } catch (error) {
    const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
    return isRefused ? "the browser did not allow it" : `could not be copied: ${messageOf(error)}`;
  }
}

/** Offers rows as a file; answers what went wrong, for people, and nothing when all went well. */
export async function downloadRows(
  format: ExportFormat,
  rows: GridRows,
  part: Part,
  table: Iterable<unknown>
): Promise<string> {
  try {
    if (format === "CSV") download("table.csv", await csvFile(rows, part));
    else if (format === "Parquet") download("table.parquet", await parquetBlob(rows, part));
    else download("table.arrow", await arrowFile(rows, part, table));
    return "";
  } catch (error) {
    return `${format} could not be written: ${messageOf(error)}`;
  }
}
