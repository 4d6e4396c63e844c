/** Entry point of the web UI. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "flexlayout-react/style/underline.css";
import "uplot/dist/uPlot.min.css";
import "./style/main.css";
import { App } from "./shell/app.tsx";
import { followTheme } from "./state/theme.ts";

followTheme();
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
