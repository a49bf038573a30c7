/** Styles of the recipients of a notification. */
import { css } from 'lit';

export const deliveriesStyles = css`
  .ways { display: flex; flex-wrap: wrap; gap: 0 var(--s4); padding: 0 var(--s4) var(--s3) var(--s5); }
  .ways a { display: inline-flex; align-items: center; min-height: 24px; }
  .card { overflow: hidden; }
  .search { display: flex; align-items: center; gap: var(--s3); padding: 0 var(--s4); border-bottom: 1px solid var(--line); color: var(--ink-3); }
  .search input { flex: 1; min-width: 0; height: 46px; padding: 0; border: 0; background: none; color: var(--ink); }
  .search input::placeholder { color: var(--ink-3); opacity: 1; }
  .search:focus-within { box-shadow: inset 0 0 0 2px var(--accent); }
  .search input:focus-visible { outline: none; }
  .filters { display: flex; gap: var(--s2); padding: var(--s3) var(--s4); border-bottom: 1px solid var(--line); flex-wrap: wrap; }
  .chip { display: inline-flex; gap: 6px; min-height: 32px; align-items: center; padding: 0 var(--s3); border: 1px solid var(--line); border-radius: 99px; background: none; font-size: var(--text-s); font-weight: 500; color: var(--ink-2); cursor: pointer; }
  .chip .num { color: var(--ink-3); }
  .chip:hover { background: var(--surface-2); }
  .chip[aria-pressed="true"] { background: var(--ink); border-color: var(--ink); color: var(--surface); }
  .chip[aria-pressed="true"] .num { color: inherit; }
  .of-cause { gap: var(--s2); max-width: 100%; padding-right: 2px; cursor: default; border-color: var(--accent); background: var(--accent-soft); color: var(--accent-ink); }
  .of-cause:hover { background: var(--accent-soft); }
  .of-cause > span { min-width: 0; overflow-wrap: anywhere; }
  .of-cause .icon-button { width: 26px; height: 26px; color: inherit; }
  @media (forced-colors: active) { .search:focus-within { outline: 2px solid Highlight; outline-offset: -2px; } }
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
