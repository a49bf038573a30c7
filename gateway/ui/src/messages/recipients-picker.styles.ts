/** Styles of the recipients' field. */
import { css } from 'lit';

export const pickerStyles = css`
  .box { display: flex; flex-wrap: wrap; gap: 6px; padding: 6px; align-items: center; cursor: text; }
  .box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 28%, transparent); }
  .box.invalid { border-color: var(--danger); }
  .chips { display: contents; }
  .chip {
    display: inline-flex; align-items: center; gap: 6px; max-width: 100%; padding: 0 2px 0 10px; border-radius: 8px; background: var(--accent-soft);
    color: var(--accent-ink); font-weight: 500; font-size: var(--text-s); line-height: 28px;
  }
  .chip .text { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .chip button { display: grid; place-items: center; width: 24px; height: 24px; padding: 0; border: 0; border-radius: 6px; background: none; color: inherit; cursor: pointer; }
  .chip button:hover { background: color-mix(in srgb, var(--accent) 20%, transparent); }
  input { flex: 1 1 140px; min-width: 100px; height: 28px; padding: 0 6px; border: 0; background: none; }
  input:focus, input:focus-visible { outline: none; }
  .list {
    position: fixed; inset: auto; margin: 0; padding: 6px; max-height: 300px; overflow-y: auto; border: 1px solid var(--line); border-radius: 14px;
    background: var(--surface); color: var(--ink); box-shadow: var(--shadow-3);
  }
  .list:not(:popover-open) { display: none; }
  .option { display: flex; align-items: center; gap: var(--s3); padding: 7px 10px; border-radius: var(--r2); cursor: pointer; }
  .option[aria-selected="true"] { background: var(--accent-soft); }
  .option .mark { display: grid; place-items: center; width: 30px; height: 30px; border-radius: 10px; background: var(--surface-3); color: var(--ink-2); flex: none; }
  .option .avatar { width: 30px; height: 30px; border-radius: 10px; }
  .option .text { display: grid; min-width: 0; line-height: 1.3; }
  .option .text span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .option mark { background: none; color: var(--accent-ink); font-weight: 650; }
  .none { padding: var(--s3); color: var(--ink-3); }
  .count { font-size: var(--text-s); color: var(--ink-3); }
`;
