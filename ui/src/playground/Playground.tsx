/** @jsxImportSource react */
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import icon from "../icon.svg";
import { headers, stored, tabs } from "./examples";
import { fetcher } from "./fetcher";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "@graphiql/react/style.css";
import "graphiql/graphiql.css";
import "@graphiql/plugin-explorer/style.css";
import "../console/styles/fonts.css";
import "./playground.css";
import "./workers";

const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })];
const theme = stored(() => localStorage, "theme");

export function Playground() {
  return (
    <main>
      <GraphiQL
        fetcher={fetcher}
        plugins={plugins}
        defaultTabs={tabs}
        defaultHeaders={headers}
        defaultEditorToolsVisibility={false}
        shouldPersistHeaders={false}
        defaultTheme={theme === "dark" || theme === "light" ? theme : null}
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo>
          <h1>
            <a href="./" title="To the console">
              <img src={icon} alt="" />
              Kasparro
            </a>
          </h1>
        </GraphiQL.Logo>
      </GraphiQL>
    </main>
  );
}
