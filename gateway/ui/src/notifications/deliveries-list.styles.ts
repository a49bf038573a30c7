/** Styles of the recipients of a notification. */
import { css } from 'lit';

export const deliveriesStyles = css`
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
  ol { padding: var(--s1) var(--s4) var(--s4) var(--s5); }
  ol li { position: relative; padding: 0 0 var(--s3) var(--s5); border-left: 2px solid var(--line); }
  ol li:last-child { padding-bottom: 0; }
  ol li::before { content: ""; position: absolute; left: -6px; top: 7px; width: 10px; height: 10px; border-radius: 50%; background: var(--state-delivered); box-shadow: 0 0 0 3px var(--surface); }
  ol li.bad::before { background: var(--state-failed); }
  .none { padding: 0 var(--s4) var(--s4); color: var(--ink-3); font-size: var(--text-s); }
`;
