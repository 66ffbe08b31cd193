import "../../../src/cells/app/petri-app.ts";
import {expect} from "vitest";
import {userEvent} from "vitest/browser";
import type {PetriApp} from "../../../src/cells/app/petri-app.ts";
import type {PetriCell} from "../../../src/cells/app/petri-cell.ts";
import type {PetriNotebook} from "../../../src/cells/app/petri-notebook.ts";
import type {AppServices, EngineStatus} from "../../../src/cells/app/services.ts";
import {createOutput} from "../../../src/cells/output/create-output.ts";
import {pageClock} from "../../../src/runtime/clock.ts";
import {NotebookSession} from "../../../src/runtime/session.ts";
import {BrowserStorage} from "../../../src/runtime/storage/browser.ts";
import {openDatabase} from "../../../src/runtime/storage/database.ts";
import {DraftJournal} from "../../../src/runtime/storage/journal.ts";
import {LastRuns} from "../../../src/runtime/storage/last-runs.ts";

/** A notebook file of these cells; a text that begins with `# ` is Markdown. */
export function file(title: string, ...cells: string[]): string {
  const scripts = cells.map((value, index) => {
    const type = value.startsWith("# ") ? 'type="text/markdown"' : 'type="module" pinned=""';
    const source = value.split("\n").map((line) => `    ${line}`);
    return `  <script id="${index + 1}" ${type}>\n${source.join("\n")}\n  </script>`;
  });
  return `<!doctype html>\n<notebook theme="air">\n  <title>${title}</title>\n${scripts.join("\n")}\n</notebook>\n`;
}

const clock = pageClock({
  document,
  requestAnimationFrame: (callback) => requestAnimationFrame(callback),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  channel: () => new MessageChannel()
});
let databases = 0;

/** A browser profile: what outlives a page. */
export class Profile {
  readonly name = `app-${Date.now()}-${++databases}`;
  readonly database = openDatabase(this.name);
  readonly storage = new BrowserStorage({
    database: this.database,
    fetch: async () => new Response("", {status: 404})
  });
  readonly #alive = new Set<string>();
  #tabs = 0;

  async write(name: string, text: string): Promise<void> {
    await this.storage.write(name, text, {version: null});
  }

  async text(name: string): Promise<string> {
    return (await this.storage.read(name)).text;
  }

  /** Services of one tab, and how it dies. */
  tab(): {services: AppServices; die(): void} {
    const held: string[] = [];
    const journal = new DraftJournal({
      database: this.database,
      tab: String(++this.#tabs),
      locks: {
        hold: (lock) => {
          held.push(lock);
          this.#alive.add(lock);
        },
        held: async () => new Set(this.#alive)
      }
    });
    const services: AppServices = {
      storage: Promise.resolve(this.storage),
      journal,
      createSession: async ({notebook, createOutput, baseUrl}) =>
        new NotebookSession({
          notebook,
          createOutput,
          baseUrl,
          clock,
          builtins: {md: () => (strings: TemplateStringsArray) => text(strings.join(""))},
          importModule: () => Promise.reject(new Error("No modules here.")),
          input: () => undefined
        }),
      createOutput: (host, options) => createOutput(host, options),
      lastRuns: new LastRuns(this.database),
      engine: {status: () => IDLE, subscribe: () => () => {}, stopAll() {}},
      versions: {petri: "0.0.0"}
    };
    return {
      services,
      die: () => {
        for (const lock of held) this.#alive.delete(lock);
      }
    };
  }
}

const IDLE: EngineStatus = {
  backend: {name: "wasm", adapter: "SIMD", refused: []},
  memory: {
    tensors: 6,
    sizeBytes: 12_000,
    byOwner: {"run 1": {tensors: 2, sizeBytes: 3000}, plans: {tensors: 4, sizeBytes: 9000}},
    cacheBytes: 2000
  },
  running: []
};

function text(content: string): HTMLElement {
  return Object.assign(document.createElement("p"), {textContent: content});
}

/** Puts the app on the page at an address, waits until nothing runs. */
export async function openApp(services: AppServices, hash: string): Promise<PetriApp> {
  closeApp();
  history.replaceState(null, "", hash);
  const app = Object.assign(document.createElement("petri-app"), {services});
  document.body.append(app);
  await app.settled();
  return app;
}

export function closeApp(): void {
  document.querySelector("petri-app")?.remove();
  for (const rest of document.querySelectorAll("wa-toast, wa-dialog")) rest.remove();
}

export function notebook(): PetriNotebook {
  return document.querySelector("petri-notebook") as PetriNotebook;
}

export function cells(): PetriCell[] {
  return Array.from(document.querySelectorAll("petri-cell"));
}

export function cell(id: number): PetriCell {
  return document.querySelector(`petri-cell[data-id="${id}"]`) as PetriCell;
}

export function output(id: number): string {
  return document.getElementById(`cell-${id}`)?.textContent?.trim() ?? "";
}

export function order(): number[] {
  return cells().map(({cell}) => cell.id);
}

/** Puts the caret at the end of a cell's source. */
export async function caret(id: number): Promise<void> {
  await cell(id).edit();
  // The first editor brings CodeMirror with it.
  await expect.poll(() => cell(id).editor?.contains(document.activeElement), {timeout: 10_000}).toBe(true);
  await userEvent.keyboard("{Control>}{End}{/Control}");
}

/** Selects a cell, as Escape does. */
export async function select(id: number): Promise<void> {
  cell(id).focus();
  await expect.poll(() => notebook().activeId).toBe(id);
}

export function button(name: string, inside: ParentNode = document): HTMLElement {
  const found = Array.from(inside.querySelectorAll<HTMLElement>("button")).find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent?.trim()) === name
  );
  if (!found) throw new Error(`There is no button ${name}.`);
  return found;
}

/** What the bar says of the file. */
export const saveState = () => document.querySelector<HTMLElement>(".save-state")?.dataset.state;

export const dialog = () => document.querySelector<HTMLElement>("wa-dialog");
/** Presses a button of the open dialog and waits until it is closed. */
export const press = async (name: string) => {
  const find = () =>
    Array.from(document.querySelectorAll<HTMLElement>("wa-dialog wa-button")).find(
      (each) => each.textContent?.trim() === name
    );
  await expect.poll(() => find()?.checkVisibility()).toBe(true);
  await userEvent.click(find() as HTMLElement);
  await expect.poll(dialog).toBeNull();
};

/** Chooses an item of the notebook's menu. */
export async function choose(action: string): Promise<void> {
  await userEvent.click(button("Notebook menu"));
  const item = () => document.querySelector<HTMLElement>(`.bar wa-dropdown-item[value="${action}"]`);
  await expect.poll(() => item()?.checkVisibility()).toBe(true);
  await userEvent.click(item() as HTMLElement);
}

/** Types a name into the open dialog. */
export async function fill(name: string): Promise<void> {
  await expect.poll(() => document.querySelector("wa-dialog wa-input")?.checkVisibility()).toBe(true);
  const input = document
    .querySelector("wa-dialog wa-input")
    ?.shadowRoot?.querySelector("input") as HTMLInputElement;
  await userEvent.fill(input, name);
}

/** Presses keys at the end of a cell's source. */
export async function type(id: number, keys: string): Promise<void> {
  await caret(id);
  await userEvent.keyboard(keys);
}
