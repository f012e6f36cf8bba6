import type { Failure } from "lugger";
import { bridge } from "../state/host.ts";
import { serve } from "../text/shell.ts";
import { CommandLine } from "./copy.tsx";
import { Icon } from "./icon.tsx";
import { Text } from "./text.tsx";

interface Words {
  title: string;
  text: string;
  /** Whether a bridge would help. */
  bridge?: boolean;
}

interface Props {
  why: Failure;
  /** What was asked for, if it has a name. */
  reference: string | null;
  again?: () => void;
}

/** Why something failed, what that means, and what one can do. */
export function FailureNote({ why, reference, again }: Props) {
  const { title, text, bridge: helps } = words(why, reference);
  return (
    <section class="failure" aria-label="What went wrong">
      <h2>
        <Icon name="warning" /> {title}
      </h2>
      <p>{text}</p>
      {helps && <CommandLine line={serve(reference)} what="the command that starts a bridge" />}
      <p class="failure-words">
        <Text lines>{why.message}</Text>
      </p>
      {why.attempts.length > 0 && (
        <details>
          <summary>What was asked</summary>
          <ul class="attempts">
            {why.attempts.map((attempt) => (
              <li key={`${attempt.registry} ${attempt.asked}`}>
                <Text>{`${attempt.registry}/${attempt.repository}`}</Text>: <Text>{attempt.asked}</Text>
                <span class="muted">
                  <Text>{attempt.why}</Text>
                  {attempt.tries > 1 && `, ${attempt.tries} tries`}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {again && (
        <div class="actions">
          <button type="button" onClick={again}>
            <Icon name="turn" /> Try again
          </button>
        </div>
      )}
    </section>
  );
}

function words({ kind, registry }: Failure, reference: string | null): Words {
  const it = registry ?? "The registry";
  const bridged = bridge.value !== null;
  switch (kind) {
    case "cors":
      return {
        title: "The registry does not let pages read its answers",
        text: `${it} answers programs, but not pages in a browser (it sends no CORS headers). A bridge on this machine can ask in its place. Run this, and it opens the page again with the bridge connected:`,
        bridge: true,
      };
    case "denied":
      return bridged
        ? {
            title: "Access denied",
            text: "The registry wants other credentials than the bridge found, or there is no such image. Log in where the bridge runs: lugger login, docker login or podman login.",
          }
        : {
            title: "Access denied",
            text: "The registry wants to know who asks, or there is no such image. A page has no credentials; a bridge uses those of this machine:",
            bridge: true,
          };
    case "not_found":
      return {
        title: "There is no such image",
        text: "The registry does not have this name, tag, digest or platform. Names are case-sensitive, and not every image has the tag latest.",
      };
    case "network":
      return bridged
        ? {
            title: "No answer",
            text: "The bridge or the registry does not answer. Is lugger serve still running? What was opened before still works.",
          }
        : {
            title: "No answer",
            text: "The registry cannot be reached: there may be no network, no such host, or something between that blocks it. What was opened before still works.",
          };
    case "limited":
      return {
        title: "The registry wants a pause",
        text: "It gives only so many images in so much time, and that was it for now. What arrived stays; try again later, or with a bridge that is logged in.",
      };
    case "full":
      return {
        title: "No room left",
        text: "The browser gives this page no more storage. Delete images that you do not need, then try again: what arrived stays.",
      };
    case "content":
      if (reference === null) {
        return {
          title: "This is not an image, or not all of one",
          text: "Lugger opens archives of images and folders of OCI layouts. This is something else, or it was cut off or changed: nothing of it is shown.",
        };
      }
      return {
        title: "The content is not what it should be",
        text: "Bytes arrived that do not have the digest, size or form that the image says. They were not kept, and nothing was shown from them.",
      };
    case "confirm":
      return {
        title: "Not asked",
        text: `The bridge does not contact ${registry ?? "a registry"} before you allow it.`,
      };
    case "usage":
      return { title: "That cannot be opened", text: "It is not something that Lugger knows how to open." };
    default:
      return { title: "That did not work", text: "Lugger says:" };
  }
}
