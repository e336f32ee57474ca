/** Where runs are asked for by hand. */
import { useState } from "preact/hooks";
import { type Mode, trigger } from "../graph/actions";
import { useSourceTitles } from "../graph/source-names";
import { Action } from "../parts/action";
import { Choice } from "../parts/choice";
import { Dialog } from "../parts/dialog";

const MODES: Record<Mode, string> = {
  INCREMENTAL: "The rest of the open pass, or what changed since the last one.",
  FULL: "Everything, from the start. What is stored stays.",
  REPLAY: "Records in quarantine are judged again; no upstream is asked.",
};
const TITLES = { INCREMENTAL: "Incremental", FULL: "Full", REPLAY: "Replay" };

export function StartDialog({ onClose }: { onClose: () => void }) {
  const [source, setSource] = useState("");
  const [mode, setMode] = useState<Mode>("INCREMENTAL");
  const sources = { "": "All enabled sources", ...useSourceTitles() };
  return (
    <Dialog title="Start a run" onClose={onClose}>
      <label class="field">
        Source
        <select value={source} onChange={(event) => setSource(event.currentTarget.value)}>
          {Object.entries(sources).map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <Choice label="What it reads" options={Object.keys(MODES) as Mode[]} titles={TITLES} chosen={mode} choose={setMode} />
      <p class="muted">{MODES[mode]}</p>
      <div class="row row-end">
        <Action icon="play" class="button button-primary" act={() => trigger(source || null, mode).then(onClose)}>
          Start
        </Action>
      </div>
    </Dialog>
  );
}
