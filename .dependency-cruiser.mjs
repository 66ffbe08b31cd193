// The arrows of ARCHITECTURE.md: who may import whom. Checked by `npm run check` and `npm test`.
const roots = "^src/[^/]+\\.ts$";

/** The folder may import these folders of ours (and itself), and no other. */
function mayImport(folder, allowed) {
  const inside = [folder, ...allowed].map((name) => `^src/${name}(/|\\.ts)`);
  return {
    name: `${folder}-imports`,
    comment: `src/${folder} may import ${allowed.length ? allowed.join(", ") : "nothing of ours"}.`,
    severity: "error",
    from: {path: `^src/${folder}/`},
    to: {path: "^src/", pathNot: inside}
  };
}

/** Only these folders may import these packages. */
function ownPackages(name, folders, packages) {
  return {
    name,
    comment: `Only ${folders.map((folder) => `src/${folder}`).join(", ")} may import ${name}.`,
    severity: "error",
    from: {path: "^src/", pathNot: [...folders.map((folder) => `^src/${folder}/`), roots]},
    to: {path: packages.map((pattern) => `node_modules/${pattern}`), dependencyTypesNot: ["type-only"]}
  };
}

export default {
  forbidden: [
    mayImport("gpu", []),
    mayImport("runtime", []),
    mayImport("tables", []),
    mayImport("ops", ["gpu"]),
    mayImport("training", ["ops", "gpu"]),
    mayImport("cells", ["training", "runtime", "tables", "gpu/types"]),
    {
      name: "roots-are-roots",
      comment: "The page, the worker and the table of modules compose the rest; nothing imports them.",
      severity: "error",
      from: {path: "^src/[^/]+/"},
      to: {path: roots}
    },
    ownPackages("tfjs", ["ops", "gpu"], ["@tensorflow/"]),
    ownPackages("arrow-and-duckdb", ["tables"], ["apache-arrow/", "@duckdb/"]),
    ownPackages("lit-and-codemirror", ["cells"], ["lit/", "lit-", "@lit/", "@codemirror/", "@awesome\\.me/"]),
    {
      name: "runtime-is-pure",
      comment:
        "The runtime runs in Node and in a worker: no tensors, tables, elements or Node modules in it.",
      severity: "error",
      from: {path: "^src/runtime/"},
      to: {
        path: "node_modules/(@tensorflow|@duckdb|apache-arrow|lit|jsdom|@awesome)",
        dependencyTypesNot: ["type-only"]
      }
    },
    {
      name: "page-without-node",
      comment: "What runs in a page imports no Node module.",
      severity: "error",
      from: {path: "^src/", pathNot: ["^src/(cli|publish|tables/node)/"]},
      to: {dependencyTypes: ["core"]}
    },
    {
      name: "no-cycles",
      comment: "Two files that need each other are one file, or miss a third.",
      severity: "error",
      from: {},
      to: {circular: true, viaOnly: {dependencyTypesNot: ["type-only"]}}
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere.",
      severity: "error",
      from: {},
      to: {couldNotResolve: true, pathNot: ["\\?(url|worker|raw|inline|worker&url)$"]}
    }
  ],
  options: {
    doNotFollow: {path: "node_modules"},
    exclude: {path: ["\\?"]},
    tsPreCompilationDeps: true,
    tsConfig: {fileName: "tsconfig.json"},
    enhancedResolveOptions: {
      conditionNames: ["import", "browser", "default", "types"],
      exportsFields: ["exports"]
    }
  }
};
