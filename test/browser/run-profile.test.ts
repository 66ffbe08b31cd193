import "../../src/cells/styles/base.css";
import {afterEach, describe, expect, it} from "vitest";
import {page} from "vitest/browser";
import {PetriRun} from "../../src/cells/run/petri-run.ts";
import type {StepProfile} from "../../src/gpu/types.ts";
import {FakeRun} from "../cells/run/fake-run.ts";

afterEach(() => document.body.replaceChildren());

class ProfiledRun extends FakeRun {
  profile: StepProfile | "waiting" | null = null;
  asked = 0;

  requestProfile(): void {
    ++this.asked;
    this.profile = "waiting";
    this.notify();
  }
}

async function show(run: ProfiledRun): Promise<void> {
  const card = Object.assign(new PetriRun(), {run});
  document.body.append(card);
  await card.updateComplete;
}

const answer: StepProfile = {
  steps: 20,
  kernels: [
    {name: "matmul", calls: 6, bytes: 4e6, milliseconds: 3},
    {name: "adam", calls: 1, bytes: 1e6, milliseconds: 1}
  ]
};

describe("the profile on the card of a run", () => {
  it("is asked for with a button, and is a chart and a table of kernels", async () => {
    const run = new ProfiledRun();
    await show(run);
    await page.getByRole("button", {name: "Profile"}).click();
    expect(run.asked).toBe(1);
    await expect.element(page.getByRole("button", {name: "Profiling…"})).toBeDisabled();
    run.profile = answer;
    run.notify();
    await expect.element(page.getByRole("row", {name: "matmul 75.0 3.000 6 4.0 MB"})).toBeVisible();
    const chart = page.getByRole("img", {name: "Shares of the time, as in the table"}).element();
    const [first, second] = [...chart.children].map((bar) => bar.getBoundingClientRect().width);
    expect(first).toBeCloseTo(3 * (second as number), -1);
    await expect.element(page.getByText(/^7 dispatches, 4.000 ms, 5.0 MB bound/)).toBeVisible();
  });

  it("stays when the run is over, without the button, and says why there is none", async () => {
    const run = new ProfiledRun();
    run.profile = {steps: 0, kernels: [], reason: "Steps are not recorded: it reads on the CPU."};
    await show(run);
    await expect.element(page.getByText(/it reads on the CPU/)).toBeVisible();
    run.end("completed", 5000);
    await expect.element(page.getByRole("button", {name: "Profile"})).not.toBeInTheDocument();
  });

  it("is not offered where there is no GPU", async () => {
    const run = new ProfiledRun({backend: {name: "wasm", adapter: "WebAssembly"}});
    await show(run);
    await expect.element(page.getByRole("button", {name: "Cancel run"})).toBeVisible();
    await expect.element(page.getByRole("button", {name: "Profile"})).not.toBeInTheDocument();
  });
});
