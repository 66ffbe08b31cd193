import * as arrow from "apache-arrow";
import {afterEach, describe, expect, test} from "vitest";
import {createImporter} from "../../src/cells/library/importer.ts";
import {createLibrary} from "../../src/cells/library/library.ts";
import {sharedModules} from "../../src/cells/library/shared-modules.ts";

const loadArrow = (): Promise<typeof arrow> => Promise.resolve(arrow);
const base = new URL("notebooks/tour.html", document.baseURI).href;
const beside = (path: string): string => new URL(path, base).href;

const shared = sharedModules({arrow: loadArrow});
const importer = createImporter({
  siteUrl: "http://localhost/",
  notebookUrl: () => base,
  shared,
  own: {},
  load: (url) => Promise.reject(new TypeError(`Failed to fetch ${url}`)),
  fetch: () => Promise.resolve(new Response("", {status: 404}))
});
const library = createLibrary({
  baseUrl: () => base,
  root: () => document.body,
  importer,
  shared,
  arrow: loadArrow
});

interface Tag {
  (template: TemplateStringsArray, ...values: unknown[]): HTMLElement;
  block: Tag;
  fragment: Tag;
  options(options: object): Tag;
}

async function builtin<T>(name: string): Promise<T> {
  return (await library[name]?.()) as T;
}

afterEach(() => {
  document.body.replaceChildren();
});

describe("every standard name loads without a network", () => {
  // The kit's own list, but for what it cannot have offline or the page adds (databases, interpreters).
  const bundled =
    "DOM FileAttachment Files Generators Mutable Promises require _ aq Arrow d3 dot htl html svg Inputs L md Plot React ReactDOM tex topojson";
  test.each(bundled.split(" "))("%s", async (name) => {
    expect(await builtin(name)).toBeTruthy();
  });

  const datasets = "aapl alphabet cars citywages diamonds flare industries olympians penguins pizza weather";
  test.each(datasets.split(" "))("%s is a typed table", async (name) => {
    const rows = await builtin<Record<string, unknown>[] & {columns: string[]}>(name);
    expect(rows.length).toBeGreaterThan(20);
    const first = rows[0] ?? {};
    expect(Object.keys(first)).toEqual(rows.columns);
    if (name !== "flare") expect(Object.values(first).some((value) => typeof value !== "string")).toBe(true);
  });

  test("miserables is a graph", async () => {
    const {nodes, links} = await builtin<{nodes: unknown[]; links: unknown[]}>("miserables");
    expect([nodes.length, links.length]).toEqual([77, 254]);
  });

  test.each([
    ["mermaid", "npm install mermaid"],
    ["vl", "npm install vega"],
    ["echarts", "npm install echarts"]
  ])("%s, which is not bundled, fails with the command that installs it", async (name, command) => {
    await expect(builtin(name)).rejects.toThrow(command);
  });
});

describe("the page's packages", () => {
  test("are what npm: imports give", async () => {
    const [d3, imported] = [
      await builtin<{scaleLinear: unknown}>("d3"),
      await importer.importModule("npm:d3@7")
    ];
    expect((imported as {scaleLinear: unknown}).scaleLinear).toBe(d3.scaleLinear);
    const react = (await importer.importModule("npm:react")) as {
      useState: unknown;
      default: {useState: unknown};
    };
    expect(react.useState).toBe(react.default.useState);
  });

  test("React renders with the client that belongs to it", async () => {
    const React = await builtin<{createElement(type: string, props: null, text: string): object}>("React");
    const client = (await importer.importModule("npm:react-dom/client")) as {
      createRoot(element: Element): {render(node: object): void; unmount(): void};
    };
    const {flushSync} = await builtin<{flushSync(work: () => void): void}>("ReactDOM");
    const root = client.createRoot(document.body);
    flushSync(() => root.render(React.createElement("b", null, "hello")));
    expect(document.body.innerHTML).toBe("<b>hello</b>");
    root.unmount();
  });

  test("Plot draws a chart, with the d3 that cells have", async () => {
    const Plot = await builtin<{
      plot(options: object): Element;
      dot(data: object[], options: object): object;
    }>("Plot");
    const chart = Plot.plot({marks: [Plot.dot([{x: 1, y: 2}], {x: "x", y: "y"})]});
    expect(chart.querySelectorAll("circle")).toHaveLength(1);
  });
});

describe("md", () => {
  test("renders Markdown", async () => {
    const md = await builtin<Tag>("md");
    expect(md`# Title`.innerHTML).toBe("<h1>Title</h1>\n");
    expect(
      md`One --- “two”

* a`.outerHTML
    ).toBe("<div><p>One — “two”</p>\n<ul>\n<li>a</li>\n</ul>\n</div>");
  });

  test("inserts nodes and runs of nodes, and reads text as Markdown", async () => {
    const md = await builtin<Tag>("md");
    const button = document.createElement("button");
    const [a, b] = [document.createElement("i"), document.createElement("u")];
    const result = md`${button} and ${[a, b, " *then*"]} and ${"**bold**"} ${1 + 1}`;
    expect(result.contains(button)).toBe(true);
    expect(result.innerHTML).toBe(
      "<p><button></button> and <i></i><u></u> <em>then</em> and <strong>bold</strong> 2</p>\n"
    );
  });

  test("headings of the second and third level are links to themselves", async () => {
    const md = await builtin<Tag>("md");
    const heading = md`## Two words`.querySelector("h2");
    expect(heading?.id).toBe("two-words");
    expect(heading?.querySelector("a")?.getAttribute("href")).toBe("#two-words");
  });

  test("fenced code is marked up in its language", async () => {
    const md = await builtin<Tag>("md");
    const pre = document.body.appendChild(md`~~~js
const answer = 42; // why
~~~`);
    await expect.poll(() => pre.querySelector(".tok-keyword")?.textContent).toBe("const");
    expect(pre.querySelector(".tok-literal")?.textContent).toBe("42");
    expect(pre.querySelector("pre")?.dataset.language).toBe("js");
    expect(pre.querySelector("pre")?.textContent).toBe("const answer = 42; // why\n");
  });

  test("images, style sheets and downloads lie beside the notebook", async () => {
    const md = await builtin<Tag>("md");
    const result = md`![](data/a.png) <link rel="stylesheet" href="./style.css"> <a download href="a.csv">a</a> ![](https://example.com/b.png)`;
    const addresses = Array.from(
      result.querySelectorAll("[src], [href]"),
      (element) => element.getAttribute("src") ?? element.getAttribute("href")
    );
    expect(addresses).toEqual([
      beside("data/a.png"),
      beside("style.css"),
      beside("a.csv"),
      "https://example.com/b.png"
    ]);
  });

  test("links lead to notebooks in this page, and to files beside the notebook", async () => {
    const md = await builtin<Tag>("md");
    const result = md`[a](./next) [b](next.html#part) [c](ex/d3/bars) [deep](ex/d3/old/bars) [d](data/runs.csv) [e](#part) [f](https://example.com/x) [g](../other)`;
    expect(Array.from(result.querySelectorAll("a"), (link) => link.getAttribute("href"))).toEqual([
      "#/notebook/next",
      "#/notebook/next",
      "#/notebook/ex/d3/bars",
      `#/notebook?url=${encodeURIComponent(beside("ex/d3/old/bars.html"))}`,
      beside("data/runs.csv"),
      "#part",
      "https://example.com/x",
      beside("../other")
    ]);
  });
});

test("html escapes what is interpolated, and finds images beside the notebook", async () => {
  const html = await builtin<Tag>("html");
  expect(html`<p>${"<b>"}</p>`.outerHTML).toBe("<p>&lt;b&gt;</p>");
  expect(html`<img src="a.png" srcset="https://x.org/c.png 3x, b.png 2x">`.outerHTML).toBe(
    `<img src="${beside("a.png")}" srcset="https://x.org/c.png 3x, ${beside("b.png")} 2x">`
  );
  const {html: same} = await builtin<{html: Tag}>("htl");
  expect(same.fragment`<i></i><b></b>`.childNodes).toHaveLength(2);
});

test("tex renders inline, as a block and with options", async () => {
  const tex = await builtin<Tag>("tex");
  expect(tex`x`.parentNode).toBeNull();
  expect(tex`E = mc^2`.querySelector(".katex-html")?.textContent).toContain("E");
  expect(tex.block`\int`.className).toContain("katex-display");
  expect(tex.options({displayMode: true})`x`.className).toContain("katex-display");
});

test("dot draws in the page's colours, and keeps the colours that the graph names", async () => {
  const dot = await builtin<Tag>("dot");
  const svg = dot`digraph {a -> b [color=red]; b -> c}`;
  expect(svg.parentNode).toBeNull();
  expect(svg.querySelectorAll(".node")).toHaveLength(3);
  expect(svg.querySelectorAll("[stroke=red]").length).toBeGreaterThan(0);
  expect(svg.querySelectorAll("[stroke=currentColor]").length).toBeGreaterThan(0);
  expect(svg.outerHTML).not.toContain("000001");
});

describe("the page as a value", () => {
  test("width follows the element", async () => {
    const width = (await builtin<{width(target: Element): AsyncGenerator<number>}>("Generators")).width;
    const box = document.body.appendChild(document.createElement("div"));
    box.style.width = "300px";
    const widths = width(box);
    expect((await widths.next()).value).toBe(300);
    const next = widths.next();
    box.style.width = "200px";
    expect((await next).value).toBe(200);
    await widths.return(undefined);
  });

  test("dark follows the colour scheme of the page", async () => {
    const dark = library.dark?.() as AsyncGenerator<boolean>;
    document.body.style.colorScheme = "light";
    expect((await dark.next()).value).toBe(false);
    // A style that was never drawn has nothing to change from.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const next = dark.next();
    document.body.style.cssText = "color-scheme: dark; color: white";
    expect((await next).value).toBe(true);
    await dark.return(undefined);
    document.body.removeAttribute("style");
  });

  test("input reads each kind of control and follows its events", async () => {
    const {input} = await builtin<{input(element: Element): AsyncGenerator<unknown>}>("Generators");
    const range = Object.assign(document.createElement("input"), {type: "range", value: "7"});
    const box = Object.assign(document.createElement("input"), {type: "checkbox"});
    const [numbers, flags] = [input(range), input(box)];
    expect((await numbers.next()).value).toBe(7);
    expect((await flags.next()).value).toBe(false);
    const next = numbers.next();
    range.value = "9";
    range.dispatchEvent(new Event("input"));
    expect((await next).value).toBe(9);
    const flag = flags.next();
    box.click();
    expect((await flag).value).toBe(true);
  });
});
