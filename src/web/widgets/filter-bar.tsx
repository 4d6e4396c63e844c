/** Above a list: a filter expression with what is wrong with it, whether only the visible range counts, how much is shown of how much. */
import { formatCount } from "../format/units.ts";

export interface FilterBarProps {
  /** Of the page; names the error message. */
  readonly id: string;
  readonly placeholder: string;
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
  readonly error: string | undefined;
  readonly isRangeOnly: boolean;
  readonly onRangeOnly: (isRangeOnly: boolean) => void;
  readonly shown: number;
  /** Undefined until the list is there. */
  readonly total: number | undefined;
  readonly isLoading: boolean;
  readonly onMore: () => void;
}

export function FilterBar(props: FilterBarProps) {
  const { id, placeholder, filter, onFilter, error, isRangeOnly, onRangeOnly, shown, total, isLoading, onMore } = props;
  const errorId = `${id}-filter-error`;
  return (
    <>
      <div className="toolbar">
        <input
          className={`field is-wide is-mono${error === undefined ? "" : " is-bad"}`}
          type="search"
          placeholder={placeholder}
          aria-label="Filter expression"
          aria-invalid={error !== undefined}
          aria-describedby={error === undefined ? undefined : errorId}
          spellCheck={false}
          value={filter}
          onChange={(e) => onFilter(e.target.value)}
        />
        <label className="check">
          <input type="checkbox" checked={isRangeOnly} onChange={(e) => onRangeOnly(e.target.checked)} /> visible range only
        </label>
        <span className="spacer" />
        {total !== undefined && total > shown ? (
          <button type="button" className="button" onClick={onMore}>
            Show more
          </button>
        ) : null}
        <span className="muted" role="status">
          {total === undefined ? (isLoading ? "Loading…" : "") : `${formatCount(shown)} of ${formatCount(total)}`}
        </span>
      </div>
      {error === undefined ? null : (
        <pre className="filter-error" id={errorId} role="alert">
          {error}
        </pre>
      )}
    </>
  );
}
