import "../../src/cells/styles/base.css";
import "../../src/cells/styles/inputs.css";
import * as Inputs from "@observablehq/inputs";
import axe from "axe-core";
import {afterEach, expect, it, vi} from "vitest";
import {PetriEditor} from "../../src/cells/editor/petri-editor.ts";
import {createOutput} from "../../src/cells/output/create-output.ts";
import {runRenderer} from "../../src/cells/run/renderer.ts";
import {FakeRun} from "../cells/run/fake-run.ts";

/** The machine may be busy: a second is not long. */
function eventually<T>(check: () => T): Promise<Awaited<T>> {
  return vi.waitFor(check, {timeout: 10_000, interval: 20}) as Promise<Awaited<T>>;
}

afterEach(() => {
  document.body.replaceChildren();
  delete document.documentElement.dataset.scheme;
});

/** What axe holds against the page, as `rule: element`. */
async function complaints(): Promise<string[]> {
  const {violations} = await axe.run(document.body, {rules: {region: {enabled: false}}});
  return violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html}`));
}

function interior(): void {
  const host = document.createElement("div");
  document.body.append(host);
  const output = createOutput(host, {renderers: [runRenderer], source: () => "const y = modle;"});
  const run = new FakeRun();
  for (let step = 0; step < 30; ++step) run.add(step, {loss: 1 / (step + 1), testLoss: 2 / (step + 1)});
  run.logs = ["one", "two"].map((text) => ({timeMs: 0, step: null, level: "log", text}));
  run.progress = {step: 29, totalSteps: 100, fraction: 0.3, stepsPerSecond: 12, etaMs: 5000};
  const ended = new FakeRun({status: "completed", endedAt: 13_300});
  ended.add(0, {accuracy: 0.9});
  output.display(run);
  output.display(ended);
  output.display({layers: [784, 300, 10]}, "config");
  output.display(Inputs.range([0, 1], {label: "sparsity", value: 0.9}));
  output.error(
    {name: "ReferenceError", message: "modle is not defined", line: 1, column: 11, cells: [2]},
    null
  );
  output.display({open: true});
  const plain = Object.assign(new PetriEditor(), {value: "const a = 1;", label: "Source of cell 1"});
  document.body.append(plain);
}

it.each(["light", "dark"])("axe finds nothing wrong in %s", async (scheme) => {
  document.documentElement.dataset.scheme = scheme;
  interior();
  await eventually(() => expect(document.querySelector(".cm-content")).not.toBeNull());
  expect(await complaints()).toEqual([]);
});
