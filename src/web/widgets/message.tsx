/** A state of a panel in words: empty, loading, failed. */
export function Message({ title, text, action }: { readonly title: string; readonly text: string; readonly action?: React.ReactNode }) {
  return (
    <div className="message" role="status">
      <div className="message-title">{title}</div>
      {text === "" ? null : <div className="message-text">{text}</div>}
      {action}
    </div>
  );
}
