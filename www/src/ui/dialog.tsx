import { useLayoutEffect, useRef } from "preact/hooks";
import { question } from "../state/question.ts";
import { Text } from "./text.tsx";

/** The question that waits for an answer. Esc and a click beside it are a no; the focus goes back to where it was. */
export function Dialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  // What waits for the answer finds no page behind a dialog.
  useLayoutEffect(() => {
    if (asked === null) {
      return undefined;
    }
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      dialog.current?.close();
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, [asked]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside it does what Esc does.
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="question"
      aria-describedby="question-text"
      onCancel={(event) => {
        event.preventDefault();
        asked?.answer(false);
      }}
      onClick={(event) => event.target === dialog.current && asked?.answer(false)}
    >
      {asked && (
        <div class="dialog-body">
          <h2 id="question">
            <Text>{asked.title}</Text>
          </h2>
          <p id="question-text">{asked.text}</p>
          <div class="actions">
            <button type="button" onClick={() => asked.answer(false)}>
              Cancel
            </button>
            <button type="button" class={asked.danger ? "danger" : "primary"} onClick={() => asked.answer(true)}>
              {asked.yes}
            </button>
          </div>
        </div>
      )}
    </dialog>
  );
}
