import {readArguments} from "../arguments.ts";
import {projectRoot} from "../project.ts";
import {staleReference, writeReference} from "../reference-files.ts";

/** `petri docs`: writes the reference from the docstrings; with --check says which of its pages are not what they say. */
export async function docs(args: string[]): Promise<void> {
  const {values} = readArguments(args, {check: {type: "boolean", default: false}});
  if (!values.check) {
    const count = await writeReference(projectRoot);
    console.log(`${count} pages in notebooks/reference`);
    return;
  }
  const problems = await staleReference(projectRoot);
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) process.exitCode = 1;
}
