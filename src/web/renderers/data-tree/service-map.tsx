/** The service map as a picture: processes as boxes, callers left of those they call; lines are as thick as the time that passes in the calls. */
import { graphlib, layout } from "@dagrejs/dagre";
import { useMemo } from "react";
import { formatDuration } from "../../format/time.ts";
import { formatCount } from "../../format/units.ts";

interface Entry {
  readonly id: number;
  readonly parentId?: number | undefined;
  readonly labels: readonly string[];
}

interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly isTraced: boolean;
}

interface Line {
  readonly key: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly weight: number;
  readonly isBad: boolean;
}

const boxHeight = 30;
const letterWidth = 7.4;
const padding = 22;
/** More is no map any more. */
const mostBoxes = 60;

function draw(entries: readonly Entry[]): { boxes: readonly Box[]; lines: readonly Line[]; width: number; height: number } | undefined {
  const names = new Map(entries.map(({ id, labels }) => [id, labels[0] ?? ""]));
  const callers = new Set(entries.filter(({ parentId }) => parentId === undefined || parentId < 0).map(({ labels }) => labels[0] ?? ""));
  const graph = new graphlib.Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 120, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  const add = (name: string): void => {
    if (!graph.hasNode(name)) graph.setNode(name, { width: name.length * letterWidth + padding, height: boxHeight });
  };
  const edges = entries.filter(({ parentId }) => parentId !== undefined && parentId >= 0);
  const most = Math.max(1, ...edges.map(({ labels }) => Number(labels[5] ?? 0)));
  for (const { parentId, labels } of edges) {
    const from = names.get(parentId ?? -1) ?? "";
    const to = labels[0] ?? "";
    add(from);
    add(to);
    graph.setEdge(from, to, { width: 90, height: 16, labels });
  }
  if (graph.nodeCount() === 0 || graph.nodeCount() > mostBoxes) return undefined;
  layout(graph);
  const boxes = graph.nodes().map((name): Box => {
    const { x, y, width } = graph.node(name);
    return { name, x, y, width, isTraced: callers.has(name) };
  });
  const lines = graph.edges().map(({ v, w }): Line => {
    const edge = graph.edge(v, w) as { points: Line["points"]; x?: number; y?: number; labels: readonly string[] };
    const [, calls, failed, mean, , total] = edge.labels;
    const isBad = Number(failed) > 0;
    const middle = edge.points[edge.points.length >> 1] ?? { x: 0, y: 0 };
    return {
      key: `${v}>${w}`,
      points: edge.points,
      text: `${formatCount(Number(calls))} × ${formatDuration(Number(mean))}${isBad ? `, ${formatCount(Number(failed))} failed` : ""}`,
      x: edge.x ?? middle.x,
      y: edge.y ?? middle.y,
      weight: 1 + (4 * Number(total)) / most,
      isBad,
    };
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { boxes, lines, width, height };
}

export function ServiceMap({ entries }: { readonly entries: readonly Entry[] }) {
  const picture = useMemo(() => draw(entries), [entries]);
  if (picture === undefined) return null;
  const { boxes, lines, width, height } = picture;
  return (
    <div className="service-map">
      <svg
        width={width}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Service map: ${lines.map(({ key, text }) => `${key.replace(">", " calls ")}, ${text}`).join("; ")}`}
      >
        <defs>
          <marker
            id="map-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0L8 4L0 8z" className="map-head" />
          </marker>
        </defs>
        {lines.map(({ key, points, weight, isBad }) => (
          <path
            key={key}
            className={`map-line${isBad ? " is-bad" : ""}`}
            strokeWidth={weight}
            markerEnd="url(#map-arrow)"
            d={points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("")}
          />
        ))}
        {boxes.map(({ name, x, y, width: boxWidth, isTraced }) => (
          <g key={name} className={`map-box${isTraced ? "" : " is-leaf"}`}>
            <rect x={x - boxWidth / 2} y={y - boxHeight / 2} width={boxWidth} height={boxHeight} rx="5" />
            <text x={x} y={y + 4} textAnchor="middle">
              {name}
            </text>
          </g>
        ))}
        {lines.map(({ key, text, x, y, isBad }) => (
          <text key={key} className={`map-text${isBad ? " is-bad" : ""}`} x={x} y={y - 6} textAnchor="middle">
            {text}
          </text>
        ))}
      </svg>
    </div>
  );
}
