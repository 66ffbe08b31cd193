/** An `npm:` import that cannot be served; its message is shown in the cell that imports. */
export class NpmModuleError extends Error {
  override name = "NpmModuleError";
}

export class NpmPackageMissingError extends NpmModuleError {
  override name = "NpmPackageMissingError";

  constructor(name: string, range: string) {
    super(`the package “${name}” is not installed; run: npm install ${name}${range && `@${range}`}`);
  }
}

export class NpmPathMissingError extends NpmModuleError {
  override name = "NpmPathMissingError";

  constructor(name: string, version: string, path: string) {
    super(
      `${name} ${version} has no ${path ? `file “${path}”` : "main module for browsers"}; see its package.json`
    );
  }
}
