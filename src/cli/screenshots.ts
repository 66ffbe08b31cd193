import {mkdir, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {type Browser, type BrowserContext, chromium} from "playwright-core";
import {chromiumFlags} from "./chromium.ts";

/** The home page comes last: it shows the last result of each notebook. */
const pages = {
  quickstart: "#/notebook/quickstart",
  playground: "#/notebook/playground",
  runs: "#/notebook/runs",
  home: "#/"
};
const sizes = {wide: {width: 1280, height: 960}, phone: {width: 390, height: 844}};
const schemes = ["light", "dark"] as const;

/** Long enough for notebooks that train on a slow machine. */
const patienceMs = 240_000;

/** Without WebGPU, training runs on WebAssembly, which on a machine without a GPU is ten times faster. */
const flags = chromiumFlags.filter((flag) => !flag.includes("webgpu"));

interface Look {
  viewport: {width: number; height: number};
  colorScheme: "light" | "dark";
}

/**
 * Takes a picture of the home page, the quickstart, the playground and the notebook of runs, each wide and at phone width, light and dark,
 * when nothing in it is queued or running. Answers the paths as they come.
 */
export async function* takeScreenshots(
  address: string,
  folder: string,
  executablePath: string
): AsyncGenerator<string> {
  await mkdir(folder, {recursive: true});
  const browser = await chromium.launch({executablePath, args: flags});
  try {
    for (const [size, viewport] of Object.entries(sizes))
      for (const colorScheme of schemes)
        for await (const {page, picture} of takeAll(browser, address, {viewport, colorScheme})) {
          const path = join(folder, `${page}-${size}-${colorScheme}.png`);
          await writeFile(path, picture);
          yield path;
        }
  } finally {
    await browser.close();
  }
}

async function* takeAll(browser: Browser, address: string, look: Look) {
  const context = await browser.newContext({...look, reducedMotion: "reduce", deviceScaleFactor: 2});
  try {
    for (const [page, hash] of Object.entries(pages))
      yield {page, picture: await takeOne(context, address + hash)};
  } finally {
    await context.close();
  }
}

async function takeOne(context: BrowserContext, address: string): Promise<Buffer> {
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  await page.goto(address);
  await page.waitForFunction(() => "petri" in window);
  await page.evaluate(async () => {
    await window.petri.settled();
    await document.fonts.ready;
  });
  const picture = await page.screenshot();
  await page.close();
  return picture;
}
