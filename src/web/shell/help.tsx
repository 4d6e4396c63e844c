/** Keys and mouse, in a dialog. */
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { commands } from "./commands.ts";

const mouse: readonly (readonly [string, string])[] = [
  ["Wheel", "Zoom at the pointer"],
  ["Shift + wheel", "Scroll the rows"],
  ["Drag", "Move in time and through the rows"],
  ["Shift + drag", "Select a time range"],
  ["Click", "Select a state and show its request"],
  ["Double click", "Zoom to a state"],
  ["Drag on the overview", "Show that range"],
];

const keys: readonly (readonly [string, string])[] = [
  ["/", "Search and commands"],
  ["?", "This help"],
  ["↑ ↓", "Previous, next row"],
  ["← →", "Previous, next state; collapse, expand a group"],
  ["Enter", "Show the request of the selected state"],
  ["Tab", "Next part of the page"],
];

export function Help({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} className="help" aria-labelledby="help-title" onClose={onClose}>
      <div className="help-head">
        <h2 id="help-title">Keys and mouse</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
          <X size={16} aria-hidden="true" />
        </button>
      </div>
      <div className="help-columns">
        <dl>
          {keys.map(([key, text]) => (
            <Line key={key} name={key} text={text} />
          ))}
          {commands
            .filter((c) => c.key !== undefined)
            .map((c) => (
              <Line key={c.id} name={c.key ?? ""} text={c.title} />
            ))}
        </dl>
        <dl>
          {mouse.map(([key, text]) => (
            <Line key={key} name={key} text={text} />
          ))}
        </dl>
      </div>
    </dialog>
  );
}

function Line({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <div>
      <dt>
        <kbd>{name}</kbd>
      </dt>
      <dd>{text}</dd>
    </div>
  );
}
