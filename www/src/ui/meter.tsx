/** A thin line that fills. Without a percentage it only says that something goes on. */
export function Meter({ percent, label }: { percent: number | null; label: string }) {
  return (
    <div
      class={`meter ${percent === null ? "is-unknown" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
    >
      <div style={{ inlineSize: `${percent ?? 30}%` }} />
    </div>
  );
}
