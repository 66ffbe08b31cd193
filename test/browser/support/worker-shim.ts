// Vitest rewrites `import()` in everything it serves to go through an object that its pages have and workers lack.
Object.assign(globalThis, {
  __vitest_browser_runner__: {wrapDynamicImport: (load: () => Promise<unknown>) => load()}
});
