/** Calls back when the page's colours may have changed: the system's scheme, or a theme set on the root or body. */
export function onThemeChange(callback: () => void): () => void {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(callback);
  const options = {attributes: true, attributeFilter: ["class", "style", "data-theme", "data-scheme"]};
  scheme.addEventListener("change", callback);
  observer.observe(document.documentElement, options);
  observer.observe(document.body, options);
  return () => {
    scheme.removeEventListener("change", callback);
    observer.disconnect();
  };
}
