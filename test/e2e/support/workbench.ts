import {existsSync} from "node:fs";
import {mkdir, readFile, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import type {BrowserContext} from "playwright-core";
import {onTestFinished} from "vitest";
import {appFolder} from "../../../src/cli/built-app.ts";
import {npmSource} from "../../../src/cli/npm-source.ts";
import {serve} from "../../../src/publish/server/serve.ts";
import {temporaryFolder} from "../../publish/support/temporary-folder.ts";
import {newProfile} from "./browser.ts";
import {PetriPage} from "./petri-page.ts";

/** A cell as a test writes it: its source, and its kind unless it is JavaScript. */
export type CellText = string | {type: string; attributes?: string; source: string};

/** The file of a notebook with these cells, numbered from 1. */
export function notebookText(title: string, cells: CellText[]): string {
  const scripts = cells.map((cell, i) => {
    const {type, attributes = "", source} = typeof cell === "string" ? {type: "module", source: cell} : cell;
    const lines = source.split("\n").map((line) => `    ${line}`);
    return `  <script id="${i + 1}" type="${type}" pinned${attributes}>\n${lines.join("\n")}\n  </script>`;
  });
  return `<!doctype html>\n<notebook theme="air">\n  <title>${title}</title>\n${scripts.join("\n")}\n</notebook>\n`;
}

export const sql = (source: string): CellText => ({type: "application/sql", source});
export const md = (source: string): CellText => ({type: "text/markdown", source});

/** The workbench, as the global setup built it, over a temporary folder with these notebooks, by name. */
export async function workbench(notebooks: Record<string, string>) {
  if (!existsSync(appFolder))
    throw new Error("There is no built page: what failed is told above, where the tests began.");
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(notebooks)) {
    await mkdir(dirname(join(folder, name)), {recursive: true});
    await writeFile(join(folder, `${name}.html`), text);
  }
  const server = await serve({app: appFolder, notebooks: folder, npm: npmSource(folder)}, 0);
  onTestFinished(() => server.close());
  const profile = await newProfile();
  return {
    folder,
    profile,
    address: server.address,
    /** Opens a notebook in a new tab and waits until nothing in it is queued or running. */
    open: (name: string) => openNotebook(profile, server.address, name),
    read: (name: string) => readFile(join(folder, `${name}.html`), "utf8"),
    write: (name: string, text: string) => writeFile(join(folder, `${name}.html`), text)
  };
}

/** Opens a notebook without waiting for its cells. */
export async function openNotebook(
  profile: BrowserContext,
  address: string,
  name: string
): Promise<PetriPage> {
  const page = await profile.newPage();
  const petri = new PetriPage(page);
  await page.goto(`${address}#/notebook/${name}`);
  await petri.ready();
  return petri;
}
