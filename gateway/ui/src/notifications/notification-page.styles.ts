/** Styles of a notification's page. */
import { css } from 'lit';

export const notificationStyles = css`
  .back { display: inline-flex; align-items: center; gap: 4px; margin-bottom: var(--s3); font-size: var(--text-s); text-decoration: none; }
  /* Many actions stand below the title rather than squeeze it. */
  .page-head .lead { flex-basis: 480px; }
  .title { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2) var(--s3); }
  .title .pill { min-width: 0; white-space: normal; overflow-wrap: anywhere; }
  .progress { margin-bottom: var(--s4); }
  .progress .top { display: flex; flex-wrap: wrap; align-items: baseline; gap: var(--s2) var(--s4); margin-bottom: var(--s4); }
  .progress .big { font-size: 2.25rem; font-weight: 600; letter-spacing: -0.03em; line-height: 1; }
  .speed { margin-left: auto; color: var(--ink-3); font-size: var(--text-s); }
  .columns { display: grid; grid-template-columns: minmax(0, 1.7fr) minmax(260px, 1fr); gap: var(--s4); align-items: start; }
  .side { display: grid; gap: var(--s4); }
  .facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 6px var(--s4); font-size: var(--text-s); }
  .facts dt { color: var(--ink-3); }
  .facts dd { text-align: right; }
  .text { margin-top: var(--s4); padding: var(--s3) var(--s4); border-radius: 14px 14px 14px 4px; background: var(--surface-2); max-height: 260px; overflow: auto; font-size: var(--text-s); }
  .tabs { display: flex; gap: var(--s1); margin-bottom: var(--s4); border-bottom: 1px solid var(--line); }
  .tabs a { padding: var(--s2) var(--s3); margin-bottom: -1px; border-bottom: 2px solid transparent; color: var(--ink-3); text-decoration: none; font-weight: 550; }
  .tabs a[aria-current] { color: var(--ink); border-color: var(--accent); }
  /* What failed and why comes before the people. */
  @media (max-width: 960px) { .columns { grid-template-columns: minmax(0, 1fr); } .side { display: contents; } failure-causes { order: -1; } .speed { margin-left: 0; width: 100%; } }
`;
