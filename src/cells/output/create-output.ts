import "@observablehq/notebook-kit/inspector.css";
import "./output.css";
import "./plot.css";
import type {CellError, CellOutput} from "../../runtime/types.ts";
import {isDisplayable} from "./displayable.ts";
import {errorCard} from "./error-card.ts";
import {type ExpandedPath, expandedPaths} from "./expansion.ts";
import {HeightHold} from "./height-hold.ts";
import {inspect} from "./inspect.ts";
import {Rendered, type ValueRenderer} from "./renderer.ts";

export interface OutputOptions {
  /** The source that ran, for the line under an error. */
  source?: () => string;
  /** What a person calls another cell. */
  cellLabel?: (id: number) => string;
  /** Kinds of values with a display of their own. */
  renderers?: readonly ValueRenderer[];
}

/** With these nothing of the cell's present source was run: what is shown is of another. */
const notRun: ReadonlySet<string> = new Set([
  "SyntaxError",
  "DuplicateDefinitionError",
  "CircularDefinitionError"
]);

/** Shows a cell's results in `host`, whose children it owns. */
export function createOutput(host: HTMLElement, options: OutputOptions = {}): CellOutput {
  return new Output(host, options);
}

class Output implements CellOutput {
  readonly node: HTMLElement;
  readonly #options: OutputOptions;
  readonly #height: HeightHold;
  readonly #rendered: Rendered;
  #expanded: ExpandedPath[][] = [];
  /** What failed of all that the evaluation started, and where that is said. */
  #noted: {error: CellError; cause: unknown} | null = null;
  #note: HTMLElement | null = null;
  /** Whether what is shown is of the evaluation that is going on. */
  #current = false;

  constructor(host: HTMLElement, options: OutputOptions) {
    host.classList.add("petri-output");
    this.node = host;
    this.#options = options;
    this.#height = new HeightHold(host);
    this.#rendered = new Rendered(options.renderers ?? []);
  }

  pending(): void {
    this.#current = false;
    this.#noted = null;
    this.node.setAttribute("aria-busy", "true");
  }

  clear(): void {
    this.#empty();
    this.#tellNoted();
    this.#settle();
  }

  display(value: unknown, name?: string): void {
    this.#append(this.#rendered.render(value) ?? this.#show(value, name));
    this.#tellNoted();
    this.#settle();
  }

  note(error: CellError, cause: unknown): void {
    this.#noted = {error, cause};
    this.#tellNoted();
  }

  error(error: CellError, cause: unknown): void {
    const staying = this.#current && !notRun.has(error.name) ? this.#rendered.outliving() : [];
    this.#noted = null;
    this.#empty();
    if (staying.length) this.node.append(...staying);
    this.#append(this.#card(error, cause));
    this.#settle();
  }

  #card(error: CellError, cause: unknown): HTMLElement {
    const {source = () => "", cellLabel} = this.#options;
    return errorCard(error, cause, {source: source(), cellLabel});
  }

  /** Of a run whose card is not shown, nothing else would say in words that it failed. */
  #tellNoted(): void {
    this.#note?.remove();
    this.#note = null;
    if (!this.#noted || this.#rendered.tells(this.#noted.cause)) return;
    const {error, cause} = this.#noted;
    const named = {...error, name: "A run of this cell failed.", message: `${error.name}: ${error.message}`};
    this.#note = this.#card(named, cause);
    this.#append(this.#note);
  }

  #show(value: unknown, name: string | undefined): Element | Text {
    if (isDisplayable(value, this.node)) return value;
    return inspect(value, name, this.#expanded[this.node.childNodes.length]);
  }

  #append(node: Node): void {
    this.node.append(node);
    this.#height.settle();
  }

  #empty(): void {
    if (!this.node.firstChild) return;
    this.#height.hold();
    this.#expanded = Array.from(this.node.childNodes, expandedPaths);
    this.#rendered.restart();
    this.node.replaceChildren();
  }

  #settle(): void {
    this.#current = true;
    this.node.removeAttribute("aria-busy");
  }
}
