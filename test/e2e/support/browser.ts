import {type Browser, type BrowserContext, chromium, type Page} from "playwright-core";
import {afterAll, onTestFinished} from "vitest";
import {chromiumFlags, findChromium} from "../../../src/cli/chromium.ts";
import {temporaryFolder} from "../../publish/support/temporary-folder.ts";

/** A software GPU on a busy machine takes its time. */
const patienceMs = 60_000;

let browser: Promise<Browser> | undefined;

/** The Chromium of this test file, started when it is first asked for. */
function theBrowser(): Promise<Browser> {
  browser ??= findChromium().then((path) =>
    chromium.launch({executablePath: path ?? undefined, args: chromiumFlags})
  );
  return browser;
}

afterAll(async () => {
  await (await browser)?.close();
});

/** A browser profile of its own for one test: no cache, no storage, no service worker of another. */
export async function newProfile(): Promise<BrowserContext> {
  const context = await (await theBrowser()).newContext();
  onTestFinished(() => context.close());
  context.setDefaultTimeout(patienceMs);
  return context;
}

/** A profile on disk, in a browser of its own. Quotas hold there as a person has them: other profiles are in memory. */
export async function newProfileOnDisk(): Promise<BrowserContext> {
  const executablePath = (await findChromium()) ?? undefined;
  const folder = await temporaryFolder();
  const context = await chromium.launchPersistentContext(folder, {executablePath, args: chromiumFlags});
  onTestFinished(() => context.close());
  context.setDefaultTimeout(patienceMs);
  return context;
}

/** A profile in a browser of its own that has no WebGPU. */
export async function newProfileWithoutGpu(): Promise<BrowserContext> {
  const args = chromiumFlags.filter((flag) => !flag.includes("webgpu"));
  const own = await chromium.launch({executablePath: (await findChromium()) ?? undefined, args});
  onTestFinished(() => own.close());
  const context = await own.newContext();
  context.setDefaultTimeout(patienceMs);
  return context;
}

/** A tab in a profile of its own. */
export async function newTab(): Promise<Page> {
  return (await newProfile()).newPage();
}
