/** Entry point of the web UI: little, so that the server works on the first view while the browser loads the page. */
import "flexlayout-react/style/underline.css";
import "uplot/dist/uPlot.min.css";
import "./style/main.css";
import { begin } from "./shell/begin.ts";
import { followTheme } from "./state/theme.ts";

/** The page is not kept waiting for longer, ms: the server may still be opening the trace. */
const patienceMs = 250;

followTheme();
const root = document.getElementById("root");
if (root !== null) {
  const begun = Promise.race([begin(), new Promise((resolve) => setTimeout(resolve, patienceMs))]);
  begun
    .then(() => import("./shell/page.tsx"))
    .then(
      ({ showPage }) => showPage(root),
      (error: unknown) => {
        root.textContent = `The page could not be loaded. Is Storescope still running? (${error instanceof Error ? error.message : String(error)})`;
      },
    );
}
