import {css, LitElement} from "lit";

/** Pixels between a panel, what it belongs to and the edges of the window. */
const marginPx = 4;

/** A panel that opens beside something and closes when the reader turns elsewhere or presses Escape. */
export class GridPanel extends LitElement {
  /** What has the focus when it closes. */
  private returnTo: HTMLElement | null = null;

  constructor() {
    super();
    this.addEventListener("beforetoggle", (event) => {
      if ((event as ToggleEvent).newState === "open") return;
      // A click elsewhere has put the focus where the reader wants it.
      if (this.matches(":focus-within")) this.returnTo?.focus({preventScroll: true});
    });
    // What happens in it is not for the grid below.
    for (const type of ["keydown", "pointerdown", "pointermove", "copy", "input", "change"])
      this.addEventListener(type, (event) => event.stopPropagation());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.popover = "auto";
    this.setAttribute("role", "dialog");
  }

  get isOpen(): boolean {
    return this.matches(":popover-open");
  }

  /**
   * Opens below the anchor, or above it where there is more room, and gives one of its controls the focus, which
   * `returnTo` gets when it closes.
   */
  protected async open(anchor: Element, returnTo: HTMLElement, control = 0): Promise<void> {
    this.returnTo = returnTo;
    this.requestUpdate();
    await this.updateComplete;
    if (!this.isConnected) return;
    this.showPopover();
    const {left, top, bottom} = anchor.getBoundingClientRect();
    const {offsetWidth: width, offsetHeight: height} = this;
    const isAbove = bottom + height > innerHeight && top > innerHeight - bottom;
    const y = isAbove ? Math.max(marginPx, top - height - marginPx) : bottom + marginPx;
    this.style.left = `${Math.max(marginPx, Math.min(left, innerWidth - width - marginPx))}px`;
    this.style.top = `${y}px`;
    this.style.maxHeight = `${innerHeight - y - marginPx}px`;
    this.controls[control]?.focus({preventScroll: true});
  }

  protected get controls(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>("button, input, select")];
  }
}

/** Small controls on a raised plane. */
export const panelStyles = css`
  :host {
    margin: 0;
    inset: auto;
    box-sizing: border-box;
    width: min(272px, 100vw - 8px);
    padding: 10px 12px;
    border: 1px solid var(--theme-foreground-fainter, #bbb);
    border-radius: 6px;
    background: var(--theme-background, #fff);
    color: var(--theme-foreground-alt, #333);
    box-shadow: var(--shadow, 0 4px 16px rgb(0 0 0 / 12%));
    font: 13px / 20px var(--sans-serif, sans-serif);
    font-variant-numeric: tabular-nums lining-nums;
    overflow: auto;
    overscroll-behavior: contain;
  }
  h2 {
    margin: 0;
    font: inherit;
    font-weight: 600;
    color: var(--theme-foreground, #111);
    overflow-wrap: anywhere;
  }
  .about {
    margin: 0 0 6px;
    font-size: 12px;
    line-height: 17px;
    color: var(--theme-foreground-muted, #666);
  }
  fieldset {
    margin: 0;
    padding: 8px 0 0;
    border: 0;
    min-width: 0;
  }
  legend,
  .label {
    padding: 0;
    font-size: 11px;
    line-height: 16px;
    color: var(--theme-foreground-muted, #666);
  }
  .line {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }
  button,
  input:not([type="checkbox"]),
  select {
    font: inherit;
    color: inherit;
    box-sizing: border-box;
    min-height: 26px;
    padding: 2px 7px;
    border: 1px solid var(--theme-foreground-fainter, #bbb);
    border-radius: 4px;
    background: transparent;
  }
  select option {
    background: var(--theme-background, #fff);
  }
  input:not([type="checkbox"]) {
    width: 100%;
    min-width: 0;
  }
  input[type="number"] {
    width: 56px;
  }
  input[aria-invalid="true"] {
    border-color: var(--theme-error, #c00);
  }
  .line > label {
    flex: 1 1 0;
    min-width: 0;
  }
  button {
    cursor: pointer;
  }
  button:hover {
    border-color: var(--theme-foreground-muted, #666);
  }
  button[aria-pressed="true"] {
    border-color: var(--theme-foreground-focus, #3b5fc0);
    color: var(--theme-foreground-focus, #3b5fc0);
  }
  :focus-visible {
    outline: 2px solid var(--theme-foreground-focus, #3b5fc0);
    outline-offset: 1px;
  }
  ul {
    list-style: none;
    margin: 4px 0 0;
    padding: 0;
    max-height: 208px;
    overflow: auto;
  }
  li label {
    display: flex;
    align-items: center;
    gap: 7px;
    line-height: 22px;
    cursor: pointer;
  }
  li input {
    margin: 0;
    flex: none;
    accent-color: var(--theme-foreground-focus, #3b5fc0);
  }
  li .word {
    flex: 1;
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
  }
  li .number {
    color: var(--theme-foreground-muted, #666);
    font-size: 12px;
  }
  fieldset:has(> legend) {
    margin-top: 8px;
    padding-top: 0;
  }
  .nulls {
    display: block;
    padding-top: 8px;
  }
  .actions {
    padding-top: 10px;
  }
  @media (pointer: coarse) {
    button,
    input:not([type="checkbox"]),
    select {
      min-height: 36px;
    }
    li label {
      line-height: 34px;
    }
  }
`;
