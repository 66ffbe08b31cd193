import axe from "axe-core";
import {afterEach, expect, test} from "vitest";
import {createGoodnessView} from "../../src/cells/forward-forward/create-goodness-view.ts";
import type {BlockSummary} from "../../src/cells/forward-forward/model.ts";
import type {PetriGoodnessView} from "../../src/cells/forward-forward/petri-goodness-view.ts";

const mixed: BlockSummary[] = [
  {positive: [1, 3, 5, 7], negative: [1, 3, 5, 7], threshold: 4, apart: 0.5},
  {positive: [2, 2, 2, 90], negative: [2, 2, 2, 2], threshold: 4, apart: 0.625}
];
const separate: BlockSummary[] = [
  {positive: [80, 80, 80, 80], negative: [1, 1, 1, 1], threshold: 4, apart: 1},
  {positive: [80, 80], negative: [1, 1, 1, 40], apart: 1}
];
const context = () => ({cellId: 1, signal: new AbortController().signal});

afterEach(() => document.body.replaceChildren());

async function show(element: PetriGoodnessView): Promise<ShadowRoot> {
  document.body.append(element);
  await element.updateComplete;
  return element.shadowRoot as ShadowRoot;
}

const names = (root: ShadowRoot) =>
  Array.from(root.querySelectorAll("[role=img]"), (image) => image.getAttribute("aria-label"));

/** Where a histogram stands above the axis: the number of its first and of its last bin with something in it, of 24. */
function reach(root: ShadowRoot, block: number, kind: "positive" | "negative") {
  const path = root.querySelectorAll(`path.${kind}`)[block]?.getAttribute("d") ?? "";
  const heights = [...path.matchAll(/V([\d.]+)h/g)].map(([, y]) => 96 - Number(y));
  const filled = heights.flatMap((height, bin) => (height > 0 ? [bin] : []));
  return {bins: heights.length, first: filled[0], last: filled.at(-1), top: Math.max(...heights)};
}

test("every block has histograms of its positives and negatives on one scale, told in words too", async () => {
  const root = await show(createGoodnessView()(context())(mixed, {step: 1200}));
  expect(names(root)).toEqual([
    "Block 1: 50.0% of pairs told apart; median goodness 4 for positives, 4 for negatives",
    "Block 2: 62.5% of pairs told apart; median goodness 2 for positives, 2 for negatives"
  ]);
  const words = root.querySelector("p")?.textContent?.replace(/\s+/g, " ").trim();
  expect(words).toBe("step 1,200 positives negatives threshold");
  // All 16 numbers lie below 100: a bin is 100 / 24 wide, in both blocks.
  expect(reach(root, 0, "positive")).toMatchObject({bins: 24, first: 0, last: 1});
  expect(reach(root, 1, "positive")).toMatchObject({first: 0, last: 21});
  // The fullest bin of all is as high as the picture: block 2's negatives lie in one bin.
  expect(reach(root, 1, "negative").top).toBe(96);
  expect(reach(root, 1, "positive").top).toBe(72);
  const line = root.querySelector("line.threshold");
  expect(Number(line?.getAttribute("x1"))).toBeCloseTo(12);
  const rules = {"color-contrast": {enabled: false}, region: {enabled: false}};
  expect((await axe.run(document.body, {rules})).violations.map(({id, help}) => `${id}: ${help}`)).toEqual(
    []
  );
});

test("called again in an evaluation that follows, the same element shows how goodness came apart", async () => {
  const make = createGoodnessView();
  const element = make(context())(mixed);
  const root = await show(element);
  expect(make(context())(separate)).toBe(element);
  await element.updateComplete;
  expect(names(root)[0]).toMatch(/^Block 1: 100\.0% of pairs told apart; median goodness 80 .* 1 for neg/);
  expect(reach(root, 0, "negative").last).toBeLessThan(reach(root, 0, "positive").first ?? 0);
  // The second block has no threshold.
  expect(root.querySelectorAll("line.threshold")).toHaveLength(1);
});

test("the few largest are counted in the last bin, and what is no number in none", async () => {
  const of = (value: number) => new Array<number>(300).fill(value);
  const blocks = [{positive: [...of(0.1), 5000], negative: [...of(0.19), Number.NaN], apart: 0.5}];
  const root = await show(createGoodnessView()(context())(blocks));
  expect(reach(root, 0, "positive")).toMatchObject({first: 12, last: 23});
  expect(reach(root, 0, "negative")).toMatchObject({first: 22, last: 22});
  const image = root.querySelector("svg");
  expect(Array.from(image?.querySelectorAll("text") ?? [], (text) => text.textContent)).toEqual([
    "0",
    "goodness",
    "0.2"
  ]);
});

test("pictures are no wider than a phone's column", async () => {
  document.body.style.width = "240px";
  const root = await show(createGoodnessView()(context())(mixed));
  const widths = Array.from(root.querySelectorAll("svg"), (image) => image.getBoundingClientRect().width);
  document.body.style.width = "";
  expect(Math.max(...widths)).toBeLessThanOrEqual(240);
});

test("what is no report is refused with what to pass", () => {
  const view = createGoodnessView()(context());
  expect(() => view([] as never)).toThrow(/pass await goodnessReport\(model, params, data\)/);
  expect(() => view([{positive: [], negative: [1], apart: 1}])).toThrow(/at least one positive/);
});
