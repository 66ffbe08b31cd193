import {expect, test} from "vitest";
import {notebookText, sql, workbench} from "./support/workbench.ts";

interface PetriWindow {
  petri: {
    db: {
      query(sql: string): Promise<{numRows: number}>;
      withSignal(signal: AbortSignal): {query(sql: string): Promise<unknown>};
    };
  };
}

test("a query that is cancelled leaves no word in the console, and the next one is answered", async () => {
  const {open} = await workbench({notes: notebookText("Notes", [sql("SELECT 1 AS x")])});
  const petri = await open("notes");
  await petri.settled();
  const said: string[] = [];
  petri.page.on("console", (message) => said.push(message.text()));
  const outcome = await petri.page.evaluate(async () => {
    const {db} = (window as unknown as PetriWindow).petri;
    const controller = new AbortController();
    const asked = db
      .withSignal(controller.signal)
      .query("SELECT count(*) FROM range(1000000000000) t(x) WHERE x % 7 = 3")
      .then(String, (error: Error) => error.name);
    setTimeout(() => controller.abort(), 300);
    const name = await asked;
    const {numRows} = await db.query("SELECT 1");
    return [name, numRows];
  });
  expect(outcome).toEqual(["AbortError", 1]);
  // What the statement's own end, and the next one's, would have written is there now.
  await petri.rows("SELECT 2 AS x");
  expect(said).toEqual([]);
  expect(petri.errors).toEqual([]);
});
