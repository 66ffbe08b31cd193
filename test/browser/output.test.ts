import "../../src/cells/styles/base.css";
import {afterEach, beforeEach, describe, expect, it, vi} from "vitest";
import {userEvent} from "vitest/browser";
import {createOutput, type OutputOptions} from "../../src/cells/output/create-output.ts";
import type {ValueRenderer} from "../../src/cells/output/renderer.ts";

/** The machine may be busy: a second is not long. */
function eventually<T>(check: () => T): Promise<Awaited<T>> {
  return vi.waitFor(check, {timeout: 10_000, interval: 20}) as Promise<Awaited<T>>;
}

let host: HTMLElement;

beforeEach(() => {
  host = document.createElement("div");
  document.body.append(host);
});
afterEach(() => document.body.replaceChildren());

function output(options?: OutputOptions) {
  return createOutput(host, options);
}

function div(text: string, height = 0): HTMLElement {
  const node = document.createElement("div");
  node.textContent = text;
  if (height) node.style.height = `${height}px`;
  return node;
}

const carets = () => [...host.querySelectorAll<HTMLElement>("[role=button][aria-expanded]")];

describe("display", () => {
  it("shows a node as it is and anything else inspected, under its name", () => {
    const out = output();
    const node = div("a chart");
    out.display(node);
    out.display({loss: 0.5}, "last");
    expect(host.firstChild).toBe(node);
    expect(host.lastChild?.textContent?.replace(/\s+/g, " ")).toBe("last = Object {loss: 0.5}");
  });

  it("inspects a node that lives elsewhere, and a prototype", () => {
    const elsewhere = document.createElement("p");
    const parent = div("");
    parent.append(elsewhere);
    output().display(elsewhere);
    expect(elsewhere.parentNode).toBe(parent);
    output().display(HTMLElement.prototype);
    expect(host.children).toHaveLength(2);
  });

  it("opens and closes objects by keyboard, and the focus stays on the caret", async () => {
    output().display({layers: {hidden: [300, 100]}});
    carets()[0]?.focus();
    await userEvent.keyboard("{Enter}");
    expect(carets().map((caret) => caret.getAttribute("aria-expanded"))).toEqual(["true", "false"]);
    expect(document.activeElement).toBe(carets()[0]);
    await userEvent.keyboard(" ");
    expect(carets().map((caret) => caret.getAttribute("aria-expanded"))).toEqual(["false"]);
  });

  it("keeps what was opened across evaluations", () => {
    const out = output();
    const show = (step: number) => {
      out.pending();
      out.clear();
      out.display(div("first"));
      out.display({step, layers: {hidden: [300, step]}});
    };
    show(1);
    carets()[0]?.dispatchEvent(new Event("mouseup", {bubbles: true}));
    carets()[1]?.dispatchEvent(new Event("mouseup", {bubbles: true}));
    expect(carets().map((caret) => caret.getAttribute("aria-expanded"))).toEqual(["true", "true", "false"]);
    show(2);
    expect(carets().map((caret) => caret.getAttribute("aria-expanded"))).toEqual(["true", "true", "false"]);
    expect(host.textContent).toContain("step: 2");
  });
});

describe("between evaluations", () => {
  it("says that it is busy until something is shown", () => {
    const out = output();
    out.display(1);
    out.pending();
    expect(host.getAttribute("aria-busy")).toBe("true");
    expect(host.textContent).toBe("1");
    out.clear();
    out.display(2);
    expect(host.hasAttribute("aria-busy")).toBe(false);
  });

  it("keeps its height until the next result has been laid out", async () => {
    const out = output();
    out.display(div("tall", 300));
    out.clear();
    expect(host.offsetHeight).toBe(300);
    out.display(div("short", 40));
    expect(host.offsetHeight).toBe(300);
    await eventually(() => expect(host.offsetHeight).toBe(40));
  });

  it("gives the height up when nothing comes", async () => {
    const out = output();
    out.display(div("tall", 300));
    out.clear();
    await eventually(() => expect(host.offsetHeight).toBe(0));
  });
});

describe("error", () => {
  const error = {name: "ReferenceError", message: "modle is not defined", line: 2, column: 7};

  it("replaces the results by what happened, the source line and the hint", () => {
    const out = output({source: () => "const a = 1;\n  x = modle + 1;"});
    out.display(1);
    out.error({...error, hint: "Did you mean model?"}, null);
    const card = host.querySelector("[role=alert]");
    expect(host.children).toHaveLength(1);
    expect(card?.querySelector(".petri-error-message")?.textContent).toBe(
      "ReferenceError modle is not defined"
    );
    expect(card?.querySelector("code")?.textContent).toBe("x = modle + 1;");
    expect(card?.querySelector("mark")?.textContent).toBe("modle");
    expect(card?.querySelector(".petri-error-hint")?.textContent).toBe("Did you mean model?");
  });

  it("leads to its line and to the other cells", async () => {
    const places: unknown[] = [];
    host.addEventListener("petri-go-to", (event) => places.push((event as CustomEvent).detail));
    output({source: () => "a\nb = modle", cellLabel: (id) => `the cell ${id}`}).error(
      {...error, cells: [4, 7]},
      null
    );
    const buttons = [...host.querySelectorAll("button")];
    expect(buttons.slice(1).map((button) => button.textContent)).toEqual(["the cell 4", "the cell 7"]);
    for (const button of buttons) await userEvent.click(button);
    expect(places).toEqual([{line: 2, column: 7}, {cell: 4}, {cell: 7}]);
  });

  it("is a plain message where there is no line", () => {
    output().error({name: "Error", message: "<b>no markup</b>"}, null);
    expect(host.querySelector("button, code, b")).toBeNull();
    expect(host.textContent).toContain("<b>no markup</b>");
  });

  it("goes when a value comes", () => {
    const out = output();
    out.error(error, new Error("x"));
    out.clear();
    out.display(3);
    expect(host.querySelector("[role=alert]")).toBeNull();
  });
});

it("what tells of an error stays above it, until the next evaluation", () => {
  const renderer: ValueRenderer = {
    outlivesErrors: true,
    matches: (value) => typeof value === "bigint",
    render: (value, last) => last ?? div(`run ${value}`)
  };
  const out = output({renderers: [renderer]});
  const shown = () =>
    [...host.children].map((child) => (child.matches("[role=alert]") ? "error" : child.textContent));
  out.pending();
  out.clear();
  out.display(1n);
  out.display("a value");
  const [card] = host.children;
  out.error({name: "Error", message: "step 3 failed"}, null);
  expect(shown()).toEqual(["run 1", "error"]);
  out.pending();
  out.error({name: "TypeError", message: "this evaluation displayed nothing"}, null);
  expect(shown()).toEqual(["error"]);
  out.pending();
  out.clear();
  out.display(2n);
  expect(host.children).toHaveLength(1);
  expect(host.firstChild).toBe(card);
  out.error({name: "SyntaxError", message: "the source that is there now never ran"}, null);
  expect(shown()).toEqual(["error"]);
});

describe("what the cell started fails", () => {
  const failed = {name: "TypeError", message: "x is not a function", line: 2};
  const cause = new Error("x is not a function");
  const renderer: ValueRenderer = {
    matches: (value) => typeof value === "bigint",
    render: (value) => div(`run ${value}`),
    tells: (element, error) => element.textContent === "run 1" && error === cause
  };
  const told = () => host.querySelector("[role=alert]")?.textContent?.replace(/\s+/g, " ").trim();
  const words = /^A run of this cell failed\. TypeError: x is not a function 2 ?train\(x\)/;

  it("is said in words, with the line, below what is shown, until the next evaluation", () => {
    const out = output({renderers: [renderer], source: () => "1\ntrain(x)"});
    out.pending();
    out.note?.(failed, cause);
    expect(told()).toMatch(words);
    out.clear();
    out.display("a value");
    expect(told()).toMatch(words);
    expect(host.lastElementChild?.getAttribute("role")).toBe("alert");
    expect(host.children).toHaveLength(2);
    out.pending();
    out.clear();
    expect(host.children).toHaveLength(0);
  });

  it("is not said twice where a card says it, whichever comes first", () => {
    const out = output({renderers: [renderer]});
    out.display(1n);
    out.note?.(failed, cause);
    expect(told()).toBeUndefined();
    out.clear();
    expect(told()).toMatch(/^A run of this cell failed/);
    out.display(2n);
    expect(told()).toMatch(/^A run of this cell failed/);
    out.display(1n);
    expect(told()).toBeUndefined();
  });
});

it("a renderer is given what it made at the same turn of the evaluation before", () => {
  const previous: (HTMLElement | null)[] = [];
  const renderer: ValueRenderer = {
    matches: (value) => typeof value === "bigint",
    render: (value, last) => {
      previous.push(last);
      return last ?? div(`${value}`);
    }
  };
  const out = output({renderers: [renderer]});
  out.display(1n);
  out.display("between");
  out.display(2n);
  const [first, , second] = host.children;
  out.clear();
  out.display(3n);
  out.display(4n);
  expect(previous).toEqual([null, null, first, second]);
  out.clear();
  out.clear();
  out.display(5n);
  expect(previous.at(-1)).toBe(first);
});
