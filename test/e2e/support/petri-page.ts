import type {Locator, Page} from "playwright-core";

/** What `window.petri.settled()` says of a cell. */
export interface SettledCell {
  id: number;
  mode: string;
  state: string;
  error?: {name: string; message: string; line?: number};
}

interface PetriWindow {
  petri: {
    settled(): Promise<{cells: SettledCell[]}>;
    db: {query(sql: string): Promise<Iterable<{toJSON(): Record<string, unknown>}>>};
  };
}

/** Drives an open notebook by the roles and names that a person hears and reads. */
export class PetriPage {
  readonly page: Page;
  /** Errors that nobody caught, and what the page wrote as errors. */
  readonly errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  async ready(): Promise<void> {
    await this.page.waitForFunction(() => "petri" in window);
    await this.cell(1).waitFor();
  }

  /** Resolves when nothing is queued or running. */
  async settled(): Promise<SettledCell[]> {
    return this.page.evaluate(async () => (await (window as unknown as PetriWindow).petri.settled()).cells);
  }

  /** The nth cell, from 1. */
  cell(position: number): Locator {
    return this.page.getByRole("group", {name: new RegExp(`^Cell ${position},`)});
  }

  source(position: number): Locator {
    return this.page.getByRole("textbox", {name: `Source of cell ${position}`});
  }

  /** Replaces a cell's source and runs it. */
  async rewrite(position: number, text: string): Promise<void> {
    await this.type(position, text);
    await this.page.keyboard.press("ControlOrMeta+Enter");
  }

  /** Replaces a cell's source without running it. */
  async type(position: number, text: string): Promise<void> {
    await this.source(position).click();
    // What is shown first is the text alone; the editor takes its place.
    await this.cell(position).locator(".cm-content").click();
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(text);
  }

  /** Moves a slider of Inputs.range to a value, in one event. */
  async slide(label: string, value: number): Promise<void> {
    await this.page
      .getByLabel(label)
      .first()
      .evaluate((input, to) => {
        const slider = input.closest("form")?.querySelector<HTMLInputElement>("input[type=range]");
        if (!slider) throw new Error("There is no slider of that name.");
        slider.value = String(to);
        slider.dispatchEvent(new Event("input", {bubbles: true}));
      }, value);
  }

  /** Rows of a query on the page's own tables. */
  async rows<T extends Record<string, unknown>>(query: string): Promise<T[]> {
    const rows = await this.page.evaluate(async (text) => {
      const table = await (window as unknown as PetriWindow).petri.db.query(text);
      return Array.from(table, (row) => row.toJSON());
    }, query);
    return rows as T[];
  }

  /** Asks the page's tables again, a frame later each time, until the first number of the answer has reached `least`. */
  async rowsReach(query: string, least: number): Promise<void> {
    await this.page.evaluate(
      async ([text, wanted]) => {
        const {db} = (window as unknown as PetriWindow).petri;
        for (;;) {
          const [row] = Array.from(await db.query(text), (each) => each.toJSON());
          if (Number(Object.values(row)[0]) >= wanted) return;
          await new Promise(requestAnimationFrame);
        }
      },
      [query, least] as const
    );
  }
}
