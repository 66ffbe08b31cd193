const fromArgument = new Set(["ops", "data", "params", "live", "key", "signal", "log", "checkpoint"]);
const ofThePage = new Set([
  "document",
  "window",
  "localStorage",
  "sessionStorage",
  "alert",
  "HTMLElement",
  "Image"
]);
const ofTheCell = new Set([
  "display",
  "view",
  "invalidation",
  "visibility",
  "width",
  "now",
  "html",
  "svg",
  "md"
]);

/** What to do about a name that training functions are often written with by mistake. */
export function nameHint(name: string): string | null {
  if (fromArgument.has(name)) return `Take it from the argument: async function* ({${name}}) {...}.`;
  if (ofThePage.has(name)) return "A worker has no page: read what you need outside and use the value.";
  if (ofTheCell.has(name))
    return "That belongs to the cell: yield a row, or call log(...), and show it outside.";
  return null;
}

/** Whether a value is all that a module exports. */
export function isModule(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object Module]";
}

/** What to do with what only the page has. */
export const pageAdvice =
  "Compute with it on the page and pass the result in params or data, or write the function you need in a cell.";

/** What kind of thing a value is, for people. */
export function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "symbol" || typeof value === "function" ? `a ${typeof value}` : typeof value;
  const name = (Object.getPrototypeOf(value) as {constructor?: {name?: string}} | null)?.constructor?.name;
  return name ? `a ${name}` : "an object";
}

/** What to send instead of a value that cannot be cloned. */
export function valueHint(value: unknown, destination: string): string {
  if (typeof value === "function")
    return destination === "the page"
      ? "Yield numbers, strings and plain data."
      : "Functions travel with the training function that calls them: define it in a cell and use its name there.";
  if (typeof value !== "object" || value === null) return "Use a string in its place.";
  const has = (name: string) => name in value;
  if (value instanceof Promise || (has("then") && typeof (value as {then: unknown}).then === "function")) {
    return "Await it first.";
  }
  if (has("nodeType")) return "Use the element's .value.";
  if (has("dataId") && has("dataSync"))
    return "Tensors stay in their worker: send the numbers (await tensor.data()).";
  if (has("aborted") && has("reason"))
    return "Take signal from the argument: async function* ({signal}) {...}.";
  if (has("schema") && has("numRows"))
    return "Send its rows as plain objects or its columns as typed arrays.";
  return "Send plain objects, arrays, typed arrays, numbers and strings.";
}
