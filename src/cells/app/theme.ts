import type {Notebook} from "../../runtime/types.ts";

export type Scheme = "auto" | "light" | "dark";
type Theme = Notebook["theme"];
type ThemeName = Extract<Theme, string>;

const DARK: ReadonlySet<string> = new Set([
  "coffee",
  "deep-space",
  "ink",
  "midnight",
  "near-midnight",
  "ocean-floor",
  "slate",
  "stark",
  "sun-faded"
]);

/** Observable's palettes; each is fetched when a notebook asks for it. */
const PALETTES: Partial<Record<ThemeName, () => Promise<{default: string}>>> = {
  coffee: () => import("@observablehq/notebook-kit/theme-coffee.css?inline"),
  cotton: () => import("@observablehq/notebook-kit/theme-cotton.css?inline"),
  "deep-space": () => import("@observablehq/notebook-kit/theme-deep-space.css?inline"),
  glacier: () => import("@observablehq/notebook-kit/theme-glacier.css?inline"),
  ink: () => import("@observablehq/notebook-kit/theme-ink.css?inline"),
  midnight: () => import("@observablehq/notebook-kit/theme-midnight.css?inline"),
  "near-midnight": () => import("@observablehq/notebook-kit/theme-near-midnight.css?inline"),
  "ocean-floor": () => import("@observablehq/notebook-kit/theme-ocean-floor.css?inline"),
  parchment: () => import("@observablehq/notebook-kit/theme-parchment.css?inline"),
  slate: () => import("@observablehq/notebook-kit/theme-slate.css?inline"),
  stark: () => import("@observablehq/notebook-kit/theme-stark.css?inline"),
  "sun-faded": () => import("@observablehq/notebook-kit/theme-sun-faded.css?inline")
};

/**
 * The palette to show, null for Petri's own: a notebook's theme counts where it fits the reader's choice of light or
 * dark, and `air`, the format's default, says nothing.
 */
export function chooseTheme(theme: Theme, scheme: Scheme, systemDark: boolean): ThemeName | null {
  const own = (name: ThemeName): ThemeName | null => (name in PALETTES ? name : null);
  if (typeof theme !== "string")
    return own(scheme === "dark" || (scheme === "auto" && systemDark) ? theme.dark : theme.light);
  if (scheme === "auto" || DARK.has(theme) === (scheme === "dark")) return own(theme);
  return null;
}

const KEY = "petri:scheme";

/** Light or dark as the reader chose, and the palette of the open notebook. */
export class ThemeController {
  readonly #root: HTMLElement;
  readonly #system = matchMedia("(prefers-color-scheme: dark)");
  readonly #style = document.createElement("style");
  #scheme: Scheme = storedScheme();
  #theme: Theme = "air";

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#system.addEventListener("change", () => void this.#apply());
    document.head.append(this.#style);
    void this.#apply();
  }

  get scheme(): Scheme {
    return this.#scheme;
  }

  set scheme(scheme: Scheme) {
    this.#scheme = scheme;
    try {
      localStorage.setItem(KEY, scheme);
    } catch {
      // Storage may be closed to this page; the choice then lasts as long as the page.
    }
    void this.#apply();
  }

  /** The palette that the open notebook asks for. */
  set theme(theme: Theme) {
    this.#theme = theme;
    void this.#apply();
  }

  async #apply(): Promise<void> {
    const name = chooseTheme(this.#theme, this.#scheme, this.#system.matches);
    if (this.#scheme === "auto") delete this.#root.dataset.scheme;
    else this.#root.dataset.scheme = this.#scheme;
    const css = name ? ((await PALETTES[name]?.())?.default ?? "") : "";
    // A later choice may have been made while the palette was on its way.
    if (name === chooseTheme(this.#theme, this.#scheme, this.#system.matches)) this.#style.textContent = css;
  }
}

function storedScheme(): Scheme {
  try {
    const scheme = localStorage.getItem(KEY);
    return scheme === "light" || scheme === "dark" ? scheme : "auto";
  } catch {
    return "auto";
  }
}
