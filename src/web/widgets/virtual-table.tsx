/**
 * A table of any number of rows, of which only the visible ones exist.
 *
 * Browsers cap an element's height (Chromium at 33 554 428 px: row 1 525 200 of 22 px), so the scrolled position is a *row*, not a pixel:
 *
 *     top row = scrollTop / (spacer - viewport) * (rows - visible rows)        spacer is at most `maxSpacer` high
 *
 * For small tables that is ordinary scrolling. For large ones the wheel moves by rows (the scroll bar alone would skip thousands per pixel).
 * Invariant: `top` is the truth; the scroll bar follows it. Keys and roles are those of an ARIA grid.
 */
import {
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useSize } from "./use-size.ts";

const rowPx = 22;
const maxSpacer = 8_000_000;

export interface Column<R> {
  readonly id: string;
  readonly title: string;
  /** CSS grid track, such as `120px` or `minmax(160px, 1fr)`. */
  readonly track: string;
  readonly align?: "right" | undefined;
  readonly isMono?: boolean | undefined;
  readonly cell: (row: R, index: number) => ReactNode;
  /** Whole text of a cell that may be cut off. */
  readonly whole?: ((row: R) => string) | undefined;
  /** Makes the header a sort button; the value says what it shows now. */
  readonly sort?: { readonly direction: "ascending" | "descending" | undefined; readonly onSort: () => void } | undefined;
  /** A control under the header. */
  readonly filter?: ReactNode;
}

export interface VirtualTableHandle {
  scrollToRow(index: number): void;
}

export interface VirtualTableProps<R> {
  readonly label: string;
  readonly columns: readonly Column<R>[];
  readonly count: number;
  /** Undefined while the row is being loaded. */
  readonly row: (index: number) => R | undefined;
  readonly selected: number | undefined;
  readonly onSelect: (index: number) => void;
  readonly onOpen?: ((index: number) => void) | undefined;
  /** Rows [first, last) are visible now. */
  readonly onVisible?: ((first: number, last: number) => void) | undefined;
  readonly handle?: Ref<VirtualTableHandle> | undefined;
  readonly empty: ReactNode;
}

export function VirtualTable<R>(props: VirtualTableProps<R>) {
  const { columns, count, selected, onVisible } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(scroller);
  const [top, setTop] = useState(0);
  const visible = Math.max(1, height / rowPx);
  const maxTop = Math.max(0, count - visible);
  const spacer = Math.min(maxSpacer, count * rowPx);
  const isDirect = count * rowPx <= maxSpacer;
  const current = Math.min(top, maxTop);
  const truth = useRef({ top: current, maxTop, spacer, visible });
  truth.current = { top: current, maxTop, spacer, visible };

  const moveTo = useCallback((row: number): void => {
    const { maxTop, spacer } = truth.current;
    const next = Math.min(maxTop, Math.max(0, row));
    truth.current.top = next;
    setTop(next);
    const element = scroller.current;
    if (element !== null && maxTop > 0) element.scrollTop = (next / maxTop) * (spacer - element.clientHeight);
  }, []);

  const scrollToRow = useCallback(
    (index: number): void => {
      const { top, visible } = truth.current;
      if (index < top) moveTo(index);
      else if (index + 1 > top + visible) moveTo(index + 1 - visible);
    },
    [moveTo],
  );
  useImperativeHandle(
    props.handle,
    () => ({
      scrollToRow: (index) => {
        const { top, visible } = truth.current;
        // From far away the row comes to the middle, so that its surroundings show.
        if (index < top - 1 || index > top + visible) moveTo(index - Math.floor(visible / 2));
        else scrollToRow(index);
      },
    }),
    [moveTo, scrollToRow],
  );

  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const room = spacer - element.clientHeight;
    const row = room <= 0 ? 0 : (element.scrollTop / room) * maxTop;
    // Our own write comes back rounded to the pixel: not a move.
    if (Math.abs(row - truth.current.top) > (maxTop / Math.max(1, room)) * 1.01) setTop(row);
  };

  useEffect(() => {
    const element = scroller.current;
    if (element === null || isDirect) return;
    const onWheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.deltaY === 0) return;
      event.preventDefault();
      moveTo(truth.current.top + (event.deltaY * (event.deltaMode === 1 ? rowPx : 1)) / rowPx);
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [isDirect, moveTo]);

  const first = Math.max(0, Math.floor(current));
  const last = Math.min(count, Math.ceil(current + visible) + 1);
  useLayoutEffect(() => onVisible?.(first, last), [first, last, onVisible]);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || count === 0) return;
    const page = Math.max(1, Math.floor(visible) - 1);
    const from = selected ?? -1;
    const targets: Record<string, number> = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + page,
      PageUp: from - page,
      Home: 0,
      End: count - 1,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      const index = Math.min(count - 1, Math.max(0, target));
      props.onSelect(index);
      scrollToRow(index);
    } else if (event.key === "Enter" && selected !== undefined) (props.onOpen ?? props.onSelect)(selected);
    else return;
    event.preventDefault();
  };

  const tracks = { gridTemplateColumns: columns.map((c) => c.track).join(" ") };
  const hasFilters = columns.some((c) => c.filter !== undefined);
  const rows: ReactNode[] = [];
  for (let index = first; index < last; index++) {
    const row = props.row(index);
    rows.push(
      // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names its active row.
      // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the grid.
      // biome-ignore lint/a11y/useSemanticElements: a table element cannot hold rows out of order and at fixed places.
      <div
        key={index}
        id={`${props.label}-${index}`}
        role="row"
        aria-rowindex={index + 2}
        aria-selected={selected === index}
        className={`vt-row${index % 2 === 1 ? " is-odd" : ""}`}
        style={{ ...tracks, top: (index - current) * rowPx, height: rowPx }}
        onMouseDown={(e) => {
          // A double click opens; it does not mark a word.
          if (e.detail > 1) e.preventDefault();
        }}
        onClick={() => props.onSelect(index)}
        onDoubleClick={() => props.onOpen?.(index)}
      >
        {columns.map((column) => (
          // biome-ignore lint/a11y/useSemanticElements: see the row.
          // biome-ignore lint/a11y/useFocusableInteractive: see the row.
          <div
            key={column.id}
            role="gridcell"
            title={row === undefined ? undefined : column.whole?.(row)}
            className={`vt-cell${column.align === "right" ? " is-right" : ""}${column.isMono === true ? " is-mono" : ""}`}
          >
            {row === undefined ? <span className="placeholder" /> : column.cell(row, index)}
          </div>
        ))}
      </div>,
    );
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: see the row.
    <div
      className="virtual-table"
      role="grid"
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-activedescendant={selected !== undefined && selected >= first && selected < last ? `${props.label}-${selected}` : undefined}
      tabIndex={0}
      onKeyDown={(event) => {
        // Keys typed into a filter or pressed on a header button are theirs.
        if (event.target === event.currentTarget) onKeyDown(event);
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see the row. */}
      <div role="rowgroup">
        {/* biome-ignore lint/a11y/useSemanticElements: see the row. */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: see the row. */}
        <div className="vt-header" role="row" aria-rowindex={1} style={{ ...tracks, width }}>
          {columns.map((column) => (
            // biome-ignore lint/a11y/useSemanticElements: see the row.
            // biome-ignore lint/a11y/useFocusableInteractive: see the row.
            <div
              key={column.id}
              role="columnheader"
              aria-sort={column.sort?.direction}
              className={`vt-cell${column.align === "right" ? " is-right" : ""}`}
            >
              {column.sort === undefined ? (
                <span className="vt-title">{column.title}</span>
              ) : (
                <button type="button" className="vt-title vt-sort" onClick={column.sort.onSort}>
                  {column.title}
                  <span aria-hidden="true">
                    {column.sort.direction === undefined ? "" : column.sort.direction === "ascending" ? " ↑" : " ↓"}
                  </span>
                </button>
              )}
              {hasFilters ? <div className="vt-filter">{column.filter}</div> : null}
            </div>
          ))}
        </div>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: see the row. */}
      <div className="vt-scroller" ref={scroller} onScroll={onScroll} role="rowgroup" tabIndex={-1}>
        <div style={{ height: spacer }} role="presentation" />
        <div className="vt-layer" role="presentation" style={{ height }}>
          {rows}
          {count === 0 ? <div className="vt-empty">{props.empty}</div> : null}
        </div>
      </div>
    </div>
  );
}
