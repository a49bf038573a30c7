/** Styles of «Buzón de pruebas». */
import { css } from 'lit';

export const simulatorStyles = css`
  .tabs { display: inline-flex; padding: 3px; border-radius: 12px; background: var(--surface-3); }
  .tabs button { display: inline-flex; align-items: center; gap: 6px; min-height: 36px; padding: 0 var(--s4); border: 0; border-radius: 9px; background: none; color: var(--ink-2); font-weight: 500; font-size: var(--text-s); cursor: pointer; }
  .tabs button[aria-pressed="true"] { background: var(--surface); color: var(--ink); box-shadow: var(--shadow-1); }
  .phones { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: var(--s5); }
  .phone { display: flex; flex-direction: column; height: 300px; border: 7px solid light-dark(#1b2422, #2b3734); border-radius: 34px; background: var(--surface); box-shadow: var(--shadow-2); overflow: hidden; }
  .phone header { display: grid; justify-items: center; padding: 20px var(--s3) var(--s3); border-bottom: 1px solid var(--line); background: var(--surface-2); position: relative; line-height: 1.3; }
  .phone header::before { content: ""; position: absolute; top: 8px; width: 64px; height: 5px; border-radius: 3px; background: light-dark(#1b2422, #3a4845); }
  .number { font-weight: 600; }
  .screen { flex: 1; min-height: 0; display: flex; flex-direction: column; justify-content: flex-start; gap: var(--s3); padding: var(--s4) var(--s3); overflow-y: auto; }
  .bubble { max-width: 88%; padding: 9px 13px; border-radius: 18px 18px 18px 5px; background: var(--surface-3); font-size: var(--text-s); }
  .bubble.refused { background: var(--danger-soft); }
  .meta { margin-top: 4px; font-size: 0.6875rem; color: var(--ink-3); }
  .bubble.refused .meta { color: var(--danger); }
  .mails li { border-bottom: 1px solid var(--line); }
  .mails li:last-child { border-bottom: 0; }
  .mail { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1px; width: 100%; padding: var(--s3) var(--s5); border: 0; background: none; text-align: left; cursor: pointer; }
  .mail:hover { background: var(--surface-2); }
  .mail:focus-visible { outline-offset: -3px; }
  .mail .strong { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .line { display: flex; align-items: center; gap: var(--s3); font-size: var(--text-s); color: var(--ink-2); }
  .to { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .snippet { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--ink-3); font-size: var(--text-s); }
  .letter { display: grid; gap: var(--s3); margin: 0 var(--s5) var(--s5); padding: var(--s5); border: 1px solid var(--line); border-radius: var(--r3); background: var(--bg); }
  .letter p { min-width: 0; overflow-wrap: anywhere; }
  .letter a { display: inline-block; min-height: 24px; }
  @media (max-width: 520px) { .phone { height: 300px; } .tabs { width: 100%; } .tabs button { flex: 1 1 auto; justify-content: center; padding: 0 var(--s2); white-space: nowrap; } .mail { padding: var(--s3) var(--s4); } .letter { margin: 0 var(--s4) var(--s4); } }
`;
