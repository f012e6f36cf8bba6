import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fail, open } from "../state/files.ts";
import { asError } from "../state/host.ts";
import { Icon } from "../ui/icon.tsx";
import { dropped } from "./given.ts";

/** The whole page takes what is dropped on it; a veil says so while something hovers. */
export function DropTarget() {
  const hovering = useSignal(false);
  useEffect(() => {
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
        dropped(event.dataTransfer).then(open, (why) => fail(asError(why)));
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
