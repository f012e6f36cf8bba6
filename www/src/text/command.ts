/** What built a layer, as history records it, in the words of a Dockerfile. */

export interface Command {
  /** `RUN`, `COPY` …; empty if it is none of them. */
  word: string;
  text: string;
  /** Build arguments that were set for it. */
  args: string;
}

const SHELL = /^(?:\S*\/)?(?:ba|a|da|z|k)?sh(?: -o pipefail| -\w+)*? -\w*c /;
const NOP = /^#\(nop\)\s*/;
const ARGS = /^\|\d+ (.*?) ?(?=(?:\S*\/)?(?:ba|a|da|z|k)?sh(?: -o pipefail| -\w+)*? -\w*c )/s;
const BUILDKIT = /\s*# buildkit\s*$/;
const WORD =
  /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s+/;

export function command(createdBy: string): Command {
  let text = createdBy.replace(BUILDKIT, "").trim();
  let word = take(WORD)[1] ?? "";
  const args = take(ARGS)[1] ?? "";
  if (take(SHELL)[0] !== undefined) {
    // Old builders wrote every instruction as a command of the shell, and those that run nothing as a comment.
    word = take(NOP)[0] === undefined ? "RUN" : (take(WORD)[1] ?? "");
  }
  if (args !== "" && word === "") {
    word = "RUN";
  }
  return { word, text: word === "RUN" ? unfold(text) : text, args };

  function take(pattern: RegExp): string[] {
    const found = pattern.exec(text);
    if (found !== null) {
      text = text.slice(found[0].length);
    }
    return found ?? [];
  }
}

/** A line for each command of a chain, and what Dockerfiles indent with taken out. */
function unfold(text: string): string {
  return text
    .replace(/[\t ]{2,}/g, " ")
    .replace(/ ?(&&|;) ?(?=\S)/g, (_, joint: string) => (joint === ";" ? ";\n" : "\n&& "))
    .trim();
}
