/** Styles of «Listado de Mensajes»: a list, and beside it the open message. */
import { css } from 'lit';

export const inboxStyles = css`
  :host { height: var(--page-height, 100dvh); min-height: 20rem; }
  .page { display: flex; flex-direction: column; height: 100%; max-width: none; padding-bottom: var(--s4); }
  .page-head { position: relative; }
  .page-head .lead { flex: 0 1 auto; line-height: 1.3; }
  .page-head .lead p { display: block; margin-top: 0; font-size: var(--text-s); }
  /* The actions on chosen messages cover the filters: the list stays where it is. */
  .tools { flex: 1 1 480px; display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: var(--s2) var(--s3); min-width: 0; }
  .tools.choosing > :not(.bulk) { visibility: hidden; }
  .filters { flex: 1; display: flex; flex-wrap: wrap; justify-content: flex-end; gap: var(--s2) var(--s3); align-items: center; }
  .search { position: relative; flex: 1 1 220px; max-width: 420px; }
  .search .icon { position: absolute; left: 12px; top: 12px; color: var(--ink-3); pointer-events: none; }
  .search input { padding-left: 38px; }
  .tabs { display: inline-flex; padding: 3px; border-radius: 12px; background: var(--surface-3); }
  .tabs button { min-height: 34px; padding: 0 var(--s3); border: 0; border-radius: 9px; background: none; color: var(--ink-2); font-weight: 500; font-size: var(--text-s); cursor: pointer; }
  .tabs button[aria-pressed="true"] { background: var(--surface); color: var(--ink); box-shadow: var(--shadow-1); }
  .panes { flex: 1; min-height: 0; display: grid; grid-template: minmax(0, 1fr) / minmax(0, 1fr); gap: var(--s4); }
  .panes.reading { grid-template-columns: minmax(320px, 420px) minmax(0, 1fr); }
  .list { position: relative; display: flex; flex-direction: column; min-height: 0; overflow: hidden; }
  .list > * { flex: none; }
  .list inbox-list { flex: 1; }
  .fresh { position: absolute; top: var(--s2); left: calc(50% - 3.5rem); z-index: 2; border-radius: 99px; box-shadow: var(--shadow-2); }
  .nothing-open { display: none; }
  .bulk { position: absolute; inset: 0 0 auto; min-height: 44px; display: flex; align-items: center; gap: var(--s1); padding: 0 var(--s2) 0 var(--s4); border-radius: var(--r2); background: var(--accent-soft); color: var(--accent-ink); font-size: var(--text-s); font-weight: 550; }
  .bulk .button { color: var(--accent-ink); }
  @media (min-width: 1500px) {
    .panes, .panes.reading { grid-template-columns: minmax(420px, 40%) minmax(0, 1fr); }
    .nothing-open { display: grid; place-content: center; justify-items: center; gap: var(--s3); color: var(--ink-3); }
  }
  @media (max-width: 980px) {
    .panes.reading { grid-template-columns: minmax(0, 1fr); }
    .panes.reading .list { display: none; }
    .reading-now .page-head { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
  }
  @media (max-width: 520px) {
    .page { padding-bottom: 0; }
    .search { max-width: none; flex-basis: 100%; }
    .tabs { flex: 1; }
    .tabs button { flex: 1; }
    .tools { display: contents; }
    .page-head .lead { flex: 1 1 0; }
    .filters { order: 1; flex-basis: 100%; }
    .read-all { padding: 0 var(--s3); }
    .read-all .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .list { margin: 0 calc(-1 * var(--s4)); border-radius: 0; border-width: 1px 0 0; }
  }
  @media print {
    :host { height: auto; }
    .panes, .panes.reading { display: block; }
    .reading-now .page-head, .reading .list, .nothing-open { display: none; }
    .tools { display: none; }
  }
`;
