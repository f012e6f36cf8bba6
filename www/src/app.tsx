import { useLayoutEffect, useRef } from "preact/hooks";
import { DropTarget } from "./open/drop.tsx";
import { OpenScreen } from "./open/open.tsx";
import { ReferenceBox } from "./open/reference-box.tsx";
import { OverviewScreen } from "./overview/overview.tsx";
import { route } from "./router.ts";
import { polite, urgent } from "./state/announce.ts";
import { bridge } from "./state/host.ts";
import { subject } from "./state/screen.ts";
import { canonical } from "./text/reference.ts";
import { Dialog } from "./ui/dialog.tsx";
import { Icon, Mark } from "./ui/icon.tsx";

/** What is around every screen. */
export function App() {
  // A key that is pressed before the first frame counts, too.
  useLayoutEffect(() => {
    addEventListener("keydown", toBox);
    return () => removeEventListener("keydown", toBox);
  }, []);
  const at = route.value;
  useFocus(at.screen === "image" ? canonical(at.name) : at.screen);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads into the page; the address of the screen stays. */}
      <a class="skip" href="#main" onClick={skip}>
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="#/">
          <Mark /> Lugger
        </a>
        <div class="bar-box">{at.screen === "open" ? null : <ReferenceBox compact />}</div>
        <Connection />
      </header>
      <main id="main" tabIndex={-1}>
        {at.screen === "open" && <OpenScreen />}
        {at.screen === "image" && subject.value !== null && <OverviewScreen subject={subject.value} />}
        {at.screen === "unknown" && <Nowhere />}
      </main>
      <footer class="foot">
        <p>
          Nothing leaves this tab but questions to the registry of the image that you open. Every byte is verified here.
        </p>
        <p>
          <kbd>/</kbd> goes to the box
        </p>
      </footer>
      <DropTarget />
      <Dialog />
      <p class="hidden" aria-live="polite">
        <span key={polite.value.key}>{polite.value.text}</span>
      </p>
      <p class="hidden" aria-live="assertive">
        <span key={urgent.value.key}>{urgent.value.text}</span>
      </p>
    </>
  );
}

/** Another screen is read from its start; the first one is left to the browser. */
function useFocus(screen: string): void {
  const before = useRef(screen);
  // At once: later would be under the hands of who types already.
  useLayoutEffect(() => {
    if (before.current !== screen) {
      before.current = screen;
      document.getElementById("main")?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }, [screen]);
}

function Connection() {
  const connected = bridge.value !== null;
  return (
    <p class={`connection ${connected ? "is-on" : ""}`}>
      <Icon name={connected ? "bridge" : "unplugged"} />
      <span>{connected ? "Bridge connected" : "No bridge"}</span>
    </p>
  );
}

function Nowhere() {
  return (
    <section class="page">
      <h1>There is nothing here</h1>
      <p>
        This address leads to no screen. <a href="#/">Open an image</a>
      </p>
    </section>
  );
}

function skip(event: Event): void {
  // The fragment is the address of the screen: it must stay.
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** `/` goes to the box from everywhere but where one types. */
function toBox(event: KeyboardEvent): void {
  const typing = event.target instanceof Element && event.target.closest("input, select, textarea, dialog");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) {
    return;
  }
  const box = document.querySelector<HTMLInputElement>("input[name=reference]");
  if (box !== null) {
    event.preventDefault();
    box.focus();
    box.select();
  }
}
