import type {ReactiveController, ReactiveControllerHost} from "lit";
import {ColumnMenu} from "./column-menu.ts";
import type {GridState} from "./grid-state.ts";

interface AttentiveGrid extends ReactiveControllerHost, HTMLElement {
  readonly state: GridState;
  /** Opens the menu of a column by its name, with the focus on its `control`th control. */
  openMenuOf(column: string, control: number): void;
}

/**
 * Gives the focus, and the open menu of a column, back to a grid that takes the place of the one before: results of a
 * query over a run that goes on replace each other four times a second.
 */
export class Attention implements ReactiveController {
  private readonly host: AttentiveGrid;
  private isNew = true;
  private isListening = false;
  /** How often it was taken off the page. */
  private removals = 0;

  constructor(host: AttentiveGrid) {
    this.host = host;
    host.addController(this);
    host.addEventListener("focusout", () => this.left());
  }

  hostConnected(): void {
    this.isNew = true;
  }

  hostDisconnected(): void {
    this.removals++;
  }

  hostUpdated(): void {
    if (!this.isListening) this.listen();
    if (!this.isNew) return;
    this.isNew = false;
    const {attention} = this.host.state;
    const isFree = !document.activeElement || document.activeElement === document.body;
    if (!attention || !isFree) return;
    if (attention.menu === null) this.scroller?.focus({preventScroll: true});
    else this.host.openMenuOf(attention.menu, attention.control);
  }

  /** Inside the grid: focus that moves from one part of it to another is not told outside. */
  private listen(): void {
    this.isListening = true;
    this.host.shadowRoot?.addEventListener("focusin", ({target}) => {
      // The menu notes by itself which of its controls has the focus.
      if (target instanceof ColumnMenu) return;
      this.host.state.attention = target === this.scroller ? {menu: null, control: 0} : null;
    });
  }

  private get scroller(): HTMLElement | null {
    return this.host.shadowRoot?.querySelector<HTMLElement>(".scroller") ?? null;
  }

  /** The reader went elsewhere, unless it is the grid that goes: then the focus leaves just before. */
  private left(): void {
    const {removals} = this;
    const {attention} = this.host.state;
    queueMicrotask(() => {
      const {state} = this.host;
      if (removals === this.removals && state.attention === attention) state.attention = null;
    });
  }
}
