/** Text of others: names, labels, commands, file names. It may hold characters that change how what is around it looks. */

/** Control and format characters (bidirectional ones among them), line separators, private and broken ones. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const ACTIVE_RUN = new RegExp(`(${ACTIVE.source}+)`, "u");

const NAMED: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0" };

/** A stretch of text; `escaped` if it stands for characters that are not shown as they are. */
export interface Piece {
  text: string;
  escaped: boolean;
}

/** The text in pieces. With `lines`, line breaks and tabs stay what they are. */
export function pieces(text: string, lines = false): Piece[] {
  const found: Piece[] = [];
  const add = (piece: string, escaped: boolean) => {
    const last = found.at(-1);
    if (last?.escaped === escaped) {
      last.text += piece;
    } else if (piece !== "") {
      found.push({ text: piece, escaped });
    }
  };
  for (const part of text.split(ACTIVE_RUN)) {
    if (!ACTIVE.test(part)) {
      add(part, false);
      continue;
    }
    for (const character of part) {
      const kept = lines && (character === "\n" || character === "\t");
      add(kept ? character : spell(character), !kept);
    }
  }
  return found;
}

/** The text with every such character spelled out: for titles, labels of buttons and what is read aloud. */
export function inert(text: string): string {
  return pieces(text)
    .map((piece) => piece.text)
    .join("");
}

/** Whether there is anything to spell out. */
export function isPlain(text: string): boolean {
  return !ACTIVE.test(text);
}

function spell(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return NAMED[character] ?? `\\u{${code.toString(16)}}`;
}
