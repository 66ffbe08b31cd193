/** How values of one kind are displayed, in place of the inspector. */
export interface ValueRenderer {
  /** True for what tells of an error as it came about: it stays above the error that ends its evaluation. */
  readonly outlivesErrors?: boolean;
  /** Whether an element that it made says that this error came about. */
  tells?(element: HTMLElement, cause: unknown): boolean;
  matches(value: unknown): boolean;
  /** `previous` is what this renderer made at the same turn of the last evaluation: return it again to keep its state. */
  render(value: unknown, previous: HTMLElement | null): HTMLElement;
}

/** The elements of each renderer in one output, so that a new evaluation can take them up again in order. */
export class Rendered {
  readonly #renderers: readonly ValueRenderer[];
  #last = new Map<ValueRenderer, HTMLElement[]>();
  #current = new Map<ValueRenderer, HTMLElement[]>();

  constructor(renderers: readonly ValueRenderer[]) {
    this.#renderers = renderers;
  }

  /** An element for the value, or null when no renderer knows it. */
  render(value: unknown): HTMLElement | null {
    const renderer = this.#renderers.find((r) => r.matches(value));
    if (!renderer) return null;
    const made = this.#current.get(renderer) ?? [];
    const element = renderer.render(value, this.#last.get(renderer)?.[made.length] ?? null);
    this.#current.set(renderer, [...made, element]);
    return element;
  }

  /** What this evaluation made that stays when it fails. */
  outliving(): HTMLElement[] {
    return [...this.#current].flatMap(([renderer, made]) => (renderer.outlivesErrors ? made : []));
  }

  /** Whether something that this evaluation shows says that this error came about. */
  tells(cause: unknown): boolean {
    return [...this.#current].some(([renderer, made]) => made.some((each) => renderer.tells?.(each, cause)));
  }

  /** A new evaluation displays from the start. */
  restart(): void {
    if (!this.#current.size) return;
    this.#last = this.#current;
    this.#current = new Map();
  }
}
