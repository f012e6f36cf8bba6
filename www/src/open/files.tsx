import { useRef } from "preact/hooks";
import { format } from "../route.ts";
import { type Archive, archive, open } from "../state/files.ts";
import type { Coming } from "../state/work.ts";
import { percent, size } from "../text/format.ts";
import { familiar } from "../text/reference.ts";
import { Icon } from "../ui/icon.tsx";
import { Meter } from "../ui/meter.tsx";
import { Text } from "../ui/text.tsx";
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
      {archive.value === null ? (
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
        <Reading archive={archive.value} />
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

function Reading({ archive: { what, total, work } }: { archive: Archive }) {
  const { done } = work.progress.value;
  return (
    <>
      <Icon name="file" />
      <p class="drop-title">Reading {what}</p>
      <p class="muted tabular">
        {size(done)} of {size(total)} verified
      </p>
      <Meter percent={percent(done, total)} label="Reading files" />
      <Images images={work.images.value} />
      <div class="actions">
        <button type="button" onClick={() => work.cancel()}>
          <Icon name="cross" /> Stop
        </button>
      </div>
    </>
  );
}

/** What is in it: one image after the other is read. */
function Images({ images }: { images: readonly Coming[] }) {
  const now = images.findLast(({ loaded }) => loaded)?.target.digest;
  const state = ({ target, loaded }: Coming) =>
    !loaded ? "waiting" : target.digest === now ? "being read" : "verified";
  return images.length === 0 ? null : (
    <ul class="coming" aria-label="Images in it">
      {images.map((image) => (
        <li key={image.name}>
          <a class="image-name" href={format({ screen: "image", name: image.name, platform: null })}>
            <Text>{familiar(image.name)}</Text>
          </a>
          <span class="muted">{state(image)}</span>
        </li>
      ))}
    </ul>
  );
}
