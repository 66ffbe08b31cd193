import "../styles/inputs.css";

export * from "@observablehq/inputs";
