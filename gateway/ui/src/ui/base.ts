/** What every element's shadow root begins with: reset, type, buttons, fields, cards, tables. */
import { css } from 'lit';

export const base = css`
  *, ::before, ::after { box-sizing: border-box; }
  :host { display: block; }
  :host([hidden]), [hidden] { display: none !important; }
  h1, h2, h3, p, ul, ol, dl, dd, figure, fieldset { margin: 0; padding: 0; }
  fieldset { border: 0; min-width: 0; }
  ul, ol { list-style: none; }
  h1, h2 { overflow-wrap: anywhere; }
  h1 { font-size: var(--text-xl); font-weight: 600; letter-spacing: -0.02em; line-height: 1.2; text-wrap: balance; }
  h2 { font-size: var(--text-l); font-weight: 600; letter-spacing: -0.01em; line-height: 1.3; }
  h3 { font-size: var(--text-m); font-weight: 600; }
  a { color: var(--accent-ink); text-underline-offset: 3px; text-decoration-thickness: 1px; }
  .icon { flex: none; display: block; }
  .num { font-variant-numeric: tabular-nums; }
  .muted { color: var(--ink-3); }
  .small { font-size: var(--text-s); }
  .strong { font-weight: 600; }
  .mono { font-family: var(--mono); font-size: 0.92em; }
  .wrap { overflow-wrap: anywhere; }
  .verbatim { white-space: pre-wrap; overflow-wrap: anywhere; }
  .hidden {
    position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
    clip-path: inset(50%); white-space: nowrap;
  }
  .row { display: flex; align-items: center; gap: var(--s2); }
  .row.between { justify-content: space-between; }
  .row.wraps { flex-wrap: wrap; }
  .stack { display: grid; gap: var(--s4); }
  .stack.tight { gap: var(--s2); }
  .grow { flex: 1; min-width: 0; }

  :focus { outline: none; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: var(--r1); }

  button, input, select, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
  .button {
    display: inline-flex; align-items: center; justify-content: center; gap: var(--s2);
    min-height: 40px; padding: 0 var(--s4); border: 1px solid var(--line); border-radius: var(--r2);
    background: var(--surface); color: var(--ink); font-weight: 500; text-decoration: none; white-space: nowrap;
    cursor: pointer; box-shadow: var(--shadow-1); transition: background 120ms, border-color 120ms, color 120ms;
  }
  .button:hover { background: var(--surface-2); border-color: var(--line-strong); }
  .button.primary { background: var(--accent); border-color: transparent; color: var(--on-accent); }
  .button.primary:hover { background: var(--accent-hover); }
  .button.danger { color: var(--danger); }
  .button.danger.primary { background: var(--danger-solid); color: #fff; }
  .button.quiet { background: none; border-color: transparent; box-shadow: none; color: var(--ink-2); }
  .button.quiet:hover { background: var(--surface-3); color: var(--ink); }
  .button.small { min-height: 32px; padding: 0 var(--s3); font-size: var(--text-s); border-radius: 8px; }
  .button.quiet.danger { color: var(--danger); }
  .button.quiet.danger:hover { background: var(--danger-soft); }
  .button[disabled], .icon-button[disabled] { opacity: 0.5; cursor: not-allowed; }
  .button[aria-disabled="true"] { opacity: 0.6; cursor: progress; }
  .button:focus-visible, .icon-button:focus-visible { border-radius: var(--r2); }
  .icon-button {
    display: inline-grid; place-items: center; flex: none; width: 36px; height: 36px; padding: 0; border: 0;
    border-radius: var(--r2); background: none; color: var(--ink-2); cursor: pointer; text-decoration: none;
  }
  .icon-button:hover { background: var(--surface-3); color: var(--ink); }
  .link-button {
    padding: 0; border: 0; background: none; color: var(--accent-ink); font-weight: 500; cursor: pointer;
    text-decoration: underline; text-underline-offset: 3px; text-decoration-thickness: 1px;
  }

  .field { display: grid; grid-template-columns: minmax(0, 1fr); gap: 6px; align-content: start; min-width: 0; }
  .field > label, .field > .label, legend { font-size: var(--text-s); font-weight: 550; color: var(--ink-2); padding: 0; }
  .field .hint { font-size: var(--text-s); color: var(--ink-3); }
  .field .error { display: flex; gap: 6px; font-size: var(--text-s); color: var(--danger); font-weight: 500; }
  .field .error .icon { margin-top: 2px; }
  .control {
    width: 100%; min-height: 42px; padding: 8px 12px; border: 1px solid var(--line-strong); border-radius: var(--r2);
    background: var(--surface); transition: border-color 120ms, box-shadow 120ms;
  }
  textarea.control { min-height: 116px; line-height: 1.55; resize: vertical; }
  select.control {
    appearance: none; padding-right: 32px; text-overflow: ellipsis; background-repeat: no-repeat;
    background-image: linear-gradient(45deg, transparent 50%, var(--ink-3) 50%),
      linear-gradient(135deg, var(--ink-3) 50%, transparent 50%);
    background-position: right 18px center, right 13px center; background-size: 5px 5px;
  }
  .control::placeholder { color: var(--ink-3); opacity: 1; }
  .control:focus, .control:focus-visible {
    outline: none; border-color: var(--accent); border-radius: var(--r2);
    box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 28%, transparent);
  }
  .control[aria-invalid="true"] { border-color: var(--danger); }
  .control[aria-invalid="true"]:focus { box-shadow: 0 0 0 3px color-mix(in srgb, var(--danger) 28%, transparent); }
  .check { display: inline-flex; align-items: center; gap: var(--s2); min-height: 28px; cursor: pointer; overflow-wrap: anywhere; }
  input[type="checkbox"], input[type="radio"] { width: 18px; height: 18px; margin: 0; accent-color: var(--accent); flex: none; }

  .card { background: var(--surface); border: 1px solid var(--line); border-radius: var(--r3); box-shadow: var(--shadow-1); }
  .card.pad { padding: var(--s5); }
  .page { max-width: 1440px; padding: var(--s3) var(--s5) var(--s7); }
  .page-head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2) var(--s4); min-height: 44px; margin-bottom: var(--head-gap); }
  .page-head .lead { flex: 1 1 260px; min-width: 0; }
  .page-head .lead p { display: var(--head-lead); margin-top: 4px; color: var(--ink-3); max-width: 64ch; }
  .toolbar { display: flex; flex-wrap: wrap; align-items: end; gap: var(--s3); margin-bottom: var(--s4); }
  .toolbar .field { flex: 1 1 160px; }

  .pill {
    display: inline-flex; align-items: center; gap: 6px; padding: 2px 9px; border-radius: 99px; font-size: var(--text-xs);
    font-weight: 550; line-height: 1.5; background: var(--surface-3); color: var(--ink-2); white-space: nowrap;
  }
  .pill.ok { background: var(--ok-soft); color: var(--ok); }
  .pill.warn { background: var(--warn-soft); color: var(--warn); }
  .pill.danger { background: var(--danger-soft); color: var(--danger); }
  .pill.info { background: var(--info-soft); color: var(--info); }
  .pill.accent { background: var(--accent-soft); color: var(--accent-ink); }
  .notice {
    display: flex; gap: var(--s3); padding: var(--s3) var(--s4); border-radius: var(--r2); background: var(--info-soft);
    color: var(--info); font-size: var(--text-s); font-weight: 500;
  }
  .notice.warn { background: var(--warn-soft); color: var(--warn); }
  .notice.danger { background: var(--danger-soft); color: var(--danger); }
  .notice.ok { background: var(--ok-soft); color: var(--ok); }

  .table-scroll { overflow-x: auto; }
  table { width: 100%; border-collapse: collapse; font-size: var(--text-s); }
  th {
    padding: var(--cell-head); text-align: left; font-size: var(--text-xs); font-weight: 550; color: var(--ink-3);
    border-bottom: 1px solid var(--line); white-space: nowrap;
  }
  td { padding: var(--cell); border-bottom: 1px solid var(--line); vertical-align: top; }
  td.lead { min-width: 190px; overflow-wrap: anywhere; }
  tbody tr:last-child td { border-bottom: 0; }
  td.actions { padding-top: 7px; padding-bottom: 7px; text-align: right; white-space: nowrap; }
  td.right, th.right { text-align: right; }
  caption { text-align: left; }

  /* Backgrounds and shadows vanish in forced colours: what they told is told by borders, or keeps its colour. */
  @media (forced-colors: active) {
    .dot, .badge, .bar i { forced-color-adjust: none; }
    .pill, .notice, .avatar { border: 1px solid CanvasText; }
    a[aria-current] { border-inline-start: 4px solid Highlight; }
    button[aria-pressed="true"][aria-pressed], .modal { border: 2px solid Highlight; }
    .control:focus, .control:focus-visible { outline: 2px solid Highlight; }
  }
  /* On paper: what was said, without what is pressed, and whole. */
  @media print {
    .page { max-width: none !important; padding: 0 !important; }
    .button, .icon-button, .filters, .toolbar, .tabs, td.actions, load-more { display: none !important; }
    .card { border-radius: 0; box-shadow: none; }
    .table-scroll, .text { max-height: none !important; overflow: visible !important; }
    tr { break-inside: avoid; }
    a { color: inherit; text-decoration: none; }
    .bar i, .dot, .pill { print-color-adjust: exact; }
  }
  @media (prefers-reduced-motion: reduce) {
    *, ::before, ::after { animation-duration: 0.01ms !important; transition-duration: 0.01ms !important; }
  }
  @media (max-width: 720px) {
    .page { padding: var(--s4) var(--s4) var(--s6); }
    .card.pad { padding: var(--s4); }
    /* A table becomes a list of cards: each cell says its column. */
    table.cards thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
    table.cards, table.cards tbody, table.cards tr, table.cards td { display: block; width: 100%; }
    table.cards tr { padding: var(--s3) var(--s4); border-bottom: 1px solid var(--line); }
    table.cards tr:last-child { border-bottom: 0; }
    table.cards td { display: flex; gap: var(--s3); justify-content: space-between; padding: 3px 0; border: 0; text-align: right; overflow-wrap: anywhere; }
    table.cards td > * { min-width: 0; }
    table.cards td[data-label]::before { content: attr(data-label); color: var(--ink-3); flex: none; text-align: left; }
    table.cards td.actions { justify-content: flex-start; gap: 0; padding: 6px 0 0; margin-left: calc(-1 * var(--s3)); }
    table.cards td.lead { display: block; text-align: left; font-size: var(--text-m); }
  }
`;
