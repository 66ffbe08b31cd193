import {html, LitElement, nothing, type TemplateResult} from "lit";
import {customElement, property, state} from "lit/decorators.js";
import type {Action} from "./action.ts";
import type {ActionContext} from "./commands.ts";
import {type IconName, icon} from "./icons.ts";
import {keyCaps} from "./keymap.ts";
import {isMac} from "./platform.ts";

/** A run of items under one another; `submenu` puts them one level down. */
export interface MenuSection {
  submenu?: {label: string; icon: IconName};
  actions: readonly Action[];
}

/**
 * A button that opens a menu of actions. The menu's component is loaded when the button is first wanted.
 *
 * @fires petri-action - `CustomEvent<{action: string}>` with the id of the chosen action.
 * @fires petri-menu - `CustomEvent<{open: boolean}>`
 */
@customElement("petri-menu")
export class PetriMenu extends LitElement {
  /** The button's accessible name. */
  @property() label = "More";
  @property() icon: IconName = "more";
  @property({type: Number}) tab = 0;
  @property({attribute: false}) sections: readonly MenuSection[] = [];
  /** What the items' `enabled` and `checked` are asked with when the menu opens; without it all are enabled. */
  @property({attribute: false}) context: (() => ActionContext) | null = null;
  @state() private ready = false;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    return html`<wa-dropdown
      placement="bottom-end"
      size="s"
      @wa-select=${this.#selected}
      @wa-show=${() => this.#opened(true)}
      @wa-after-hide=${() => this.#opened(false)}
    >
      <button
        slot="trigger"
        type="button"
        class="tool"
        aria-label=${this.label}
        title=${this.label}
        aria-haspopup="menu"
        tabindex=${this.tab}
        @click=${this.#pressed}
      >
        ${icon(this.icon)}
      </button>
      ${this.ready ? this.sections.map((section, index) => this.#section(section, index > 0)) : nothing}
    </wa-dropdown>`;
  }

  #section({submenu, actions}: MenuSection, divided: boolean): TemplateResult {
    const divider = divided ? html`<wa-divider></wa-divider>` : nothing;
    if (!submenu) return html`${divider}${actions.map((action) => this.#item(action))}`;
    return html`${divider}<wa-dropdown-item>
        <span slot="icon">${icon(submenu.icon)}</span>${submenu.label}
        ${actions.map((action) => this.#item(action, "submenu"))}
      </wa-dropdown-item>`;
  }

  #item(action: Action, slot = ""): TemplateResult {
    const context = this.context?.();
    const checkable = action.checked !== undefined;
    const [keys] = action.keys;
    return html`<wa-dropdown-item
      slot=${slot || nothing}
      value=${action.id}
      type=${checkable ? "checkbox" : "normal"}
      variant=${action.danger ? "danger" : "default"}
      .checked=${!!context && (action.checked?.(context) ?? false)}
      ?disabled=${!!context && !(action.enabled?.(context) ?? true)}
    >
      ${action.icon && !checkable ? html`<span slot="icon">${icon(action.icon)}</span>` : nothing}${action.title}
      ${keys ? html`<span slot="details" class="menu-keys" aria-hidden="true">${keyCaps(keys, isMac).map((cap) => html`<span>${cap}</span>`)}</span>` : nothing}
    </wa-dropdown-item>`;
  }

  /** The first press loads the component and then opens it; later presses are the component's own. */
  async #pressed(event: Event): Promise<void> {
    if (this.ready) return;
    event.preventDefault();
    event.stopPropagation();
    await import("./wa-menu.ts");
    this.ready = true;
    await this.updateComplete;
    const dropdown = this.querySelector<HTMLElement & {open: boolean; updateComplete: Promise<unknown>}>(
      "wa-dropdown"
    );
    await dropdown?.updateComplete;
    if (dropdown) dropdown.open = true;
  }

  #opened(open: boolean): void {
    if (open) this.requestUpdate();
    this.dispatchEvent(new CustomEvent("petri-menu", {detail: {open}, bubbles: true}));
  }

  #selected(event: CustomEvent<{item: HTMLElement & {value: string}}>): void {
    const action = event.detail.item.value;
    if (action) this.dispatchEvent(new CustomEvent("petri-action", {detail: {action}, bubbles: true}));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-menu": PetriMenu;
  }
}
