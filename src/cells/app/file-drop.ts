import type {ReactiveController} from "lit";
import {droppedFiles, type GivenFiles} from "./folders.ts";

const isEditor = (target: EventTarget) => target instanceof Element && target.matches(".cm-editor");
const isFileInput = (target: EventTarget) => target instanceof HTMLInputElement && target.type === "file";

/**
 * Takes files that are dropped anywhere on the page: the browser would leave the page for them. Places with a use of
 * their own for files come first: those that cancel the event, and inputs for files. An editor would write a file's
 * text into the code, so files over it are the page's; text that is dragged into it is its own.
 */
export class FileDrop implements ReactiveController {
  readonly #host: HTMLElement;
  readonly #take: (reading: Promise<GivenFiles>) => void;
  /** Whether what is dragged comes from this page, as a picture of an output does. */
  #isOwn = false;

  constructor(host: HTMLElement, take: (reading: Promise<GivenFiles>) => void) {
    this.#host = host;
    this.#take = take;
  }

  hostConnected(): void {
    for (const type of ["dragover", "drop"] as const) {
      window.addEventListener(type, this.#captured, {capture: true});
      window.addEventListener(type, this.#bubbled);
    }
    window.addEventListener("dragleave", this.#left);
    window.addEventListener("dragstart", this.#began);
    window.addEventListener("dragend", this.#ended);
  }

  hostDisconnected(): void {
    for (const type of ["dragover", "drop"] as const) {
      window.removeEventListener(type, this.#captured, {capture: true});
      window.removeEventListener(type, this.#bubbled);
    }
    window.removeEventListener("dragleave", this.#left);
    window.removeEventListener("dragstart", this.#began);
    window.removeEventListener("dragend", this.#ended);
  }

  #hasFiles({dataTransfer}: DragEvent): boolean {
    return !this.#isOwn && (dataTransfer?.types ?? []).includes("Files");
  }

  #captured = (event: DragEvent): void => {
    if (!this.#hasFiles(event) || !event.composedPath().some(isEditor)) return;
    event.stopPropagation();
    this.#handle(event);
  };

  #bubbled = (event: DragEvent): void => {
    if (!this.#hasFiles(event)) return;
    if (event.defaultPrevented || isFileInput(event.composedPath()[0])) this.#mark(false);
    else this.#handle(event);
  };

  #handle(event: DragEvent): void {
    event.preventDefault();
    this.#mark(event.type === "dragover");
    if (event.type === "drop") this.#take(droppedFiles(event.dataTransfer));
  }

  #mark(isOver: boolean): void {
    this.#host.classList.toggle("dropping", isOver);
  }

  /** Between elements of the page there is a next one. */
  #left = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.#mark(false);
  };

  #began = (): void => {
    this.#isOwn = true;
  };

  #ended = (): void => {
    this.#isOwn = false;
  };
}
