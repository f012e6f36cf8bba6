import { useRef } from "preact/hooks";
import { open, opening, progress, read } from "../state/files.ts";
import { size } from "../text/format.ts";
import { Icon } from "../ui/icon.tsx";
import { Meter } from "../ui/meter.tsx";
import { chosen } from "./given.ts";

/** Where files are dropped or chosen; while they are read, how far that is. */
export function Files() {
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (event: { currentTarget: HTMLInputElement }) => {
    const given = chosen(event.currentTarget.files ?? []);
    event.currentTarget.value = "";
    if (given.length > 0) {
      void open(given);
    }
  };
  return (
    <div class="drop">
      {opening.value === null ? (
        <>
          <Icon name="down" />
          <p class="drop-title">Drop an image anywhere on this page</p>
          <p class="muted">
            An archive of docker save or an OCI one, or the folder of an OCI layout. It is read here and sent nowhere.
          </p>
          <div class="actions">
            <button type="button" onClick={() => file.current?.click()}>
              <Icon name="file" /> Choose a file
            </button>
            <button type="button" onClick={() => folder.current?.click()}>
              <Icon name="folder" /> Choose a folder
            </button>
          </div>
        </>
      ) : (
        <Reading />
      )}
      <input ref={file} class="hidden" type="file" multiple tabIndex={-1} aria-label="Image files" onChange={take} />
      <input
        ref={folder}
        class="hidden"
        type="file"
        {...{ webkitdirectory: true }}
        tabIndex={-1}
        aria-label="Image folder"
        onChange={take}
      />
    </div>
  );
}

function Reading() {
  const { what, total, operation } = opening.value ?? {};
  return (
    <>
      <Icon name="file" />
      <p class="drop-title">Reading {what}</p>
      <p class="muted tabular">
        {size(read.value)} of {size(total ?? 0)} verified
      </p>
      <Meter percent={progress()} label="Reading files" />
      <div class="actions">
        <button type="button" onClick={() => operation?.cancel()}>
          <Icon name="cross" /> Stop
        </button>
      </div>
    </>
  );
}
