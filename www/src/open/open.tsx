import { useEffect } from "preact/hooks";
import { fail, trouble } from "../state/files.ts";
import { asError } from "../state/host.ts";
import { images, refresh } from "../state/images.ts";
import { FailureNote } from "../ui/failure.tsx";
import { Files } from "./files.tsx";
import { Recent } from "./recent.tsx";
import { ReferenceBox } from "./reference-box.tsx";
import { Routes } from "./routes.tsx";

/** The first screen: everything that leads to an image. */
export function OpenScreen() {
  useEffect(() => {
    void look();
    return () => {
      trouble.value = null;
    };
  }, []);
  const why = trouble.value;
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
        {why !== null && <FailureNote why={why} reference={null} {...(images.value === null ? { again } : {})} />}
        <Files />
      </div>
      <Recent />
      <Routes />
    </div>
  );
}

function again(): void {
  trouble.value = null;
  void look();
}

async function look(): Promise<void> {
  try {
    await refresh();
  } catch (why) {
    fail(asError(why));
  }
}
