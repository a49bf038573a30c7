/** Styles of the shell: a rail on the desktop, a bar below on the phone. */
import { css } from 'lit';

export const shellStyles = css`
  /* The room of a page that fills the window: without the bars above and below. */
  :host { --top-bar: 0px; --low-bar: 0px; --page-height: calc(100dvh - var(--top-bar) - var(--low-bar)); display: grid; grid-template-columns: 256px minmax(0, 1fr); min-height: 100dvh; }
  .skips, create-menu, compose-dialog, shortcuts-dialog, new-messages-dialog { position: absolute; }
  .skip {
    position: fixed; top: -60px; left: var(--s4); z-index: 30; padding: var(--s3) var(--s4); border: 0; border-radius: var(--r2);
    background: var(--accent); color: var(--on-accent); font-weight: 600;
  }
  .skip:focus { top: var(--s3); }
  .rail {
    position: sticky; top: 0; height: 100dvh; display: flex; flex-direction: column; padding: var(--s4) var(--s3) var(--s3);
    background: var(--rail); border-right: 1px solid var(--line); overflow-y: auto;
  }
  .brand { display: flex; align-items: center; gap: var(--s3); padding: 0 var(--s3) var(--s3); color: var(--ink); text-decoration: none; font-weight: 600; font-size: var(--text-l); letter-spacing: -0.02em; }
  .brand img { width: 30px; height: 30px; }
  .rail .create { flex: none; margin: 0 0 var(--s4); }
  .rail app-nav { flex: 1; }
  .account {
    display: flex; align-items: center; gap: var(--s3); width: 100%; margin-top: var(--s4); padding: var(--s2); border: 0;
    border-radius: var(--r2); background: none; text-align: left; cursor: pointer; color: var(--ink);
  }
  .account:hover { background: var(--surface-3); }
  .account .name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 500; font-size: var(--text-s); }
  #account-menu {
    position: fixed; inset: auto auto 76px 12px; width: 252px; margin: 0; padding: var(--s2); border: 1px solid var(--line);
    border-radius: var(--r3); background: var(--surface); color: var(--ink); box-shadow: var(--shadow-3);
  }
  .column { display: flex; flex-direction: column; min-width: 0; }
  .topbar { display: none; }
  .topbar .brand { padding: 0; }
  /* Over the page: its coming and going moves nothing. */
  .offline {
    position: fixed; left: calc(50% + 128px); bottom: calc(var(--s4) + var(--low-bar)); translate: -50% 0; z-index: 15; display: flex; align-items: center; gap: var(--s3);
    width: max-content; max-width: min(560px, calc(100vw - 256px - 2 * var(--s4))); padding: var(--s2) var(--s4); border: 1px solid var(--warn); border-radius: var(--r3);
    background: var(--warn-soft); color: var(--warn); font-size: var(--text-s); font-weight: 500; box-shadow: var(--shadow-2);
  }
  main { flex: 1; min-width: 0; display: flex; flex-direction: column; }
  main:focus-visible { outline: none; }
  main > * { flex: 1 0 auto; }
  .ways { justify-content: center; }
  .bottom { display: none; }
  .more-sheet { display: grid; gap: var(--s4); }
  .more-sheet hr { width: 100%; margin: 0; border: 0; border-top: 1px solid var(--line); }
  @media print {
    :host { --page-height: auto; display: block; }
    .rail, .topbar, .bottom, .skips, .offline, toast-stack { display: none !important; }
    .column { padding: 0 !important; }
  }
  @media (max-width: 860px) {
    :host { --top-bar: 57px; --low-bar: calc(64px + env(safe-area-inset-bottom)); grid-template-columns: minmax(0, 1fr); }
    .rail { display: none; }
    .topbar {
      position: sticky; top: 0; z-index: 10; display: flex; align-items: center; gap: var(--s3); height: var(--top-bar); padding: 0 var(--s4);
      border-bottom: 1px solid var(--line); background: color-mix(in srgb, var(--bg) 88%, transparent); backdrop-filter: blur(10px);
    }
    .topbar .brand { flex: 1; }
    .create span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .create { width: 44px; padding: 0; min-height: 44px; border-radius: 14px; }
    .column { padding-bottom: var(--low-bar); }
    .offline { left: 50%; max-width: calc(100vw - 2 * var(--s4)); }
    .bottom {
      position: fixed; inset: auto 0 0; z-index: 10; visibility: var(--bottom-bar, visible); display: grid; grid-auto-flow: column; grid-auto-columns: 1fr;
      padding-bottom: env(safe-area-inset-bottom); background: var(--surface); border-top: 1px solid var(--line);
    }
    .bottom a, .bottom button {
      position: relative; display: grid; justify-items: center; align-content: center; gap: 3px; height: 64px; border: 0; background: none;
      color: var(--ink-3); font-size: 0.6875rem; font-weight: 550; text-decoration: none; cursor: pointer;
    }
    .bottom [aria-current] { color: var(--accent-ink); }
    .bottom .badge {
      position: absolute; top: 8px; left: calc(50% + 4px); min-width: 18px; padding: 0 5px; border-radius: 99px; background: var(--unread);
      color: var(--on-accent); font-size: 0.6875rem; font-weight: 650; line-height: 18px; text-align: center; box-shadow: 0 0 0 2px var(--surface);
    }
  }
  /* A desk's screen at 400 %: the bars scroll away with the page, whose beginning is in view. */
  @media (max-width: 860px) and (max-height: 400px) {
    :host { --top-bar: 0px; --low-bar: 0px; }
    .topbar, .bottom { position: static; }
    .topbar { height: 45px; }
    .create { min-height: 36px; }
  }
`;
