// Packages of the standard library that bring no types: notebooks call them, we only hand them on.
declare module "@observablehq/inputs";
declare module "leaflet/dist/leaflet-src.esm.js" {
  export const Icon: {Default: {prototype: object; mergeOptions(options: Record<string, string>): void}};
}
declare module "lodash";
declare module "react";
declare module "react-dom";
declare module "react-dom/client";
declare module "topojson-client";
