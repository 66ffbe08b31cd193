import {zipSync} from "fflate";

/** A file as it is; several as a zip archive, in the folders that their names say. */
export async function oneFile(files: readonly File[], archiveName: string): Promise<File> {
  if (files.length === 1)
    return new File([files[0]], files[0].name.split("/").at(-1) ?? archiveName, files[0]);
  const contents = await Promise.all(
    files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const)
  );
  const archive = zipSync(Object.fromEntries(contents), {level: 6});
  return new File([archive as Uint8Array<ArrayBuffer>], archiveName, {type: "application/zip"});
}
