import type {Node, TaggedTemplateExpression} from "acorn";
import {full} from "acorn-walk";
import {parseBody} from "./instrument.ts";
import {templateReferences} from "./sql-cell.ts";
import type {SqlReferences} from "./sql-references.ts";

/** The tags of a client that run SQL. */
const tags = new Set(["sql", "view", "show"]);

/** The tables of `db.sql\`...\``, `db.view\`...\`` and `sql\`...\`` in a cell's code, with the variable they are asked of. */
export function sqlTemplates(body: string): (SqlReferences & {database: string})[] {
  if (!/\b(sql|view|show)`/.test(body)) return [];
  const tables: (SqlReferences & {database: string})[] = [];
  full(parseBody(body), (node) => {
    if (node.type !== "TaggedTemplateExpression") return;
    const {tag, quasi} = node as TaggedTemplateExpression;
    const database = clientOf(tag);
    if (database === null) return;
    const references = templateReferences(quasi.quasis.map((element) => element.value.raw));
    tables.push({database, ...references});
  });
  return tables;
}

function clientOf(tag: Node): string | null {
  if (tag.type === "Identifier") return (tag as unknown as {name: string}).name === "sql" ? "db" : null;
  if (tag.type !== "MemberExpression") return null;
  const {object, property, computed} = tag as unknown as {object: Node; property: Node; computed: boolean};
  if (computed || object.type !== "Identifier" || !tags.has((property as unknown as {name: string}).name))
    return null;
  return (object as unknown as {name: string}).name;
}
