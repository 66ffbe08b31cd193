import {ZipWriter} from "../journal/zip-writer.ts";

/** A file as it is; several as a zip archive, in the folders that their names say. */
export async function oneFile(files: readonly File[], archiveName: string): Promise<File> {
  if (files.length === 1)
    return new File([files[0]], files[0].name.split("/").at(-1) ?? archiveName, files[0]);
  const zip = new ZipWriter();
  for (const file of files) await zip.addBlob(file.name, file);
  return new File([zip.finish()], archiveName, {type: "application/zip"});
}
