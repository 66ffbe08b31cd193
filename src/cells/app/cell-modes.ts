import type {CellMode} from "../../runtime/types.ts";

/** The kinds a person can choose, the common ones first. */
export const MODES: readonly CellMode[] = [
  "js",
  "ts",
  "md",
  "sql",
  "html",
  "tex",
  "dot",
  "ojs",
  "node",
  "python",
  "r"
];

export const MODE_TITLES: Readonly<Record<CellMode, string>> = {
  js: "JavaScript",
  ts: "TypeScript",
  ojs: "Observable JavaScript",
  md: "Markdown",
  html: "HTML",
  tex: "TeX",
  dot: "Graphviz",
  sql: "SQL",
  node: "Node.js",
  python: "Python",
  r: "R"
};
