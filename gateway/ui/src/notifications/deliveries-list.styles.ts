/** Styles of the recipients of a notification. */
import { css } from 'lit';

export const deliveriesStyles = css`
  .audited { padding: 0 var(--s4) var(--s3) var(--s5); }
  .audited a { display: inline-flex; align-items: center; min-height: 24px; }
  .card { overflow: hidden; }
  .filters { display: flex; gap: var(--s2); padding: var(--s3) var(--s4); border-bottom: 1px solid var(--line); flex-wrap: wrap; }
  .chip { display: inline-flex; gap: 6px; min-height: 32px; align-items: center; padding: 0 var(--s3); border: 1px solid var(--line); border-radius: 99px; background: none; font-size: var(--text-s); font-weight: 500; color: var(--ink-2); cursor: pointer; }
  .chip .num { color: var(--ink-3); }
  .chip:hover { background: var(--surface-2); }
  .chip[aria-pressed="true"] { background: var(--ink); border-color: var(--ink); color: var(--surface); }
  .chip[aria-pressed="true"] .num { color: inherit; }
  ul > li { border-bottom: 1px solid var(--line); }
  ul > li:last-child { border-bottom: 0; }
  summary { display: flex; align-items: center; gap: var(--s3); padding: var(--s3) var(--s4); cursor: pointer; list-style: none; }
  summary::-webkit-details-marker { display: none; }
  summary:hover { background: var(--surface-2); }
  summary:focus-visible { outline-offset: -3px; }
  summary > .icon { color: var(--ink-3); transition: transform 150ms; }
  details[open] summary > .icon { transform: rotate(180deg); }
  .who { flex: 1; min-width: 0; display: grid; line-height: 1.35; }
  .who span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .name { font-weight: 500; }
  .timeline { padding: var(--s1) var(--s4) var(--s4) var(--s5); }
  .inset { padding: 0 var(--s4) var(--s4) var(--s5); }
  .none { padding: 0 var(--s4) var(--s4); color: var(--ink-3); font-size: var(--text-s); }
`;
