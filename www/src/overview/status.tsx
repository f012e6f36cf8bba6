import type { Overview } from "lugger";
import { isMissing, verified } from "../state/blobs.ts";
import type { Subject } from "../state/subject.ts";
import { percent, plural, size } from "../text/format.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Meter } from "../ui/meter.tsx";
import { Text } from "../ui/text.tsx";

interface Told {
  icon: IconName;
  tone: "calm" | "good" | "bad";
  text: string;
  more: string;
}

/** What goes on and how well the image is known: always there, always as high, so that nothing jumps. */
export function Status({ subject, overview }: { subject: Subject; overview: Overview | null }) {
  const doing = subject.doing.value;
  const { done, total } = subject.progress.value;
  const { icon, tone, text, more } = told(subject, overview);
  const share = doing === null || doing === "looking" || total === 0 ? null : percent(done, total);
  const note = subject.log.note.value;
  return (
    <section class={`status is-${tone}`} aria-label="State">
      <Icon name={icon} />
      <p class="status-text">
        <strong>{text}</strong>
        {(doing !== null || more !== "") && (
          <span class="muted tabular">{doing !== null && note !== null ? <Text>{note}</Text> : more}</span>
        )}
      </p>
      <div class="status-action">
        <Action subject={subject} overview={overview} />
      </div>
      {doing === null ? <div class="meter is-idle" /> : <Meter percent={share} label={text} />}
    </section>
  );
}

function Action({ subject, overview }: { subject: Subject; overview: Overview | null }) {
  const doing = subject.doing.value;
  if (doing !== null) {
    return (
      <button type="button" onClick={() => subject.cancel()}>
        <Icon name="cross" /> Stop
      </button>
    );
  }
  if (overview === null && subject.failed.value !== null) {
    // What went wrong says what one can do.
    return null;
  }
  const { archive } = subject;
  if (archive !== null && !subject.isWhole()) {
    return (
      <button type="button" class="primary" onClick={() => subject.reopen(archive)}>
        <Icon name="file" /> Go on reading
      </button>
    );
  }
  if (overview === null || !subject.isWhole()) {
    const missing = subject.missing();
    return (
      <button type="button" class="primary" onClick={() => subject.pull()}>
        <Icon name="down" /> Fetch{missing > 0 && ` ${size(missing)}`}
      </button>
    );
  }
  if (!subject.examined.value && overview.layers.some(({ state }) => state === "stored")) {
    return (
      <button type="button" onClick={() => subject.examine()}>
        <Icon name="double" /> Unpack and verify
      </button>
    );
  }
  return null;
}

function told(subject: Subject, overview: Overview | null): Told {
  const { done, total } = subject.progress.value;
  const amount = total === 0 ? "" : `${size(done)} of ${size(total)}`;
  switch (subject.doing.value) {
    case "looking":
      return { icon: "turn", tone: "calm", text: "Looking it up", more: "In this browser first, then at its registry" };
    case "pulling":
      return {
        icon: "down",
        tone: "calm",
        text: overview?.manifest ? "Fetching and verifying" : "Asking the registry",
        more: amount,
      };
    case "opening":
      return { icon: "file", tone: "calm", text: "Reading and verifying", more: amount };
    case "examining":
      return { icon: "double", tone: "calm", text: "Unpacking and verifying", more: amount };
  }
  if (overview === null) {
    return { icon: "ring", tone: "calm", text: "Nothing of it is here", more: "" };
  }
  const layers = overview.layers.length;
  const { contents, damaged } = verified(overview, subject.lives.value);
  const missing = overview.layers.filter(isMissing).length;
  if (damaged > 0) {
    return {
      icon: "warning",
      tone: "bad",
      text: `${plural(damaged, "layer")} damaged`,
      more: `${damaged === 1 ? "It does" : "They do"} not unpack to what the configuration says`,
    };
  }
  if (overview.manifest === null) {
    return { icon: "ring", tone: "calm", text: "This platform is not here", more: "" };
  }
  if (missing > 0) {
    return {
      icon: "ring",
      tone: "calm",
      text: `${missing} of ${plural(layers, "layer")} not here`,
      more: "What is shown comes from the manifest and the configuration",
    };
  }
  if (!overview.stored) {
    return {
      icon: "ring",
      tone: "calm",
      text: "All its layers are here, but not its name",
      more: "Only its documents are still to come",
    };
  }
  if (contents < layers) {
    const rest = plural(layers - contents, "layer");
    return {
      icon: "check",
      tone: "good",
      text: "Every digest is verified",
      more: subject.examined.value
        ? `${rest} of ${layers} not unpacked: compressed in a way that is not looked into here`
        : `${rest} of ${layers} not yet unpacked and compared with the configuration`,
    };
  }
  return {
    icon: "double",
    tone: "good",
    text: "Verified to the last byte",
    more: "Every digest, and what every layer unpacks to",
  };
}
