// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are sources of cells
import {describe, expect, it} from "vitest";
import {findInterpolations} from "../../../src/cells/editor/interpolations.ts";

const found = (source: string) => findInterpolations(source).map(({from, to}) => source.slice(from, to));

describe("findInterpolations", () => {
  it("finds each ${...} of a text", () => {
    expect(found("a ${x} and ${y + 1}.")).toEqual(["${x}", "${y + 1}"]);
  });

  it("balances braces, also those of nested templates", () => {
    expect(found("${rows.map((d) => ({x: `${d.x}}`}))} after")).toEqual([
      "${rows.map((d) => ({x: `${d.x}}`}))}"
    ]);
  });

  it("does not count braces in strings", () => {
    expect(found("${f('}')} b")).toEqual(["${f('}')}"]);
    expect(found('${f("\\"}")} b')).toEqual(['${f("\\"}")}']);
  });

  it("leaves an escaped dollar alone", () => {
    expect(found("\\${x} ${y}")).toEqual(["${y}"]);
  });

  it("runs to the end while the brace is open", () => {
    expect(found("a ${x + ")).toEqual(["${x + "]);
  });
});
