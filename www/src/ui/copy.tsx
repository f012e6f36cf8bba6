import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { alert, announce } from "../state/announce.ts";
import { Icon } from "./icon.tsx";

/** Puts `text` in the clipboard. `what` names it for those who do not see what it stands beside. */
export function Copy({ text, what }: { text: string; what: string }) {
  const copied = useSignal(false);
  useEffect(() => {
    if (copied.value) {
      const timer = setTimeout(() => {
        copied.value = false;
      }, 1600);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [copied.value]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = true;
      announce(`Copied ${what}`);
    } catch {
      alert("The browser does not let this page write to the clipboard");
    }
  };
  return (
    <button
      type="button"
      class={`quiet copy ${copied.value ? "is-done" : ""}`}
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={copy}
    >
      <Icon name={copied.value ? "check" : "copy"} />
    </button>
  );
}

/** A command to copy. */
export function CommandLine({ line, what }: { line: string; what: string }) {
  return (
    <div class="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached. */}
      <section class="command-line" tabIndex={0} aria-label={what}>
        <code>{line}</code>
      </section>
      <Copy text={line} what={what} />
    </div>
  );
}
