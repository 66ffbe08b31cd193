import {expect, test} from "vitest";
import {keyOf} from "../../src/publish/site/key.ts";

const site = "https://host.example/petri/";

test("a file has one address, however it is written", () => {
  const key = keyOf(`${site}npm/d3@^7.js`);
  expect(keyOf(`${site}npm/d3@%5E7.js?attempt=1`)).toBe(key);
  expect(keyOf(`${site}npm/d3%40%5e7.js#x`)).toBe(key);
  expect(keyOf(`${site}npm/d3@7.js`)).not.toBe(key);
});

test("the page's address is its folder's", () => {
  expect(keyOf(`${site}index.html`)).toBe(site);
});
