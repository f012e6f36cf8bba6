import { pieces } from "../text/inert.ts";

/** More of one text is not shown: a label can hold megabytes. */
const LONGEST = 4000;

/** Text of others, as text and nothing else: set apart from what is around it, with every active character spelled out. */
export function Text({ children, lines = false }: { children: string; lines?: boolean }) {
  const shown = children.length > LONGEST ? children.slice(0, LONGEST) : children;
  return (
    <bdi class={lines ? "text lines" : "text"}>
      {pieces(shown, lines).map(({ text, escaped }, index) =>
        escaped ? (
          <span key={index} class="escaped" title="A character that is not shown as it is">
            {text}
          </span>
        ) : (
          text
        ),
      )}
      {shown.length < children.length && <em> … and {children.length - shown.length} more characters</em>}
    </bdi>
  );
}
