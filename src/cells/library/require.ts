import type {Importer} from "./importer.ts";

/**
 * The `require` of older Observable notebooks: a dynamic import of npm packages by bare names.
 * Several names give one object with the exports of all; a lone default export stands for the module.
 */
export function createRequire({importModule, resolve}: Importer) {
  const specifierOf = (name: string): string => (/^(\w+:|\.{0,2}\/)/.test(name) ? name : `npm:${name}`);
  const load = async (name: string): Promise<unknown> => {
    const module = (await importModule(specifierOf(name))) as {default?: unknown};
    const lone = typeof module.default === "function" || Object.keys(module).length === 1;
    return lone && module.default !== undefined ? module.default : module;
  };
  const require = async (...names: string[]): Promise<unknown> => {
    const modules = await Promise.all(names.map(load));
    return modules.length === 1 ? modules[0] : Object.assign({}, ...modules);
  };
  return Object.assign(require, {resolve: (name: string) => resolve(specifierOf(name))});
}
