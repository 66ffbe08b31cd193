import axe from "axe-core";
import {afterEach, beforeEach, expect, test} from "vitest";
import {userEvent} from "vitest/browser";
import {ACTIONS} from "../../../src/cells/app/actions.ts";
import {button, cell, closeApp, file, openApp, Profile} from "./support.ts";

let profile: Profile;

beforeEach(async () => {
  profile = new Profile();
  await profile.write("b", file("Second", "# The first paragraph of it."));
  await profile.write("a", file("First", "1 + 1"));
});
afterEach(() => {
  closeApp();
  delete document.documentElement.dataset.scheme;
  localStorage.clear();
});

const titles = () =>
  Array.from(document.querySelectorAll(".entry-title"), (each) => each.textContent?.trim());

test("the home page lists the notebooks and when they ran", async () => {
  const {services} = profile.tab();
  await openApp(services, "#/notebook/a");
  await expect.poll(async () => (await services.lastRuns.all()).has("a")).toBe(true);
  await openApp(services, "#/");
  await expect.poll(titles).toEqual(["First", "Second"]);
  await expect
    .poll(() => document.querySelector(".entry-meta")?.textContent)
    .toMatch(/^a·ran just now in .*·wasm$/);
  await userEvent.click(document.querySelector(".entry-title") as HTMLElement);
  await expect.poll(() => document.querySelector("petri-cell")?.dataset.state).toBe("done");
});

test("the home page shows a notebook's last drawing, though the run was left in the middle", async () => {
  const draw = `const canvas = document.createElement("canvas");
canvas.getContext("2d").fillRect(0, 0, 300, 150);
display(canvas);`;
  await profile.write("c", file("Drawing", draw, "await new Promise(() => {});"));
  const {services} = profile.tab();
  const opened = openApp(services, "#/notebook/c");
  await expect.poll(() => cell(2)?.dataset.state).toBe("running");
  await userEvent.keyboard("{Shift>}h{/Shift}");
  await opened;
  const picture = () => document.querySelector<HTMLImageElement>(".entry-picture")?.src;
  await expect
    .poll(async () => (await services.lastRuns.all()).get("c")?.picture)
    .toMatch(/^data:image\/webp/);
  await openApp(services, "#/");
  await expect.poll(picture).toMatch(/^data:image\/webp/);
  await expect.poll(() => document.querySelector("petri-footer .pulse")).toBeNull();
});

test("one key makes a notebook", async () => {
  await openApp(profile.tab().services, "#/");
  await expect.poll(titles).toHaveLength(2);
  await userEvent.keyboard("n");
  await expect.poll(() => location.hash).toBe("#/notebook/untitled");
  await expect.poll(() => cell(1)?.getAttribute("aria-label")).toMatch(/^Cell 1, Markdown/);
});

test("a dropped file becomes a notebook, and another file is refused with the reason", async () => {
  await openApp(profile.tab().services, "#/");
  await expect.poll(titles).toHaveLength(2);
  const drop = (name: string, text: string) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name, {type: "text/html"}));
    const home = document.querySelector("petri-home") as HTMLElement;
    home.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
  };
  drop("other.html", "<p>no notebook</p>");
  await expect
    .poll(() => document.querySelector("wa-toast-item")?.textContent)
    .toMatch(/other.html holds no <notebook>/);
  drop("My Lab.html", file("Lab", "1"));
  await expect.poll(() => location.hash).toBe("#/notebook/my-lab");
});

test("the keyboard page is the table of actions", async () => {
  await openApp(profile.tab().services, "#/help/keys");
  await expect.poll(() => document.querySelector("main petri-keys dl")).not.toBeNull();
  const shown = Array.from(document.querySelectorAll("petri-keys dt"), (each) =>
    each.textContent?.replace(" while editing", "").trim()
  );
  const expected = ACTIONS.filter(({keys}) => keys.length > 0).map(({title}) => title);
  expect(shown.toSorted()).toEqual(expected.toSorted());
  expect(document.querySelector("petri-keys")?.textContent).toContain("petri 0.0.0");
});

test("the keyboard help lies over a notebook that goes on running", async () => {
  await profile.write("c", file("Busy", "await new Promise(() => {});", "2"));
  const opened = openApp(profile.tab().services, "#/notebook/c");
  void opened.catch(() => {});
  await expect.poll(() => cell(1)?.dataset.state).toBe("running");
  const [element, dialog] = [cell(2), () => document.querySelector<HTMLElement>("wa-dialog")];
  const shown = new Promise((resolve) =>
    document.addEventListener("wa-after-show", resolve, {capture: true, once: true})
  );
  element.focus();
  await userEvent.keyboard("?");
  await shown;
  await expect.poll(() => dialog()?.querySelector("petri-keys dl")?.checkVisibility()).toBe(true);
  expect(location.hash).toBe("#/notebook/c");
  expect(cell(1).dataset.state).toBe("running");
  const {violations} = await axe.run(dialog() as HTMLElement, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa"]});
  expect(violations.map(({id}) => id)).toEqual([]);
  await userEvent.keyboard("{Escape}");
  await expect.poll(dialog).toBeNull();
  await expect.poll(() => document.activeElement).toBe(element);
  expect(element.isConnected).toBe(true);
  expect(cell(1).dataset.state).toBe("running");
});

test("light and dark are the reader's choice, and stay", async () => {
  const {services} = profile.tab();
  await openApp(services, "#/");
  await expect.poll(titles).toHaveLength(2);
  const choose = async () => userEvent.click(button("Light, dark or automatic"));
  await choose();
  expect(document.documentElement.dataset.scheme).toBe("light");
  await choose();
  expect(getComputedStyle(document.documentElement).colorScheme).toBe("dark");
  await openApp(services, "#/");
  expect(document.documentElement.dataset.scheme).toBe("dark");
});

test("a notebook's own theme is loaded, and left behind on the way home", async () => {
  await profile.write("c", file("Parchment", "1").replace('"air"', '"parchment"'));
  const {services} = profile.tab();
  const ink = () =>
    getComputedStyle(document.documentElement).getPropertyValue("--theme-foreground-focus").trim();
  await openApp(services, "#/");
  await expect.poll(titles).toHaveLength(3);
  const plain = ink();
  await openApp(services, "#/notebook/c");
  await expect.poll(ink).not.toBe(plain);
  await userEvent.keyboard("{Shift>}h{/Shift}");
  await expect.poll(ink).toBe(plain);
});

test.each(["light", "dark"])("no page has an accessibility fault in the %s", async (scheme) => {
  localStorage.setItem("petri:scheme", scheme);
  const {services} = profile.tab();
  for (const hash of ["#/", "#/notebook/a", "#/help/keys"]) {
    const app = await openApp(services, hash);
    await expect.poll(() => app.querySelector(".entry-title, petri-cell, petri-keys dl")).not.toBeNull();
    const {violations} = await axe.run(app, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa"]});
    expect(
      violations.map(({id, nodes}) => `${hash} ${id}: ${nodes.map(({html}) => html).join(" ")}`)
    ).toEqual([]);
  }
});
