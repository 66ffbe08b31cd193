import "@observablehq/inputs/dist/index.css";
import "./inputs.css";

export * from "@observablehq/inputs";
