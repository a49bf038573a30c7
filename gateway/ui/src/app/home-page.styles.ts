/** Styles of «Inicio». */
import { css } from 'lit';

export const homeStyles = css`
  .hello { padding: 0 0 var(--s6); }
  .hello h1 { font-size: clamp(1.625rem, 3vw, 2.125rem); letter-spacing: -0.03em; }
  .hello p { margin-top: var(--s2); color: var(--ink-3); font-size: var(--text-l); }
  .hello .links { gap: var(--s2) var(--s5); }
  .hello .urgent { display: inline-flex; align-items: center; gap: 6px; color: var(--danger); font-weight: 600; }
  .columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: var(--s5); align-items: start; }
  .columns.one { grid-template-columns: minmax(0, 760px); }
  .card { overflow: hidden; }
  .section { display: flex; align-items: baseline; justify-content: space-between; gap: var(--s3); padding: var(--s4) var(--s5) var(--s3); }
  .section a { font-size: var(--text-s); font-weight: 500; }
  .item { display: flex; gap: var(--s3); align-items: flex-start; padding: var(--s3) var(--s5); color: inherit; text-decoration: none; border-top: 1px solid var(--line); }
  .item:hover { background: var(--surface-2); }
  .item:focus-visible { outline-offset: -3px; }
  .text { flex: 1; min-width: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1px; }
  .top { display: flex; gap: var(--s3); justify-content: space-between; align-items: baseline; }
  .top .small { flex: none; }
  .mark + .text .name { color: var(--ink); }
  .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 500; color: var(--ink-2); }
  .unread .name { font-weight: 650; color: var(--ink); }
  .snippet { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--ink-3); font-size: var(--text-s); }
  .unread .snippet { color: var(--ink); }
  .marks { display: flex; flex-wrap: wrap; align-items: center; gap: 4px var(--s2); margin-top: 4px; }
  .dot { align-self: center; width: 8px; height: 8px; border-radius: 50%; background: var(--unread); flex: none; }
  .mark { display: grid; place-items: center; width: 36px; height: 36px; border-radius: 12px; background: var(--surface-3); color: var(--ink-2); flex: none; }
  .outcome { display: flex; flex-wrap: wrap; align-items: center; gap: 6px var(--s3); margin-top: 6px; }
  .outcome segmented-bar { flex: 1 1 96px; }
  .outcome .pill { min-width: 0; white-space: normal; overflow-wrap: anywhere; }
  @media (max-width: 980px) { .columns { grid-template-columns: minmax(0, 1fr); } .hello { padding: var(--s2) 0 var(--s5); } }
  @media (max-width: 520px) { .item, .section { padding-left: var(--s4); padding-right: var(--s4); } }
`;
