function buffer(file: Blob): Promise<ArrayBuffer> {
  return file.arrayBuffer();
}

function text(file: Blob): Promise<string> {
  return file.text();
}

/** The file as a data: URL. */
function url(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("the file could not be read"));
    reader.readAsDataURL(file);
  });
}

/** Observable's deprecated `Files` builtin: reads a File that a person chose. */
export const Files = {buffer, text, url};
