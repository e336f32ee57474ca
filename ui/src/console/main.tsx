import { render } from "preact";
import "./styles/index.css";
import { App } from "./app";
import { keepAsking } from "./graph/client";
import { follow } from "./graph/live";
import { askWhoWeAre } from "./graph/viewer";
import { listenForShortcuts } from "./shell/shortcuts";

follow();
keepAsking();
askWhoWeAre();
listenForShortcuts();
render(<App />, document.getElementById("root")!);
