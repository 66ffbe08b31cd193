/** Hands a text to the reader as a file. */
export function saveFile(name: string, text: string, type: string): void {
  saveBlob(name, new Blob([text], {type}));
}

/** Hands content to the reader as a file. */
export function saveBlob(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = Object.assign(document.createElement("a"), {href: url, download: name});
  link.click();
  // The download has its own reference once the click is handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Lets the reader choose files of their own; an empty list when they close the chooser. */
export function chooseFiles(accept: string): Promise<File[]> {
  return choose({accept, multiple: true});
}

/** Lets the reader choose a folder: all files in it, with their paths; an empty list when they close the chooser. */
export function chooseFolder(): Promise<File[]> {
  return choose({webkitdirectory: true});
}

function choose(options: {accept?: string; multiple?: boolean; webkitdirectory?: boolean}): Promise<File[]> {
  const input = Object.assign(document.createElement("input"), {type: "file", ...options});
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve(Array.from(input.files ?? [])));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}
