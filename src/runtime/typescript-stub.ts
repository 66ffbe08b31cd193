// The kit's entry imports `typescript` for its own ts mode, which we do not use (runtime/typescript.ts does that
// work, lazily). The page's build puts this file in its place, so that 1 MB of compressed code is not loaded.
// `vite.config.ts`: resolve.alias = [{find: /^typescript$/, replacement: ".../src/runtime/typescript-stub.ts"}]

function unavailable(): never {
  throw new Error("TypeScript cells are compiled by src/runtime/typescript.ts.");
}

/** @public */
export const ModuleKind = {Preserve: 200};
/** @public */
export const ScriptTarget = {ESNext: 99};
/** @public */
export const transpile = unavailable;
/** @public */
export const createProgram = unavailable;
/** @public */
export const createSourceFile = unavailable;
/** @public */
export const isClassExpression = unavailable;
/** @public */
export const isFunctionExpression = unavailable;
/** @public */
export const isParenthesizedExpression = unavailable;
/** @public */
export const isExpressionStatement = unavailable;
