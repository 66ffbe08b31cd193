import {type Browser, type BrowserContext, chromium, type Page} from "playwright-core";
import {builtApp} from "../../src/cli/built-app.ts";
import {chromiumFlags} from "../../src/cli/chromium.ts";
import {ensureChromium} from "../../src/cli/ensure-chromium.ts";
import {npmSource} from "../../src/cli/npm-source.ts";
import {serve} from "../../src/publish/server/serve.ts";

export interface Workbench {
  address: string;
  browser: Browser;
  /** Its tabs share a cache. */
  profile: BrowserContext;
  close(): Promise<void>;
}

/** Serves a folder of notebooks and starts a Chromium: what a person has after `npm start`. */
export async function openWorkbench(notebooks: string): Promise<Workbench> {
  const executablePath = await ensureChromium();
  const server = await serve({app: await builtApp(), notebooks, npm: npmSource(notebooks)}, 0);
  const browser = await chromium.launch({executablePath, args: chromiumFlags});
  return {
    address: server.address,
    browser,
    profile: await browser.newContext(),
    close: async () => {
      await browser.close();
      await server.close();
    }
  };
}

/** What the page's footer says it trains on, e.g. `SwiftShader`. */
export async function adapterOf(page: Page): Promise<string> {
  const text = await page.locator("petri-footer .footer-adapter").textContent();
  return (text ?? "").replace(/^\W+/, "").trim();
}
