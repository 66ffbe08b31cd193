import {join} from "node:path";
import type {Page} from "playwright-core";
import {projectRoot} from "../src/cli/project.ts";
import type {Bench, Measurement} from "./measurement.ts";
import {longestTask} from "./support/longest-task.ts";
import {median} from "./support/median.ts";
import {adapterOf, openWorkbench, type Workbench} from "./support/open-workbench.ts";

/** What a person waits for in the real page, in Chromium. */
export const page: Bench = async ({quick}) => {
  return [...(await latency(quick ? 5 : 25)), ...(await quickstart(quick ? 3 : 9, quick ? 10_000 : 60_000))];
};

const row = {subject: "runtime", unit: "ms", better: "lower"} as const;

/** From the slider's event to the first row of the new run; the old one is training when the slider moves. */
async function latency(repeats: number): Promise<Measurement[]> {
  const workbench = await openWorkbench(join(projectRoot, "bench/notebooks"));
  try {
    const tab = await openNotebook(workbench, "latency");
    await firstRow(tab, 0);
    const busy: number[] = [];
    const idle: number[] = [];
    for (let i = 1; i <= repeats; i++) {
      busy.push(await moveSlider(tab, i / 1000));
      await tab.getByRole("button", {name: "Cancel"}).click();
      await tab.getByText("cancelled").first().waitFor();
      idle.push(await moveSlider(tab, 0.5 + i / 1000));
    }
    const value = median(busy);
    const against = "the same with no run to stop";
    const ratio = value / median(idle);
    const metric = "slider to first metric";
    return [{...row, case: "page", metric, value, against, ratio, adapter: await adapterOf(tab)}];
  } finally {
    await workbench.close();
  }
}

/** Moves the slider in one event and answers the milliseconds until the run for that value gave a row. */
async function moveSlider(tab: Page, value: number): Promise<number> {
  const startedAt = await tab
    .getByLabel("sparsity")
    .first()
    .evaluate((input, to) => {
      const slider = input.closest("form")?.querySelector<HTMLInputElement>("input[type=range]");
      if (!slider) throw new Error("The notebook shows no slider.");
      slider.value = String(to);
      const at = performance.now();
      slider.dispatchEvent(new Event("input", {bubbles: true}));
      return at;
    }, value);
  return (await firstRow(tab, value)) - startedAt;
}

/** When the run for a value of the slider gave its first row, in the page's clock. */
async function firstRow(tab: Page, value: number): Promise<number> {
  const handle = await tab.waitForFunction(
    (of) => (window as unknown as {firstRows?: Map<number, number>}).firstRows?.get(of),
    value
  );
  return (await handle.jsonValue()) as number;
}

/** The quickstart: when its first cell is on the page, and the longest task while it trains. */
async function quickstart(repeats: number, longestMs: number): Promise<Measurement[]> {
  const workbench = await openWorkbench(join(projectRoot, "notebooks"));
  try {
    const paints: number[] = [];
    for (let i = 0; i <= repeats; i++) {
      const tab = await openNotebook(workbench, "quickstart");
      await tab.getByText("A small network is learning").waitFor();
      const at = await tab.evaluate(() => performance.now());
      // The first visit fills the browser's cache.
      if (i > 0) paints.push(at);
      await tab.close();
    }
    const first = median(paints);
    const tab = await openNotebook(workbench, "quickstart");
    await tab.getByRole("progressbar").locator("+ .figures .count").waitFor();
    const longest = await longestTask(workbench.browser, tab, () =>
      Promise.race([settled(tab), tab.waitForTimeout(longestMs)])
    );
    const training = {...row, case: "quickstart, training", against: "50 ms", adapter: await adapterOf(tab)};
    return [
      {
        ...row,
        case: "quickstart",
        metric: "first content",
        value: first,
        against: "1 s",
        ratio: first / 1000,
        adapter: ""
      },
      {...training, metric: "longest main-thread task", value: longest.wallMs, ratio: longest.wallMs / 50},
      {
        ...training,
        metric: "longest main-thread task, its own time",
        value: longest.cpuMs,
        ratio: longest.cpuMs / 50
      }
    ];
  } finally {
    await workbench.close();
  }
}

async function openNotebook({profile, address}: Workbench, name: string): Promise<Page> {
  const tab = await profile.newPage();
  tab.setDefaultTimeout(120_000);
  await tab.goto(`${address}#/notebook/${name}`);
  return tab;
}

async function settled(tab: Page): Promise<void> {
  await tab.evaluate(() => window.petri.settled().then(() => undefined));
}
