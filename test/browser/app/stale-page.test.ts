import "../../../src/cells/styles/base.css";
import "../../../src/cells/styles/shell.css";
import {afterEach, beforeEach, expect, test, vi} from "vitest";
import {userEvent} from "vitest/browser";
import {StalePage} from "../../../src/cells/app/stale-page.ts";

// The build that this page is of is gone, and what draws messages with it.
vi.mock("../../../src/cells/app/wa-toast.ts", () => {
  throw new TypeError("Failed to fetch dynamically imported module");
});

const reload = vi.fn();
let isUp = true;
let page: StalePage;

const said = () => Array.from(document.querySelectorAll("wa-toast-item"), (item) => item.textContent);
const fail = () => window.dispatchEvent(new Event("vite:preloadError", {cancelable: true}));

beforeEach(() => {
  page = new StalePage({isReachable: async () => isUp, reload});
  page.hostConnected();
});
afterEach(() => {
  page.hostDisconnected();
  document.querySelector("wa-toast")?.remove();
});

test("a part that is gone from the server: says once that Petri was updated, and reloads when asked to", async () => {
  isUp = true;
  fail();
  fail();
  await expect
    .poll(said)
    .toEqual([expect.stringMatching(/^Petri was updated while this page was open. .*Reload$/)]);
  fail();
  expect(said()).toHaveLength(1);
  expect(reload).not.toHaveBeenCalled();
  const message = document.querySelector('[role="alert"]') as HTMLElement;
  const {top, bottom} = message.getBoundingClientRect();
  expect([top > 0, bottom < innerHeight]).toEqual([true, true]);
  await userEvent.click(message.querySelector(".toast-action") as HTMLElement);
  expect(reload).toHaveBeenCalledOnce();
});

test("a server that does not answer is no update, and may be back", async () => {
  isUp = false;
  fail();
  await expect.poll(said).toEqual([expect.stringMatching(/its server does not answer/)]);
  isUp = true;
  fail();
  await expect.poll(said).toContainEqual(expect.stringMatching(/^Petri was updated/));
});
