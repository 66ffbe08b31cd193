import axe from "axe-core";
import {afterEach, expect, test, vi} from "vitest";
import {userEvent} from "vitest/browser";
import {createKanDiagram} from "../../src/cells/kan/create-kan-diagram.ts";
import type {DiagramNetwork, KanDiagramOptions} from "../../src/cells/kan/model.ts";
import type {PetriKanDiagram} from "../../src/cells/kan/petri-kan-diagram.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {type KanEdge, predict} from "../../src/ops/kan/network/predict.ts";
import {edgeCurves, suggestCurves, withChanges} from "../../src/ops/kan/symbolic/edge-curves.ts";
import {suggestSymbolic} from "../../src/ops/kan/symbolic/suggest.ts";

const network = kanNetwork({width: [2, [2, 1], 1], seed: 2});
const inputs = Float64Array.from({length: 200}, (_, i) => Math.cos(i * i));
const curves = edgeCurves(network, inputs);
const library = ["x", "x^2", "sin", "exp", "abs", "tanh", "gaussian"];

afterEach(() => {
  document.body.replaceChildren();
  document.documentElement.style.colorScheme = "";
});

async function show(options: KanDiagramOptions = {}, drawn: DiagramNetwork = curves, width = 640) {
  const element = createKanDiagram()({cellId: 1, signal: new AbortController().signal})(drawn, options);
  const told: unknown[] = [];
  element.addEventListener("input", () => told.push(element.value));
  document.body.style.width = `${width}px`;
  document.body.append(element);
  await settled(element);
  return {element, told, edges: () => [...element.renderRoot.querySelectorAll<SVGGElement>("[data-edge]")]};
}

async function settled(element: PetriKanDiagram): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  await element.updateComplete;
}

function button(element: PetriKanDiagram, text: string): HTMLButtonElement | undefined {
  return [...element.renderRoot.querySelectorAll("button")].find((each) => each.textContent?.includes(text));
}

test("a network is drawn with a curve for each edge, as strong as its score", async () => {
  const {element, edges} = await show({names: ["mass", "speed"], outputs: ["energy"], beta: 2});
  expect(edges()).toHaveLength(curves.edges.length);
  const {score} = curves.edges[0] ?? {score: Number.NaN};
  const [first] = edges();
  const opacity = Number(first?.querySelector(".curve")?.getAttribute("opacity"));
  expect(opacity).toBeCloseTo(Math.max(0.12, Math.tanh(2 * score)), 10);
  expect(first?.getAttribute("aria-label")).toBe(
    `Edge mass → node 1 of level 1: spline, strength ${score.toPrecision(2)}`
  );
  const texts = [...element.renderRoot.querySelectorAll("text")].map((text) => text.textContent);
  expect(texts).toEqual(["mass", "speed", "×", "energy"]);
});

test("an edge that is clicked is shown large, with what it may be, and becomes it", async () => {
  const suggest = vi.fn((edge) => suggestSymbolic(network, inputs, edge, {library}));
  const {element, told, edges} = await show({suggest, suggestions: 3});
  expect(element.value).toEqual({edge: null, changes: []});
  edges()[1]?.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  const edge = {layer: 0, from: 0, to: 1};
  expect(told).toEqual([{edge, changes: []}]);
  await vi.waitUntil(() => element.renderRoot.querySelectorAll("li button").length === 3);
  expect(suggest).toHaveBeenCalledExactlyOnceWith(edge);
  expect(element.renderRoot.querySelector(".large path")?.getAttribute("d")).toMatch(/^M8\.0,/);
  const best = suggestSymbolic(network, inputs, edge, {library})[0]?.name as string;
  button(element, "r²")?.click();
  expect(told.at(-1)).toEqual({edge, changes: [{...edge, name: best}]});
  await settled(element);
  expect(edges()[1]?.getAttribute("aria-label")).toContain(`: ${best}, strength`);
  const changed = withChanges(network, inputs, element.value.changes);
  expect(changed.layers[0]?.symbolic[1]?.name).toBe(best);
  button(element, "Unfix")?.click();
  expect(element.value.changes).toEqual([]);
  expect(predict(withChanges(network, inputs, element.value.changes), inputs)).toEqual(
    predict(network, inputs)
  );
});

test("a function becomes a spline again by a change", async () => {
  const edge = {layer: 1, from: 2, to: 0};
  const fixed = withChanges(network, inputs, [{...edge, name: "sin"}]);
  const {element, edges} = await show({}, edgeCurves(fixed, inputs));
  edges()
    .at(-1)
    ?.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  await settled(element);
  button(element, "Unfix")?.click();
  expect(element.value.changes).toEqual([{...edge, name: null}]);
});

test("a function lies over the spline with its formula, while one looks at it and when the edge is fixed", async () => {
  const suggest = (edge: KanEdge) => suggestCurves(network, inputs, edge, {library, count: 3});
  const {element, edges} = await show({suggest, names: ["mass", "speed"]});
  const find = (selector: string) => element.renderRoot.querySelector(selector);
  const caption = () => find("figcaption")?.textContent?.trim().replace(/\s+/g, " ");
  edges()[0]?.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  await vi.waitUntil(() => element.renderRoot.querySelectorAll("li button").length === 3);
  expect([caption(), find(".fitted")]).toEqual(["spline", null]);
  const [best, second] = suggest({layer: 0, from: 0, to: 0});
  const [first, other] = element.renderRoot.querySelectorAll("li button");
  const told = (of: typeof best) => `${of?.formula.replace(/\bz\b/g, "mass")} r² ${of?.r2.toFixed(5)}`;
  other?.dispatchEvent(new PointerEvent("pointerenter"));
  await element.updateComplete;
  expect(caption()).toBe(told(second));
  expect(find(".large .fitted")?.getAttribute("d")).not.toBe(find(".large .under")?.getAttribute("d"));
  expect(edges()[0]?.querySelector(".fitted")).toBeNull();
  other?.dispatchEvent(new PointerEvent("pointerleave"));
  await element.updateComplete;
  expect(find(".fitted")).toBeNull();
  (first as HTMLButtonElement).click();
  await element.updateComplete;
  expect(caption()).toBe(told(best));
  // The curve is where the function is, in the frame of the spline.
  const under = find(".large .under")?.getAttribute("d") as string;
  const over = find(".large .fitted")?.getAttribute("d") as string;
  const heights = (path: string) =>
    path
      .slice(1)
      .split("L")
      .map((point) => Number(point.split(",")[1]));
  const {y} = curves.edges[0] as (typeof curves.edges)[number];
  const range = Math.max(...y) - Math.min(...y);
  heights(over).forEach((height, i) => {
    const wanted = ((y[i] as number) - (best?.y[i] as number)) * (144 / range);
    expect(height - (heights(under)[i] as number)).toBeCloseTo(wanted, 0);
  });
  expect(edges()[0]?.querySelector(".fitted")).not.toBeNull();
  button(element, "Unfix")?.click();
  await element.updateComplete;
  expect([caption(), find(".fitted")]).toEqual(["spline", null]);
});

test("a network whose edges are functions shows the splines that these stand for, also when they are let go", async () => {
  const edge = {layer: 0, from: 0, to: 0};
  const fixed = withChanges(network, inputs, [{...edge, name: "sin"}]);
  const {element, edges} = await show({}, edgeCurves(fixed, inputs));
  const [first, second] = edges();
  expect([first, second].map((each) => each?.querySelectorAll(".curve").length)).toEqual([2, 1]);
  const spline = first?.querySelector(".under")?.getAttribute("d");
  first?.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  await settled(element);
  expect(element.renderRoot.querySelector("figcaption")?.textContent).toMatch(/sin\(.*r² \d\.\d{5}/s);
  button(element, "Unfix")?.click();
  await settled(element);
  expect([...(first?.querySelectorAll(".curve") ?? [])].map((curve) => curve.getAttribute("d"))).toEqual([
    spline
  ]);
});

test("a fit is not drawn over another curve than the one that it was found for", async () => {
  const make = createKanDiagram();
  const again = () => make({cellId: 1, signal: new AbortController().signal});
  const element = again()(curves, {suggest: (edge) => suggestCurves(network, inputs, edge, {library})});
  document.body.append(element);
  await settled(element);
  const edges = () => element.renderRoot.querySelectorAll("[data-edge]");
  edges()[0]?.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  await vi.waitUntil(() => button(element, "r²"));
  button(element, "r²")?.click();
  again()({...curves}, {});
  await settled(element);
  expect(edges()[0]?.querySelector(".fitted")).not.toBeNull();
  again()(edgeCurves(network, inputs.slice(20)), {});
  await settled(element);
  expect(edges()[0]?.querySelector(".fitted")).toBeNull();
});

test("what was chosen and changed stays while the network goes on, and goes with its edge", async () => {
  const make = createKanDiagram();
  const again = () => make({cellId: 1, signal: new AbortController().signal});
  const element = again()(curves, {suggest: () => [{name: "sin", r2: 0.9}]});
  document.body.append(element);
  await settled(element);
  element.renderRoot.querySelector("[data-edge]")?.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  await vi.waitUntil(() => button(element, "sin"));
  button(element, "sin")?.click();
  const before = element.value;
  expect(again()(edgeCurves(network, inputs.slice(20)), {})).toBe(element);
  expect(element.value).toEqual(before);
  again()({...curves, edges: curves.edges.slice(1)}, {});
  expect(element.value).toEqual({edge: null, changes: []});
});

test("the keys go from edge to edge", async () => {
  const {element, edges} = await show();
  expect(edges().map((edge) => edge.getAttribute("tabindex"))).toEqual(
    curves.edges.map((_, i) => (i === 0 ? "0" : "-1"))
  );
  edges()[0]?.focus();
  await userEvent.keyboard("{ArrowRight}{ArrowRight}");
  expect(element.shadowRoot?.activeElement).toBe(edges()[2]);
  await userEvent.keyboard("{ArrowUp}");
  expect(element.shadowRoot?.activeElement?.getAttribute("data-edge")).toMatch(/^1\//);
  await userEvent.keyboard("{Enter}");
  expect(element.value.edge?.layer).toBe(1);
  await settled(element);
  expect(element.renderRoot.querySelectorAll('[aria-pressed="true"]')).toHaveLength(1);
});

test("a search that fails says why", async () => {
  const {element, edges} = await show({
    suggest: () => {
      throw new Error("No such data.");
    }
  });
  edges()[0]?.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  await vi.waitUntil(() => element.renderRoot.querySelector("[role=alert]"));
  expect(element.renderRoot.querySelector("[role=alert]")?.textContent).toContain("No such data.");
});

test.each(["light", "dark"])(
  "nothing is wrong for assistive technology, and it fits a phone: %s",
  async (scheme) => {
    document.documentElement.style.colorScheme = scheme;
    const fit = {...curves.edges[0], name: "sin", r2: 0.99, formula: `${"1.234*".repeat(9)}sin(z)`};
    const {element, edges} = await show({suggest: () => [fit]}, curves, 350);
    edges()[0]?.dispatchEvent(new MouseEvent("click", {bubbles: true}));
    await vi.waitUntil(() => button(element, "sin"));
    button(element, "sin")?.click();
    await settled(element);
    expect(element.renderRoot.querySelector(".large .fitted")).not.toBeNull();
    expect(element.scrollWidth).toBeLessThanOrEqual(350);
    const picture = element.renderRoot.querySelector(".picture") as HTMLElement;
    expect(picture.scrollWidth).toBeLessThanOrEqual(350);
    const {violations} = await axe.run(element, {
      rules: {"color-contrast": {enabled: false}, region: {enabled: false}}
    });
    expect(violations.map(({id, help}) => `${id}: ${help}`)).toEqual([]);
  }
);

test("what is no network's curves is refused with what to pass", () => {
  const draw = createKanDiagram()({cellId: 1, signal: new AbortController().signal});
  // @ts-expect-error: what a cell may do
  expect(() => draw(network)).toThrow("pass edgeCurves(network, inputs)");
});
