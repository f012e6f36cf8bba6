import { useEffect } from "preact/hooks";
import { trouble } from "../state/files.ts";
import { broken } from "../state/host.ts";
import { refresh } from "../state/images.ts";
import { FailureNote } from "../ui/failure.tsx";
import { Files } from "./files.tsx";
import { Recent } from "./recent.tsx";
import { ReferenceBox } from "./reference-box.tsx";
import { Routes } from "./routes.tsx";

/** The first screen: everything that leads to an image. */
export function OpenScreen() {
  useEffect(() => {
    // If there is no store, the page says so by itself.
    refresh().catch(() => undefined);
    return () => {
      trouble.value = null;
    };
  }, []);
  const why = broken.value ?? trouble.value;
  return (
    <div class="page open">
      <div class="open-main">
        <h1>Open a container image</h1>
        <p class="lead">See what it is made of, and that it is what it says: every byte is checked in this tab.</p>
        {!isSecureContext && (
          <p class="failure">
            This address is not secure, so the browser gives the page no storage. Use https, or http://127.0.0.1 on this
            machine.
          </p>
        )}
        <ReferenceBox />
        {why !== null && <FailureNote why={why} reference={null} />}
        <Files />
      </div>
      <Recent />
      <Routes />
    </div>
  );
}
