import {mkdir} from "node:fs/promises";
import {join} from "node:path";
import {type Browser, chromium} from "playwright-core";
import {chromiumFlags} from "./chromium.ts";

const pages = {home: "#/", quickstart: "#/notebook/quickstart", playground: "#/notebook/playground"};
const sizes = {wide: {width: 1280, height: 960}, phone: {width: 390, height: 844}};
const schemes = ["light", "dark"] as const;

/** Long enough for a notebook that trains on a software GPU. */
const patienceMs = 240_000;

/**
 * Takes a picture of the home page, the quickstart and the playground, each wide and at phone width, light and dark,
 * when nothing in it is queued or running. Answers the paths.
 */
export async function takeScreenshots(
  address: string,
  folder: string,
  executablePath: string
): Promise<string[]> {
  await mkdir(folder, {recursive: true});
  const browser = await chromium.launch({executablePath, args: chromiumFlags});
  const paths: string[] = [];
  try {
    for (const [page, hash] of Object.entries(pages))
      for (const [size, viewport] of Object.entries(sizes))
        for (const colorScheme of schemes) {
          const path = join(folder, `${page}-${size}-${colorScheme}.png`);
          await takeOne(browser, `${address}${hash}`, path, {viewport, colorScheme});
          paths.push(path);
        }
  } finally {
    await browser.close();
  }
  return paths;
}

async function takeOne(
  browser: Browser,
  address: string,
  path: string,
  look: {viewport: {width: number; height: number}; colorScheme: "light" | "dark"}
): Promise<void> {
  const context = await browser.newContext({...look, reducedMotion: "reduce", deviceScaleFactor: 2});
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(patienceMs);
    await page.goto(address);
    await page.waitForFunction(() => "petri" in window);
    await page.evaluate(async () => {
      await (window as unknown as {petri: {settled(): Promise<unknown>}}).petri.settled();
      await document.fonts.ready;
    });
    await page.screenshot({path});
  } finally {
    await context.close();
  }
}
