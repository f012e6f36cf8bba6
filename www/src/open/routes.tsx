import { bridge } from "../state/host.ts";
import { CommandLine } from "../ui/copy.tsx";
import { Icon } from "../ui/icon.tsx";

/** The three ways in, and what each can and cannot do. */
export function Routes() {
  const connected = bridge.value !== null;
  return (
    <section class="routes" aria-labelledby="routes">
      <h2 id="routes">Three ways in</h2>
      <ul>
        <li>
          <h3>
            <Icon name="file" /> Files
          </h3>
          <p>Archives and folders from this machine. Nothing leaves the tab, and no network is needed.</p>
        </li>
        <li>
          <h3>
            <Icon name="globe" /> A registry, straight from the page
          </h3>
          <p>
            Only registries that let pages read their answers (CORS), such as zot, or your own with its headers set.
            Docker Hub, ghcr.io and most other public ones do not. The page knows no passwords.
          </p>
        </li>
        <li class={connected ? "is-on" : ""}>
          <h3>
            <Icon name="bridge" /> A bridge on this machine
            <span class={`badge ${connected ? "is-on" : ""}`}>{connected ? "connected" : "not connected"}</span>
          </h3>
          <p>
            {connected
              ? "Every registry that this machine reaches, with its mirrors, certificates and logins. Credentials stay with the bridge; it listens to this machine only."
              : "Reaches every registry that this machine does, with its mirrors, certificates and logins. Credentials stay there. Run this and open the address that it prints:"}
          </p>
          {!connected && <CommandLine line="lugger serve" what="the command that starts a bridge" />}
        </li>
      </ul>
    </section>
  );
}
