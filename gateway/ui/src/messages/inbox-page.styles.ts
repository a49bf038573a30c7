/** Styles of «Listado de Mensajes»: a list, and beside it the open message. */
import { css } from 'lit';

export const inboxStyles = css`
  .page { max-width: 1320px; }
  .filters { display: flex; flex-wrap: wrap; gap: var(--s3); align-items: center; margin-bottom: var(--s4); }
  .search { position: relative; flex: 1 1 220px; max-width: 420px; }
  .search .icon { position: absolute; left: 12px; top: 12px; color: var(--ink-3); pointer-events: none; }
  .search input { padding-left: 38px; }
  .tabs { display: inline-flex; padding: 3px; border-radius: 12px; background: var(--surface-3); }
  .tabs button { min-height: 34px; padding: 0 var(--s3); border: 0; border-radius: 9px; background: none; color: var(--ink-2); font-weight: 500; font-size: var(--text-s); cursor: pointer; }
  .tabs button[aria-pressed="true"] { background: var(--surface); color: var(--ink); box-shadow: var(--shadow-1); }
  .panes { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--s4); align-items: start; }
  .panes.reading { grid-template-columns: minmax(320px, 420px) minmax(0, 1fr); }
  .panes message-reader { position: sticky; top: 76px; }
  .list { overflow: hidden; }
  .read-all { margin-right: calc(-1 * var(--s4)); }
  .bulk { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s1); padding: var(--s2) var(--s3) var(--s2) var(--s4); border-bottom: 1px solid var(--line); background: var(--accent-soft); color: var(--accent-ink); font-size: var(--text-s); font-weight: 550; }
  .bulk .button { color: var(--accent-ink); }
  @media (max-width: 980px) {
    .panes.reading { grid-template-columns: minmax(0, 1fr); }
    .panes.reading .list, .reading-now .filters { display: none; }
    .reading-now .page-head { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
    .panes message-reader { position: static; }
  }
  @media (max-width: 520px) { .read-all { margin: 0 0 0 calc(-1 * var(--s4)); } .search { max-width: none; flex-basis: 100%; } .tabs { flex: 1; } .tabs button { flex: 1; } .list { margin: 0 calc(-1 * var(--s4)); border-radius: 0; border-width: 1px 0; } }
`;
