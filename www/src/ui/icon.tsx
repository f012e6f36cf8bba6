/** Line drawings on a grid of 16; they say nothing that is not said in words beside them. */

const PATHS = {
  bridge: "M1 11h14M3 11V5M13 11V5M1 8c1.5 0 2-1.5 2-3 1 3 2.5 4 5 4s4-1 5-4c0 1.5.500 3 2 3M6 9v2M10 9v2",
  check: "m3 8.5 3.5 3.5L13 4.5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  cross: "m4 4 8 8M12 4l-8 8",
  down: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10",
  double: "m1.5 8.5 3 3 6-7M7.5 11l.8.8 6-7",
  file: "M4 1.5h5.5L12.5 4.5v10H4zM9.5 1.5v3h3",
  folder: "M1.5 3.5h5l1.5 2h6.5v8h-13z",
  globe: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM1.5 8h13M8 1.5c-4 4-4 9 0 13 4-4 4-9 0-13",
  ring: "M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z",
  trash: "M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4",
  turn: "M13 8a5 5 0 1 1-1.5-3.6M12 1.5v3H9",
  unplugged: "M5 8h6M3.5 5.5a2.5 2.5 0 0 0 0 5H5v-5zM12.5 5.5a2.5 2.5 0 0 1 0 5H11v-5z",
  warning: "M8 2 1.5 13.5h13zM8 6.5v3.5M8 11.7v.3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The sign of the house: a lugsail over a hull. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M16 4v18M16 5l10 13c-3 1-7 1-10 0M13.5 8 6 18c2 .8 5.5.800 7.5 0" />
      <path class="hull" d="M4 22h24l-3.5 6h-17z" />
    </svg>
  );
}
