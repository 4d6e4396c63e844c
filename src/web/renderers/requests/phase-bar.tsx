/** A request's life as one bar: its phases side by side, to scale. */
import type { RequestWire } from "../../../tsp/index.ts";
import { formatDuration } from "../../format/time.ts";
import { useStore } from "../../state/store.ts";
import { colorOf, isWait, phaseNs, phaseText } from "./phases.ts";

export function PhaseBar({ request, isLarge = false }: { readonly request: RequestWire; readonly isLarge?: boolean }) {
  const styleColors = useStore((s) => s.styleColors);
  const whole = Math.max(1, Number(request.end - request.start));
  return (
    <span className={`phase-bar${isLarge ? " is-large" : ""}`} aria-hidden="true">
      {request.phases.map((phase) => (
        <span
          key={`${phase.name}${phase.start}`}
          className={isWait(phase.name) ? "is-wait" : ""}
          style={{
            left: `${(Number(phase.start - request.start) / whole) * 100}%`,
            width: `${(phaseNs(phase) / whole) * 100}%`,
            background: colorOf(phase, request, styleColors),
          }}
          title={isLarge ? `${phaseText(phase, request)}: ${formatDuration(phaseNs(phase))}` : undefined}
        />
      ))}
    </span>
  );
}
