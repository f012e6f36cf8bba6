import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { open } from "../state/files.ts";
import { Icon } from "../ui/icon.tsx";
import { dropped } from "./given.ts";

/** The whole page takes what is dropped on it; a veil says so while something hovers. */
export function DropTarget() {
  const hovering = useSignal(false);
  // A browser leaves the page for a file that nobody takes.
  useLayoutEffect(() => {
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (holdsFiles(event)) {
        event.preventDefault();
        hovering.value = true;
      }
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) {
        hovering.value = false;
      }
    };
    const drop = (event: DragEvent) => {
      hovering.value = false;
      if (event.dataTransfer !== null && holdsFiles(event)) {
        event.preventDefault();
        void open(dropped(event.dataTransfer));
      }
    };
    addEventListener("dragenter", over);
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragenter", over);
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [hovering]);
  return hovering.value ? (
    <div class="veil">
      <p>
        <Icon name="down" /> Drop to open
      </p>
    </div>
  ) : null;
}
