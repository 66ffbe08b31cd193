import {existsSync} from "node:fs";
import {expect, test} from "vitest";
import {ops} from "../../src/ops/index.ts";
import {systems} from "../../src/ops/systems.ts";

test.each(systems.map((system) => [system.id, system] as const))(
  "%s has its export and its test",
  (_id, system) => {
    const [specifier, name] = system.export.split("#") as [string, string];
    const packages: Record<string, object> = {
      "petri/pruning": ops.pruning,
      "petri/forward-forward": ops.forwardForward,
      "petri/kan": ops.kan,
      "petri/moe": ops.moe,
      "petri/core": ops
    };
    expect(packages[specifier]).toHaveProperty(name);
    expect(existsSync(new URL(`../../${system.test}`, import.meta.url))).toBe(true);
  }
);
