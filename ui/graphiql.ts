import type { Plugin } from "vite";

type Change = [from: string, to: string];

// What GraphiQL gives no option for, by file.
const CHANGES: Record<string, Change[]> = {
  // Its tabs hold buttons, which screen readers cannot reach inside of a tab: they are a list of buttons instead.
  "@graphiql/react/dist/components/tabs/index.js": [
    ['"aria-selected": isActive,', '"aria-current": isActive ? "true" : undefined,'],
    ['role: "tab",', ""],
    ['role: "tablist",', ""],
  ],
  // Its fields have no names for those who cannot see where they stand.
  "graphiql-explorer/dist/Explorer.js": [
    ["onChange: this._handleChange,", "onChange: this._handleChange, 'aria-label': this.props.arg.name,"],
    ["onChange: this.props.setArgValue,", "onChange: this.props.setArgValue, 'aria-label': arg.name,"],
    ["autoComplete: 'false',", "autoComplete: 'off', 'aria-label': 'Name of the operation',"],
    ["value: this.state.newOperationType,", "value: this.state.newOperationType, 'aria-label': 'Kind of operation',"],
  ],
  // Its entries are kept by the browser, whatever becomes of the headers: they hold none, as these hold the token.
  "@graphiql/plugin-history/dist/context.js": [["headers: activeTab.headers ?? void 0,", ""]],
  // So they leave the headers alone; and they are called by what they hold.
  "@graphiql/plugin-history/dist/components.js": [
    ['headerEditor == null ? void 0 : headerEditor.setValue(headers ?? "");', ""],
    ['onClick: handleHistoryItemClick, "aria-label": "Set active",', "onClick: handleHistoryItemClick,"],
  ],
  // The console's colours in the editors, with enough contrast for numbers and comments.
  "@graphiql/react/dist/constants.js": [
    [
      '"editor.background": colors.transparent,',
      '"editor.background": colors.transparent, "editorLineNumber.dimmedForeground": theme === "dark" ? "#8b95a5" : "#5f6b7a",',
    ],
    ['dark: "#212a3b"', 'dark: "#151a22"'],
    ['dark: "#ff5794"', 'dark: "#8ea5ff"'],
    ['light: "#d60590"', 'light: "#3350c9"'],
    ['dark: "#ff579419"', 'dark: "#8ea5ff26"'],
    ['light: "#d6059019"', 'light: "#3350c91f"'],
    ['foreground: "#908aff"\n\t\t}', 'foreground: "#a9a4ff"\n\t\t}, { token: "comment", foreground: "#8aa17f" }'],
    [
      'foreground: "#6c69ce"\n\t\t}',
      'foreground: "#5350b5"\n\t\t}, { token: "comment", foreground: "#4a6b45" }, { token: "number", foreground: "#0a6b46" }',
    ],
  ],
};

/** Changes those files while they are bundled. Fails where a new version has no such text. */
export function graphiqlChanges(): Plugin {
  return {
    name: "graphiql-changes",
    transform: {
      filter: { id: /node_modules\/(@graphiql|graphiql-explorer)\// },
      handler(code, id) {
        const file = id.split("/node_modules/").at(-1)!;
        return CHANGES[file] ? { code: changed(code, CHANGES[file], file), map: null } : null;
      },
    },
  };
}

function changed(code: string, changes: Change[], file: string): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
    return text.replaceAll(from, to);
  }, code);
}
