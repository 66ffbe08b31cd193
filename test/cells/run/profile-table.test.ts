import {describe, expect, it} from "vitest";
import {profileTable} from "../../../src/cells/run/profile-table.ts";

const kernels = [
  {name: "adam", calls: 1, bytes: 3_000_000, milliseconds: 0.5},
  {name: "matmul", calls: 2.5, bytes: 1_000_000, milliseconds: 1.5}
];

describe("the table of a profile", () => {
  it("puts the kernel that takes the most time first, and says what a step takes", () => {
    const {headline, rows, shareOf, note} = profileTable({steps: 20, kernels});
    expect(headline).toBe("3.5 dispatches, 2.000 ms, 4.0 MB bound a step, over 20 steps");
    expect(rows).toEqual([
      {name: "matmul", share: 0.75, time: "1.500", calls: "2.5", bytes: "1.0 MB"},
      {name: "adam", share: 0.25, time: "0.500", calls: "1", bytes: "3.0 MB"}
    ]);
    expect(shareOf).toBe("time");
    expect(note).toBe("");
  });

  it("goes by bytes where the adapter tells no times", () => {
    const untimed = kernels.map((kernel) => ({...kernel, milliseconds: null}));
    const {headline, rows, shareOf, note} = profileTable({steps: 20, kernels: untimed, reason: "no clock"});
    expect(headline).not.toContain("ms");
    expect(rows.map(({name, share, time}) => [name, share, time])).toEqual([
      ["adam", 0.75, "–"],
      ["matmul", 0.25, "–"]
    ]);
    expect([shareOf, note]).toEqual(["bytes", "no clock"]);
  });

  it("gives the reason where nothing was seen", () => {
    expect(profileTable({steps: 0, kernels: [], reason: "it reads on the CPU"})).toEqual({
      headline: "",
      note: "it reads on the CPU",
      shareOf: "bytes",
      rows: []
    });
  });

  it("draws no share below nothing, when a rounded clock goes backwards", () => {
    const back = [{name: "a", calls: 1, bytes: 4, milliseconds: -0.1}, ...kernels];
    expect(profileTable({steps: 1, kernels: back}).rows.at(-1)).toMatchObject({
      name: "a",
      share: 0,
      time: "0.000"
    });
  });
});
