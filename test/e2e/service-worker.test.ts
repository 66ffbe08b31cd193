import {mkdir, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {expect, test} from "vitest";
import {buildSite} from "../../src/publish/site/build-site.ts";
import {writeServiceWorker} from "../../src/publish/site/write-service-worker.ts";
import {temporaryFolder} from "../publish/support/temporary-folder.ts";
import {newTab} from "./support/browser.ts";
import {staticHost} from "./support/static-host.ts";

/** A site whose page shows its build's number and, on request, loads a part of that build and a notebook. */
async function smallSite(build: number): Promise<string> {
  const folder = await temporaryFolder();
  const [app, notebooks, out] = ["app", "notebooks", "out"].map((name) => join(folder, name));
  await mkdir(join(app, "assets"), {recursive: true});
  await mkdir(notebooks);
  await writeFile(
    join(app, "index.html"),
    `<!doctype html><title>${build}</title><body><script type="module">
      window.part = () => import("./assets/part-${build}.js").then(({value}) => value);
      window.notebook = () => fetch("notebooks/a.html", {cache: "no-cache"}).then((response) => response.text());
    </script></body>`
  );
  await writeFile(join(app, `assets/part-${build}.js`), `export const value = "part ${build}";`);
  await writeFile(join(notebooks, "a.html"), `<notebook>${build}</notebook>`);
  await buildSite({app, notebooks, out, buildNpm: async () => undefined, writeServiceWorker});
  return out;
}

const call = (page: Page, name: "part" | "notebook") =>
  page.evaluate((key) => (window as unknown as Record<string, () => Promise<string>>)[key](), name);

/** Resolves when the newest service worker is in charge of the page. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    while (worker && worker.state !== "activated")
      await new Promise((resolve) => worker.addEventListener("statechange", resolve, {once: true}));
    while (!navigator.serviceWorker.controller)
      await new Promise((resolve) =>
        navigator.serviceWorker.addEventListener("controllerchange", resolve, {once: true})
      );
  });

test("works under a sub-path with the network cut, and isolated, after one visit", async () => {
  const site = await smallSite(1);
  const host = await staticHost("/some/where/", () => site);
  const page = await newTab();
  await page.goto(host.address);
  await kept(page);
  await host.cut();
  await page.reload();
  expect(await page.title()).toBe("1");
  expect(await call(page, "part")).toBe("part 1");
  expect(await call(page, "notebook")).toBe("<notebook>1</notebook>");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test("a new build takes over whole, and an open page of the old one still finds its parts", async () => {
  const [first, second] = [await smallSite(1), await smallSite(2)];
  let current = first;
  const host = await staticHost("/", () => current);
  const old = await newTab();
  await old.goto(host.address);
  await kept(old);
  current = second;
  await kept(old);
  expect(await call(old, "part")).toBe("part 1");
  const next = await old.context().newPage();
  await next.goto(host.address);
  await host.cut();
  await next.reload();
  expect(await next.title()).toBe("2");
  expect(await call(next, "part")).toBe("part 2");
  expect(await call(next, "notebook")).toBe("<notebook>2</notebook>");
});

test("a build that is half there does not replace the one that works", async () => {
  const site = await smallSite(1);
  const broken = await smallSite(2);
  let current = site;
  const host = await staticHost("/", () => current);
  const page = await newTab();
  await page.goto(host.address);
  await kept(page);
  const worker = await readFile(join(broken, "sw.js"), "utf8");
  await writeFile(join(broken, "sw.js"), worker.replaceAll("part-2.js", "missing.js"));
  current = broken;
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const worker = registration.installing;
    while (worker && worker.state !== "redundant")
      await new Promise((resolve) => worker.addEventListener("statechange", resolve, {once: true}));
  });
  await page.reload();
  expect(await page.title()).toBe("1");
  expect(await call(page, "part")).toBe("part 1");
});
