import { ago, time } from "../text/format.ts";
import { Text } from "./text.tsx";

/** A time: how long ago with `relative`, else as it is. What is no time is shown as it came. */
export function Time({ at, relative = false }: { at: string; relative?: boolean }) {
  const exact = time(at);
  if (exact === null) {
    return <Text>{at}</Text>;
  }
  return (
    <time dateTime={new Date(at).toISOString()} title={exact}>
      {relative ? ago(at) : exact}
    </time>
  );
}
