/** Numbers, sizes and times in words. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
const COUNT = new Intl.NumberFormat("en");
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** `28.3 MB`: three digits that count, powers of 1000. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `12,345`. */
export function count(n: number): string {
  return COUNT.format(n);
}

/** `1 file`, `2 files`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Whole percent, 100 only when it is all. */
export function percent(done: number, total: number): number {
  return total <= 0 ? 0 : Math.min(done >= total ? 100 : 99, Math.max(0, Math.floor((100 * done) / total)));
}

/** `sha256:1d9d00275b90`, enough to tell digests apart. */
export function short(digest: string): string {
  const colon = digest.indexOf(":");
  return digest.slice(0, colon + 13);
}

/** `2026-11-03 14:22 UTC`; null if it is not a time. */
export function time(rfc3339: string): string | null {
  const at = new Date(rfc3339);
  return Number.isNaN(at.getTime()) ? null : `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

const SPANS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** `3 weeks ago`; null if it is not a time. */
export function ago(rfc3339: string, now = Date.now()): string | null {
  const seconds = (new Date(rfc3339).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) {
    return null;
  }
  for (const [unit, span] of SPANS) {
    if (Math.abs(seconds) >= span) {
      return AGO.format(Math.trunc(seconds / span), unit);
    }
  }
  return "just now";
}
