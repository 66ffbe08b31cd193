import axe from "axe-core";
import {afterEach, expect, test} from "vitest";
import {createRoutingExplorer, createRoutingView} from "../../src/cells/moe/create-moe-views.ts";
import type {RoutedExample, RoutingSummary} from "../../src/cells/moe/model.ts";

const report: RoutingSummary = {
  experts: 3,
  load: [0.5, 0.25, 0.25],
  loadEntropy: 0.946,
  routerEntropy: 0.4,
  dropped: 0.125,
  unrouted: 0,
  labels: ["cat", "dog"],
  specialisation: [
    [0.9, 0.1, 0],
    [0.1, 0.4, 0.5]
  ]
};
const examples: RoutedExample[] = [
  {
    label: "a cat",
    pixels: [0, 1, 0.5, 0],
    width: 2,
    tokens: [
      {experts: [0, 2], weights: [0.75, 0.25]},
      {experts: [0], weights: [1]}
    ]
  },
  {
    label: "a dog",
    pixels: [1, 0, 0, 0],
    width: 2,
    tokens: [
      {experts: [1], weights: [1]},
      {experts: [], weights: []}
    ]
  }
];
const context = () => ({cellId: 1, signal: new AbortController().signal});

afterEach(() => document.body.replaceChildren());

async function show<E extends HTMLElement & {updateComplete: Promise<unknown>}>(
  element: E
): Promise<ShadowRoot> {
  document.body.append(element);
  await element.updateComplete;
  return element.shadowRoot as ShadowRoot;
}

/** The page's landmarks and colours are not here. */
async function violations() {
  const rules = {"color-contrast": {enabled: false}, region: {enabled: false}};
  return (await axe.run(document.body, {rules})).violations.map(({id, help}) => `${id}: ${help}`);
}

const click = (element: Element | null | undefined) =>
  element?.dispatchEvent(new MouseEvent("click", {bubbles: true}));

test("a report is shown as figures, loads over the steps and classes by experts", async () => {
  const history = [
    {step: 10, load: [1, 0, 0]},
    {step: 20, load: [0.5, 0.25, 0.25]}
  ];
  const root = await show(createRoutingView()(context())(report, {history}));
  expect(root.querySelector("p")?.textContent).toBe(
    "load entropy 0.95 · router entropy 0.40 · dropped 12.5% · without an expert 0.0%"
  );
  const [loads, classes] = root.querySelectorAll("table");
  expect(Array.from(loads?.querySelectorAll("td") ?? [], ({title}) => title).slice(0, 2)).toEqual([
    "step 10, expert 1: 100.0%",
    "step 20, expert 1: 50.0%"
  ]);
  expect(Array.from(classes?.querySelectorAll("td") ?? [], (cell) => cell.textContent)).toEqual([
    "90",
    "10",
    "0",
    "10",
    "40",
    "50"
  ]);
  expect(await violations()).toEqual([]);
});

test("a click on an example shows the experts that it visits, and one on a token those of the token", async () => {
  const element = createRoutingExplorer()(context())(examples, {experts: 3});
  const told: unknown[] = [];
  element.addEventListener("input", () => told.push(element.value));
  const root = await show(element);
  const status = () => root.querySelector("[role=status]")?.textContent;
  expect(status()).toBe("a cat: expert 1 (88%), expert 3 (13%)");
  expect(root.querySelectorAll(".way")).toHaveLength(3);
  click(root.querySelectorAll(".token")[1]);
  await element.updateComplete;
  expect(status()).toBe("a cat, token 2: expert 1 (100%)");
  expect(root.querySelectorAll(".way")).toHaveLength(1);
  click(root.querySelectorAll("button")[1]);
  await element.updateComplete;
  expect(status()).toBe("a dog: expert 2 (100%)");
  expect(told).toEqual([
    {example: 0, token: 1},
    {example: 1, token: null}
  ]);
  expect(await violations()).toEqual([]);
});

test("the example that is looked at stays when the cell runs again", async () => {
  const make = createRoutingExplorer();
  const first = make(context())(examples, {experts: 3});
  const root = await show(first);
  click(root.querySelectorAll("button")[1]);
  const again = make(context())(examples, {experts: 3});
  expect(again).toBe(first);
  expect(again.value).toEqual({example: 1, token: null});
});

test("what is no report and no example is refused with what to pass", () => {
  expect(() => createRoutingView()(context())([report] as never)).toThrow(
    /pass a record of await routingReport/
  );
  expect(() => createRoutingExplorer()(context())(examples, {experts: 2})).toThrow(/from 0 to experts - 1/);
});
