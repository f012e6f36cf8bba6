import type { Overview } from "lugger";
import type { Subject } from "../state/subject.ts";
import { FailureNote } from "../ui/failure.tsx";
import { Commands } from "./commands.tsx";
import { Configuration } from "./configuration.tsx";
import { isConfigured, NOT_CONFIGURED } from "./configured.ts";
import { Documents } from "./documents.tsx";
import { Facts } from "./facts.tsx";
import { Happened } from "./happened.tsx";
import { Head } from "./head.tsx";
import { History } from "./history.tsx";
import { Layers } from "./layers.tsx";
import { Pairs } from "./pairs.tsx";
import { choices, Platforms } from "./platforms.tsx";
import { Status } from "./status.tsx";

/** The second screen: what an image says of itself, and how much of that is verified. */
export function OverviewScreen({ subject }: { subject: Subject }) {
  const overview = subject.overview.value;
  const shown = overview ?? subject.previous;
  const failed = subject.failed.value;
  return (
    <article class="page overview" aria-busy={subject.doing.value === "looking"}>
      <Head subject={subject} overview={shown} />
      <Status subject={subject} overview={overview} />
      {failed !== null && <FailureNote why={failed.why} reference={subject.name} again={failed.again} />}
      {shown === null ? <div class="platforms" /> : <Platforms subject={subject} overview={shown} />}
      <div
        class="sheet"
        id="platform-panel"
        {...(shown !== null && choices(shown).length > 1
          ? { role: "tabpanel", "aria-labelledby": "platform-selected" }
          : {})}
      >
        {overview?.manifest ? (
          <Sheet subject={subject} overview={overview} />
        ) : (
          failed === null && <Unknown waits={subject.doing.value !== null} />
        )}
      </div>
    </article>
  );
}

/** All that depends on the platform. */
function Sheet({ subject, overview }: { subject: Subject; overview: Overview }) {
  return (
    <>
      <Facts overview={overview} subject={subject} />
      <Layers overview={overview} subject={subject} />
      <History overview={overview} />
      <div class="side">
        <div class="column aside">
          <Configuration overview={overview} />
          <Pairs
            title="Labels"
            pairs={overview.run?.Labels ?? {}}
            empty={isConfigured(overview) ? "The configuration has no labels." : NOT_CONFIGURED}
          />
          <Pairs title="Annotations" pairs={overview.annotations} empty="The manifest has no annotations." />
        </div>
        <div class="column extra">
          <Documents overview={overview} />
          <Commands overview={overview} />
          <Happened log={subject.log} />
        </div>
      </div>
    </>
  );
}

/** Where things will be, or why they are not. */
function Unknown({ waits }: { waits: boolean }) {
  return waits ? (
    <div class="skeleton" aria-hidden="true">
      <div class="bone facts-bone" />
      <div class="bone tall" />
      <div class="bone tall" />
      <div class="bone tall" />
    </div>
  ) : (
    <p class="panel unknown muted">Nothing is known of it before its manifest is fetched.</p>
  );
}
