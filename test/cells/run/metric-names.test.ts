import {describe, expect, it} from "vitest";
import {groupMetrics, metricLabel, parseMetric} from "../../../src/cells/run/metric-names.ts";
import {seriesColor} from "../../../src/cells/run/series-color.ts";

describe("parseMetric", () => {
  it.each([
    ["loss", "loss", "train"],
    ["trainLoss", "loss", "train"],
    ["testAccuracy", "accuracy", "test"],
    ["val_accuracy", "accuracy", "test"],
    ["validationLoss", "loss", "test"],
    ["valley", "valley", "train"],
    ["test", "test", "train"],
    ["testF1", "f1", "test"],
    ["testMSE", "MSE", "test"]
  ])("%s is %s on %s data", (name, quantity, split) => {
    expect(parseMetric(name)).toEqual({name, quantity, split});
  });
});

it("groups put loss and accuracy first, and train before test", () => {
  const groups = groupMetrics(["sparsity", "testAccuracy", "accuracy", "test_loss", "loss"]);
  expect([...groups].map(([quantity, metrics]) => [quantity, ...metrics.map((m) => m.name)])).toEqual([
    ["loss", "loss", "test_loss"],
    ["accuracy", "accuracy", "testAccuracy"],
    ["sparsity", "sparsity"]
  ]);
});

it("what counts epochs or rounds is no curve", () => {
  expect([...groupMetrics(["step", "epoch", "round", "loss"]).keys()]).toEqual(["loss"]);
});

it("labels are words", () => {
  expect(metricLabel("testAccuracy")).toBe("test accuracy");
  expect(metricLabel("val_loss")).toBe("val loss");
});

describe("seriesColor", () => {
  it("is one hue for training and one for held-out data in every chart", () => {
    expect(seriesColor("a", "loss", true)).toBe(seriesColor("b", "accuracy", true));
    expect(seriesColor("a", "testLoss", true)).toBe(seriesColor("a", "valAccuracy", true));
    expect(seriesColor("a", "loss", true)).not.toBe(seriesColor("a", "testLoss", true));
  });

  it("stays with any other series of a notebook, whatever comes after it", () => {
    const first = seriesColor("c", "sparsity", false);
    const second = seriesColor("c", "gradientNorm", false);
    expect(second).not.toBe(first);
    expect(seriesColor("c", "sparsity", false)).toBe(first);
    expect(seriesColor("d", "gradientNorm", false)).toBe(first);
  });
});
