import type { Standing } from "../state/blobs.ts";
import { Icon, type IconName } from "../ui/icon.tsx";

const SHOWN: Record<Standing["state"], { icon: IconName; words: string }> = {
  absent: { icon: "ring", words: "not here" },
  partial: { icon: "ring", words: "here" },
  fetching: { icon: "down", words: "fetching" },
  reading: { icon: "file", words: "reading" },
  waiting: { icon: "turn", words: "waiting" },
  stored: { icon: "check", words: "digest verified" },
  unpacking: { icon: "double", words: "unpacking" },
  examined: { icon: "double", words: "unpacked, diffID verified" },
  damaged: { icon: "warning", words: "damaged" },
};

export function words({ state, percent }: Standing): string {
  const { words } = SHOWN[state];
  if (percent === null) {
    return words;
  }
  return state === "partial" ? `${percent} % ${words}` : `${words} ${percent} %`;
}

/** How far a blob is verified. */
export function StandingMark({ standing }: { standing: Standing }) {
  return (
    <span class={`standing is-${standing.state}`}>
      <Icon name={SHOWN[standing.state].icon} /> <span class="tabular">{words(standing)}</span>
    </span>
  );
}
