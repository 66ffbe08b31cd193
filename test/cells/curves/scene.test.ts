import {expect, test} from "vitest";
import {drawScene, type Pen} from "../../../src/cells/curves/scene.ts";
import {oddValues} from "../../../src/tables/curves.ts";

test("the mark of a value that is none lies in the frame, also where a run that diverged ends", () => {
  const drawn: number[] = [];
  const pen: Pen = {
    lines: (pieces) => drawn.push(...pieces.flatMap((piece) => piece.filter((_, i) => i % 2 === 0))),
    area: (points) => drawn.push(...points.filter((_, i) => i % 2 === 0)),
    dots: () => {}
  };
  const marks = [0, 100].map((x) => ({x, odd: oddValues.nan | oddValues.infinite}));
  const trace = {id: "a", line: {x: [0, 99], y: [1, 0]}, raw: null, band: null, marks, reading: null};
  const style = {color: "red", dash: []};
  drawScene(
    {
      x: [0, 100],
      y: [0, 1],
      logX: false,
      logY: false,
      traces: [{trace: trace as never, style}],
      focus: null
    },
    {left: 10, top: 0, width: 200, height: 100},
    pen
  );
  expect(drawn.length).toBeGreaterThan(8);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(10);
  expect(Math.max(...drawn)).toBeLessThanOrEqual(210);
});
